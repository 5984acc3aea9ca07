/** Requests to addresses of up to 52 bits: what lies beyond a domain's width, and what lies before. */
import type { Bdf, PciDevice } from '@doorbell/abi';
import { addressBits } from '@doorbell/hypervisor';
import type { Random } from '../differential/random.ts';
import type { IommuRig } from './rig.ts';
import { WideRequester } from './wide-requester.ts';

const TIMES = 60;

export function tryWideAddresses(
  rig: IommuRig,
  device: PciDevice,
  at: Bdf,
  levels: 3 | 4,
  random: Random,
): void {
  const { iommu, unit } = rig;
  const requester = new WideRequester(device);
  const domain = iommu.createDomain({ levels });
  iommu.attach(at, domain);
  unit.invalidateAll();
  const limit = 2 ** addressBits(levels);
  for (let times = 0; times < TIMES; times++) {
    const bits = random.pick([32, addressBits(levels), 49, 52]);
    const address = (random.next() % 2 ** (bits - 32)) * 2 ** 32 + random.next();
    const iova = random.pick([address, limit, limit - 16, 2 * limit]);
    requester.read(iova - (iova % 16));
    iommu.translate(at, iova - (iova % 16), false);
    rig.compareFaults(iova < limit ? 'an address within the width' : 'an address beyond the width');
  }
  iommu.detach(at);
  iommu.destroyDomain(domain);
  unit.invalidateAll();
}
