/**
 * A PCI bus of one address space: functions by routing ID, and their BARs as regions. It knows
 * of a function only what configuration space says. Its firmware sizes and places the BARs.
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

/** Where firmware puts BARs: below 4 GiB those of 32 bits, above 64 GiB those of 64. */
const LOW_WINDOW = 0xe0000000;
const HIGH_WINDOW = 0x10_0000_0000;

const COMMAND = type0Header.rows.COMMAND;

interface Slot {
  readonly endpoint: PciEndpoint;
  readonly policy: BarPolicy;
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
  plug(at: Bdf, endpoint: PciEndpoint, policy: BarPolicy, virtualOf?: VirtualFunctionOf): void {
    const shapes = new Map(virtualOf === undefined ? [] : vfBarShapes(virtualOf.physical));
    this.slots.set(at, { endpoint, policy, shapes, virtualOf });
    if (virtualOf !== undefined) {
      this.decodeChanged();
    }
  }

  unplug(at: Bdf): void {
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

  /**
   * What firmware does before any driver runs: sizes each BAR and gives it an address, and the
   * BARs of virtual functions room for as many as there can be.
   */
  assignBars(): void {
    const windows: Windows = { low: LOW_WINDOW, high: HIGH_WINDOW };
    for (const [, { endpoint, shapes, virtualOf }] of this.slots) {
      if (virtualOf !== undefined) {
        continue;
      }
      for (const [bar, shape] of barShapes(endpoint)) {
        shapes.set(bar, shape);
        writeBar(endpoint, bar, shape, take(windows, shape, 1));
      }
      if (sriovOffset(endpoint) !== 0) {
        for (const [bar, shape] of vfBarShapes(endpoint)) {
          placeVfBar(endpoint, bar, shape, take(windows, shape, totalVfs(endpoint)));
        }
      }
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
    const { endpoint, policy, shapes } = slot;
    for (const [bar, shape] of shapes) {
      const base = addressOf(slot, bar, shape);
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

/** Where the next BAR goes. */
interface Windows {
  low: number;
  high: number;
}

/** Room for `count` BARs of a shape in a row, naturally aligned. */
function take(windows: Windows, shape: BarShape, count: number): number {
  const from = shape.is64 ? windows.high : windows.low;
  const address = Math.ceil(from / shape.size) * shape.size;
  windows[shape.is64 ? 'high' : 'low'] = address + shape.size * count;
  return address;
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
