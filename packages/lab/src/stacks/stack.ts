/** A stack, assembled: a machine with bell in it, and the computer on which bell's driver runs. */
import { bdf, type Display } from '@doorbell/abi';
import type { Bell, EngineRates } from '@doorbell/device-model';
import type { Computer, CostName, Host, Profile, Vm } from '@doorbell/hypervisor';

export interface Stack {
  readonly host: Host;
  /** Undefined on bare metal. */
  readonly vm: Vm | undefined;
  /** Where the driver runs. */
  readonly computer: Computer;
  /** Where the driver finds bell. */
  readonly bdf: number;
  readonly bell: Bell;
}

export interface StackParts {
  readonly profile: Profile;
  readonly options: Readonly<Record<string, string>>;
  readonly display: Display;
}

/** 00:02.0: where integrated GPUs sit. */
export const GPU = bdf(0, 2, 0);
/** bell's IOMMU group, which has no other member. */
export const GPU_GROUP = 0;
export const HOST_BYTES = 256 << 20;
export const GUEST_BYTES = 128 << 20;

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

/** The whole of a stack's state, as plain data. */
export function saveStack(stack: Stack): { readonly host: unknown; readonly vm: unknown } {
  return { host: stack.host.save(), vm: stack.vm?.save() };
}

export function loadStack(stack: Stack, state: ReturnType<typeof saveStack>): void {
  stack.host.load(state.host);
  stack.vm?.load(state.vm);
}
