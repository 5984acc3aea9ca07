/** Hosts with some PCI hierarchy, as data: what a test plugs in, and what firmware made of it. */
import { type Bdf, bdf, formatBdf } from '@doorbell/abi';
import { Audio, Edu, type BridgeKind } from '@doorbell/device-model';
import { Host, type HostOptions } from '../src/host.ts';
import type { PciSlots } from '../src/physical-pci.ts';
import { profiles } from '../src/profile.ts';

/** An endpoint of PCI Express, one of the root complex, one of conventional PCI, or a bridge. */
export interface Plugged {
  /** Device and function. */
  readonly at: readonly [number, number];
  readonly kind: 'endpoint' | 'integrated' | 'conventional' | BridgeKind;
  readonly acs?: boolean;
  readonly multifunction?: boolean;
  readonly behind?: readonly Plugged[];
}

export function newHost(options: Partial<HostOptions> = {}): Host {
  return new Host({
    profile: profiles.get('kvm-x86')!,
    iommu: 'strict',
    display: { flip: () => undefined },
    memoryBytes: 4 << 20,
    ...options,
  });
}

function plugAll(slots: PciSlots, all: readonly Plugged[]): void {
  for (const { at, kind, acs = false, multifunction = false, behind = [] } of all) {
    const place = bdf(0, ...at);
    switch (kind) {
      case 'endpoint':
      case 'integrated':
        slots.plug(
          place,
          (host) => new Audio(host, { acs, multifunction, integrated: kind === 'integrated' }),
        );
        break;
      case 'conventional':
        slots.plug(place, (host) => new Edu(host));
        break;
      default:
        plugAll(slots.addPort(place, kind, { acs, multifunction }), behind);
    }
  }
}

/** A host that has booted with all this. */
export function hostWith(all: readonly Plugged[], options: Partial<HostOptions> = {}): Host {
  const host = newHost(options);
  plugAll(host, all);
  host.enumerate();
  return host;
}

/** Groups of routing IDs as lspci writes them. */
export function written(groups: readonly (readonly Bdf[])[]): string[] {
  return groups.map((group) => group.map(formatBdf).join(' '));
}
