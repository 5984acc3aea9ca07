/**
 * The PCI functions of one address space, by routing ID, and their BARs as regions. It knows of a
 * function only what configuration space says.
 */
import {
  barOffset,
  type BarShape,
  type Bdf,
  type DoorbellPage,
  formatBdf,
  type PciEndpoint,
  type Trace,
  type0Header,
} from '@doorbell/abi';
import type { AddressSpace, DeviceRegion } from './address-space.ts';
import { BarPlacement } from './bar-placement.ts';
import { barShapes } from './pci-function.ts';
import {
  placeVfBar,
  sriovOffset,
  totalVfs,
  vfBarAddress,
  vfBarShapes,
  vfsDecode,
  type VirtualFunctionOf,
} from './virtual-function.ts';

/** Which parts of a BAR trap, and which are mapped. Parts that are left out are not there. */
export interface BarPart {
  readonly kind: DeviceRegion['kind'];
  readonly offset: number;
  readonly size: number;
  /** Its address on the physical bus; absent: the one that it has on this bus. */
  readonly onBus?: number;
  /** A part of another function's BAR that answers in its place: as a hypervisor's page tables have it. */
  readonly through?: DoorbellPage;
}
export type BarPolicy = (bar: number, size: number) => readonly BarPart[];

/** Every access goes straight to the device. */
export const allMapped: BarPolicy = (_bar, size) => [{ kind: 'mapped', offset: 0, size }];

const COMMAND = type0Header.rows.COMMAND;

/** The way from the CPU to a function, over the bridges above it. */
export interface Upstream {
  /** Whether requests to these addresses arrive. */
  isReached(base: number, size: number): boolean;
}

/** On the root bus nothing is in between. */
const onRootBus: Upstream = { isReached: () => true };

interface Slot {
  readonly endpoint: PciEndpoint;
  readonly policy: BarPolicy;
  readonly upstream: Upstream;
  readonly shapes: Map<number, BarShape>;
  /** Its BARs are in the SR-IOV capability of its physical function. */
  readonly virtualOf: VirtualFunctionOf | undefined;
}

export class PciBus {
  private readonly slots = new Map<Bdf, Slot>();
  private readonly space: AddressSpace;
  private readonly trace: Trace;

  constructor(space: AddressSpace, trace: Trace) {
    this.space = space;
    this.trace = trace;
  }

  /** A virtual function's BARs have their places already. */
  plug(
    at: Bdf,
    endpoint: PciEndpoint,
    policy: BarPolicy,
    upstream: Upstream = onRootBus,
    virtualOf?: VirtualFunctionOf,
  ): void {
    const shapes = new Map(virtualOf === undefined ? [] : vfBarShapes(virtualOf.physical));
    this.slots.set(at, { endpoint, policy, upstream, shapes, virtualOf });
    if (virtualOf !== undefined) {
      this.decodeChanged();
    }
  }

  /** Its BARs answer no more. @throws RangeError when nothing is there. */
  unplug(at: Bdf): void {
    this.slot(at);
    this.slots.delete(at);
    this.decodeChanged();
  }

  /** The functions in order of routing ID. */
  functions(): readonly (readonly [Bdf, PciEndpoint])[] {
    return [...this.slots]
      .sort(([a], [b]) => a - b)
      .map(([at, { endpoint }]) => [at, endpoint] as const);
  }

  /** @throws RangeError when nothing is there. */
  function(at: Bdf): PciEndpoint {
    return this.slot(at).endpoint;
  }

  /** The BARs that a function has, by index. @throws RangeError when nothing is there. */
  bars(at: Bdf): readonly number[] {
    return [...this.slot(at).shapes.keys()];
  }

  /** The address that a BAR holds. @throws RangeError when the function has no such BAR. */
  barAddress(at: Bdf, bar: number): { readonly address: number; readonly size: number } {
    const slot = this.slot(at);
    const shape = slot.shapes.get(bar);
    if (shape === undefined) {
      throw new RangeError(`${formatBdf(at)} has no BAR ${bar}.`);
    }
    return { address: addressOf(slot, bar, shape), size: shape.size };
  }

