/**
 * What stands at each physical address of a machine or of a guest: one table of regions, and
 * the one decoder over it. RAM is the CPU's own; a mapped region is reached without the
 * hypervisor; an access to a trapped one is an exit.
 */
import type { PciEndpoint } from '@doorbell/abi';

interface Range {
  readonly name: string;
  readonly base: number;
  readonly size: number;
}

interface RamRegion extends Range {
  readonly kind: 'ram';
  /** Where it lies in the machine's memory. */
  readonly memoryOffset: number;
}

export interface DeviceRegion extends Range {
  /**
   * `mapped`: the access goes straight to the device. `shared`: it goes to memory of the host
   * that stands for the device's. `trapped`: it leaves the guest. `doorbell`: a store leaves the
   * guest only as far as the kernel, which wakes whoever serves the device (KVM's ioeventfd).
   */
  readonly kind: 'mapped' | 'shared' | 'trapped' | 'doorbell';
  readonly endpoint: PciEndpoint;
  readonly bar: number;
  /** Where in the BAR the region begins. */
  readonly barOffset: number;
  /** Where it begins on the physical bus, when it is `mapped`: another address than a guest's. */
  readonly onBus: number;
}

export type Region = RamRegion | DeviceRegion;

export class AddressSpace {
  /** In order of base. */
  private readonly regions: Region[] = [];
  private last: Region | undefined;

  /** Returns false, and does nothing, when it overlaps a region that is there: the first one wins. */
  add(region: Region): boolean {
    const at = this.regions.findIndex((other) => other.base > region.base);
    const place = at < 0 ? this.regions.length : at;
    const below = this.regions[place - 1];
    const above = this.regions[place];
    if (
      (below !== undefined && below.base + below.size > region.base) ||
      (above !== undefined && region.base + region.size > above.base)
    ) {
      return false;
    }
    this.regions.splice(place, 0, region);
    return true;
  }

  /** Removes all regions but RAM. */
  removeDevices(): void {
    const ram = this.regions.filter(({ kind }) => kind === 'ram');
    this.regions.splice(0, Infinity, ...ram);
    this.last = undefined;
  }

  /** The region that holds `address`, or undefined: nothing answers there. */
  find(address: number): Region | undefined {
    const { last } = this;
    if (last !== undefined && address >= last.base && address < last.base + last.size) {
      return last;
    }
    let low = 0;
    let high = this.regions.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const region = this.regions[middle];
      if (address < region.base) {
        high = middle - 1;
      } else if (address >= region.base + region.size) {
        low = middle + 1;
      } else {
        this.last = region;
        return region;
      }
    }
    return undefined;
  }

  list(): readonly Region[] {
    return this.regions;
  }
}
