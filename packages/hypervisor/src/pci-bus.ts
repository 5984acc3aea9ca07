/**
 * A PCI bus of one address space: functions by routing ID, and their BARs as regions. It knows
 * of a function only what configuration space says. Its firmware sizes and places the BARs.
 */
import {
  BAR_COUNT,
  barOffset,
  decodeBar,
  type BarShape,
  type Bdf,
  formatBdf,
  type PciEndpoint,
  type Trace,
  type0Header,
} from '@doorbell/abi';
import type { AddressSpace, Region } from './address-space.ts';

/** Which parts of a BAR trap, and which are mapped. Parts that are left out are not there. */
export interface BarPart {
  readonly kind: Region['kind'];
  readonly offset: number;
  readonly size: number;
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
}

export class PciBus {
  private readonly slots = new Map<Bdf, Slot>();
  private readonly space: AddressSpace;
  private readonly trace: Trace;

  constructor(space: AddressSpace, trace: Trace) {
    this.space = space;
    this.trace = trace;
  }

  plug(at: Bdf, endpoint: PciEndpoint, policy: BarPolicy): void {
    this.slots.set(at, { endpoint, policy, shapes: new Map() });
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

  /** The address that a BAR holds. @throws RangeError when the function has no such BAR. */
  barAddress(at: Bdf, bar: number): { readonly address: number; readonly size: number } {
    const slot = this.slot(at);
    const shape = slot.shapes.get(bar);
    if (shape === undefined) {
      throw new RangeError(`${formatBdf(at)} has no BAR ${bar}.`);
    }
    return { address: readBar(slot.endpoint, bar, shape), size: shape.size };
  }

  /** What firmware does before any driver runs: sizes each BAR and gives it an address. */
  assignBars(): void {
    let low = LOW_WINDOW;
    let high = HIGH_WINDOW;
    for (const [, { endpoint, shapes }] of this.slots) {
      for (let bar = 0; bar < BAR_COUNT; bar++) {
        const shape = sizeBar(endpoint, bar);
        if (shape === undefined) {
          continue;
        }
        shapes.set(bar, shape);
        const from = shape.is64 ? high : low;
        const address = Math.ceil(from / shape.size) * shape.size;
        writeBar(endpoint, bar, shape, address);
        if (shape.is64) {
          high = address + shape.size;
          bar++;
        } else {
          low = address + shape.size;
        }
      }
    }
  }

  /** Redoes a function's regions, after its BARs or its command register changed. */
  decodeChanged(at: Bdf): void {
    const slot = this.slots.get(at);
    if (slot === undefined) {
      return;
    }
    const { endpoint, policy, shapes } = slot;
    this.space.removeAll(endpoint);
    const command = endpoint.configRead(COMMAND.offset, COMMAND.width);
    if ((command & COMMAND.bits.MEMORY.mask) === 0) {
      return;
    }
    for (const [bar, shape] of shapes) {
      const base = readBar(endpoint, bar, shape);
      for (const part of policy(bar, shape.size)) {
        const added = this.space.add({
          name: `${formatBdf(at)} BAR${bar}`,
          base: base + part.offset,
          size: part.size,
          kind: part.kind,
          endpoint,
          bar,
          barOffset: part.offset,
        });
        if (added && part.kind === 'mapped') {
          this.trace.event('mapped', base + part.offset, part.size);
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

/** The sizing handshake (PCI Local Bus 3.0 §6.2.5.1): write all ones, read what stuck. */
function sizeBar(endpoint: PciEndpoint, bar: number): BarShape | undefined {
  endpoint.configWrite(barOffset(bar), 4, 0xffffffff);
  const low = endpoint.configRead(barOffset(bar), 4);
  if (((low >>> 1) & 3) !== 2 || bar + 1 >= BAR_COUNT) {
    return decodeBar(low, 0);
  }
  endpoint.configWrite(barOffset(bar + 1), 4, 0xffffffff);
  return decodeBar(low, endpoint.configRead(barOffset(bar + 1), 4));
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
