/** How fast a GPU is under a profile. */
import type { EngineRates } from '@doorbell/device-model';
import type { CostName, Profile } from '@doorbell/hypervisor';

/** bell's speed under a profile: in hardware, or as a device model in software. */
export function engineRates(profile: Profile, kind: 'engine' | 'software'): EngineRates {
  const price = (name: string): number => profile.constants[`${kind}.${name}` as CostName].value;
  return {
    packet: price('packet'),
    fillByte: price('fillByte'),
    copyByte: price('copyByte'),
    blitPixel: price('blitPixel'),
    vertex: price('vertex'),
    triangle: price('triangle'),
    pixel: price('pixel'),
    tlbMiss: price('tlbMiss'),
  };
}
