/**
 * What a guest reaches of a GPU: asked of the assembled machine, of the address space of the guest
 * and, for what it lets through, of that of the host.
 */
import {
  bellIds,
  extendedCapabilityOffset,
  extendedIds,
  PAGE_BYTES,
  type PciEndpoint,
  sriovCapability,
  type0Header,
} from '@doorbell/abi';
import type { Computer } from '@doorbell/hypervisor';
import type { Stack, StackGuest } from '../stacks/stack.ts';
import type { Owner, Reach, Scope } from './access.ts';
import type { RegisterGroup } from './bell-groups.ts';
import { tablePages } from './table-pages.ts';

type Region = NonNullable<ReturnType<Computer['parts']['space']['find']>>;
type DeviceRegion = Exclude<Region, { kind: 'ram' }>;

/** A place in a BAR of the guest's. */
export interface Spot {
  readonly bar: number;
  readonly offset: number;
  readonly region: DeviceRegion;
}

const { VENDOR_ID, DEVICE_ID } = type0Header.rows;
const { VF_ENABLE } = sriovCapability.rows.CONTROL.bits;

function sriovAt(endpoint: PciEndpoint): number {
  return extendedCapabilityOffset((at, width) => endpoint.configRead(at, width), extendedIds.SRIOV);
}

/** For the first guest of a stack, whose driver is at work. */
export class GuestReach {
  private readonly stack: Stack;
  private readonly guest: StackGuest;

  constructor(stack: Stack) {
    this.stack = stack;
    [this.guest] = stack.guests;
  }

  /** The function that the guest's driver has. */
  get endpoint(): PciEndpoint {
    return this.guest.computer.parts.bus.function(this.guest.bdf);
  }

  /** Whether that is a bell, as far as the guest can tell. */
  get hasBell(): boolean {
    const { endpoint } = this;
    return (
      endpoint.configRead(VENDOR_ID.offset, VENDOR_ID.width) === bellIds.vendor &&
      endpoint.configRead(DEVICE_ID.offset, DEVICE_ID.width) === bellIds.device
    );
  }

  /** Configuration accesses of a guest leave it, each of them. */
  get config(): Reach {
    return this.guest.computer.parts.virtual ? 'traps' : 'direct';
  }

  /** The whole part is the guest's: it has the physical function, and there is no other. */
  get hasWholePart(): boolean {
    const { bells } = this.stack;
    return bells.some((bell) => this.isGiven(bell) && !hasVirtualFunctions(bell));
  }

  /** In a BAR of the guest's own function; undefined: nothing answers there. */
  at(bar: number, offset: number): Spot | undefined {
    const { bus, space } = this.guest.computer.parts;
    if (!bus.bars(this.guest.bdf).includes(bar)) {
      return undefined;
    }
    const region = space.find(bus.barAddress(this.guest.bdf, bar).address + offset);
    return region === undefined || region.kind === 'ram' ? undefined : { bar, offset, region };
  }

  /** A register of bell, of whichever channel the guest has. */
  register(group: RegisterGroup, offset: number): Spot | undefined {
    if (this.hasBell) {
      const hasIt = group.only !== 'sriov' || sriovAt(this.physical(group.bar)) !== 0;
      return hasIt ? this.at(group.bar, group.base + offset) : undefined;
    }
    return this.letThrough(group, offset);
  }

  /** A part of a physical bell that stands in a BAR of another function. */
  private letThrough(
    { bar, base, stride, count }: RegisterGroup,
    offset: number,
  ): Spot | undefined {
    for (const region of this.guest.computer.parts.space.list()) {
      const behind = region.kind === 'mapped' ? this.behind(region) : undefined;
      if (region.kind === 'ram' || behind?.bar !== bar) {
        continue;
      }
      const index = Math.max(0, Math.ceil((behind.offset - base - offset) / stride));
      const at = base + index * stride + offset - behind.offset;
      if (index < count && at >= 0 && at < region.size) {
        return { ...this.spotIn(region), region, offset: this.spotIn(region).offset + at };
      }
    }
    return undefined;
  }

  /** Where a region begins, in the guest's BAR that it is a part of. */
  private spotIn({ base }: Region): { readonly bar: number; readonly offset: number } {
    const { bus } = this.guest.computer.parts;
    for (const bar of bus.bars(this.guest.bdf)) {
      const { address, size } = bus.barAddress(this.guest.bdf, bar);
      if (base >= address && base < address + size) {
        return { bar, offset: base - address };
      }
    }
    throw new RangeError('A region is in no BAR of its function.');
  }

  reach(spot: Spot | undefined): Reach {
    if (spot === undefined) {
      return 'absent';
    }
    const { kind } = spot.region;
    return kind === 'mapped' || kind === 'shared' ? 'direct' : 'traps';
  }

  /** Whose it is what answers there. @param stride  bytes of what there is one each of. */
  owner({ region }: Spot, scope: Scope, stride: number): Owner {
    if (region.kind !== 'mapped') {
      return 'software';
    }
    if (this.hasWholePart) {
      return 'wholePart';
    }
    if (scope !== 'part' && this.isGiven(this.behind(region)?.endpoint)) {
      return 'function';
    }
    return scope === 'channel' && region.size <= stride ? 'channel' : null;
  }

  /** Of a page of VRAM that the guest takes for a page table. */
  tableOwner(spot: Spot): Owner {
    const { region } = spot;
    const owner = this.owner(spot, 'function', PAGE_BYTES);
    const behind = region.kind === 'mapped' ? this.behind(region) : undefined;
    if (owner !== null || behind === undefined) {
      return owner;
    }
    const isWithin = (at: number): boolean =>
      at >= behind.offset && at < behind.offset + region.size;
    return tablePages(behind.endpoint).some(isWithin) ? null : 'notWalked';
  }

  /** What answers on the host's bus. */
  private behind({
    onBus,
  }: DeviceRegion): { endpoint: PciEndpoint; bar: number; offset: number } | undefined {
    const region = this.stack.host.computer.parts.space.find(onBus);
    return region === undefined || region.kind === 'ram'
      ? undefined
      : {
          endpoint: region.endpoint,
          bar: region.bar,
          offset: onBus - region.base + region.barOffset,
        };
  }

  private physical(bar: number): PciEndpoint {
    const spot = this.at(bar, 0);
    return (
      (spot?.region.kind === 'mapped' ? this.behind(spot.region)?.endpoint : undefined) ??
      this.endpoint
    );
  }

  /** VFIO has given the function to a user. */
  private isGiven(endpoint: PciEndpoint | undefined): boolean {
    const { bus, vfio } = this.stack.host;
    const found = bus.functions().find(([, candidate]) => candidate === endpoint);
    return found !== undefined && vfio.userOf(found[0]) !== undefined;
  }
}

function hasVirtualFunctions(physical: PciEndpoint): boolean {
  const at = sriovAt(physical);
  const { offset, width } = sriovCapability.rows.CONTROL;
  return at !== 0 && (physical.configRead(at + offset, width) & VF_ENABLE.mask) !== 0;
}