  /** What firmware does on a flat bus: sizes each BAR and gives it an address. */
  assignBars(): void {
    const placement = new BarPlacement();
    for (const at of this.slots.keys()) {
      this.placeBars(at, placement);
    }
  }

  /**
   * Sizes a function's BARs and gives each an address, and the BARs of its virtual functions room
   * for as many as there can be.
   */
  placeBars(at: Bdf, placement: BarPlacement): void {
    this.sizeBars(at);
    const { endpoint, shapes } = this.slot(at);
    for (const [bar, shape] of shapes) {
      writeBar(endpoint, bar, shape, placement.place(shape));
    }
    if (sriovOffset(endpoint) !== 0) {
      for (const [bar, shape] of vfBarShapes(endpoint)) {
        placeVfBar(endpoint, bar, shape, placement.place(shape, totalVfs(endpoint)));
      }
    }
  }

  /** Finds a function's BARs: they answer wherever software puts them. */
  sizeBars(at: Bdf): void {
    const { endpoint, shapes } = this.slot(at);
    for (const [bar, shape] of barShapes(endpoint)) {
      shapes.set(bar, shape);
    }
  }

  /**
   * Redoes the regions, after a BAR or a command register changed. Functions come in order of
   * routing ID: where two overlap, the first one answers, whoever moved last.
   */
  decodeChanged(): void {
    this.space.removeDevices();
    for (const [at, endpoint] of this.functions()) {
      const slot = this.slot(at);
      const decodes =
        slot.virtualOf === undefined
          ? (endpoint.configRead(COMMAND.offset, COMMAND.width) & COMMAND.bits.MEMORY.mask) !== 0
          : vfsDecode(slot.virtualOf.physical);
      if (decodes) {
        this.decode(at, slot);
      }
    }
  }

  private decode(at: Bdf, slot: Slot): void {
    const { endpoint, policy, upstream, shapes } = slot;
    for (const [bar, shape] of shapes) {
      const base = addressOf(slot, bar, shape);
      if (!upstream.isReached(base, shape.size)) {
        continue;
      }
      for (const part of policy(bar, shape.size)) {
        const { kind, offset, size, onBus = base + offset } = part;
        const answers = part.through ?? { endpoint, bar, offset };
        const name = `${formatBdf(at)} BAR${bar}`;
        const place = { base: base + offset, size, onBus };
        const added = this.space.add({
          ...{ name, ...place, kind },
          ...{ endpoint: answers.endpoint, bar: answers.bar, barOffset: answers.offset },
        });
        if (added && (kind === 'mapped' || kind === 'shared')) {
          this.trace.event('mapped', place.base, size);
        }
      }
    }
  }

  private slot(at: Bdf): Slot {
    const slot = this.slots.get(at);
    if (slot === undefined) {
      throw new RangeError(`No function is at ${formatBdf(at)}.`);
    }
    return slot;
  }
}

function addressOf({ endpoint, virtualOf }: Slot, bar: number, shape: BarShape): number {
  return virtualOf === undefined
    ? readBar(endpoint, bar, shape)
    : vfBarAddress(virtualOf, bar, shape);
}

function readBar(endpoint: PciEndpoint, bar: number, shape: BarShape): number {
  const low = (endpoint.configRead(barOffset(bar), 4) & ~0xf) >>> 0;
  return shape.is64 ? endpoint.configRead(barOffset(bar + 1), 4) * 2 ** 32 + low : low;
}

function writeBar(endpoint: PciEndpoint, bar: number, shape: BarShape, address: number): void {
  endpoint.configWrite(barOffset(bar), 4, address % 2 ** 32);
  if (shape.is64) {
    endpoint.configWrite(barOffset(bar + 1), 4, Math.floor(address / 2 ** 32));
  }
}
