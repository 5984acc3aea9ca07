/**
 * Configuration space: 4096 bytes, of which masks say what software may write (PCI Express Base
 * 6.0 §7.5). Accesses are of bytes, so that a partial write leaves the rest of a register alone.
 */
import {
  type AccessWidth,
  allOnes,
  barFlags,
  barMasks,
  barOffset,
  type BarShape,
  CONFIG_BYTES,
  EXTENDED_CONFIG,
  type RegisterMap,
  type RegisterRow,
  type RegisterRows,
  type Stateful,
  type0Header,
  writeMasks,
} from '@doorbell/abi';

/** Reset values of registers, in place of the map's. */
export type Overrides<R extends RegisterRows> = { readonly [K in keyof R]?: number };

/**
 * Runs after a write that reached a byte of the register. `value` is what the register now
 * holds and `old` what it held; `written` is what the write said, zero where it said nothing.
 */
export type ConfigHook = (value: number, old: number, written: number) => void;

interface Watch {
  readonly at: number;
  readonly width: AccessWidth;
  readonly hook: ConfigHook;
}

const NEXT_EXTENDED_SHIFT = 20;
const BAR_BYTES = 4;

export class ConfigSpace implements Stateful<Uint8Array> {
  private readonly bytes = new Uint8Array(CONFIG_BYTES);
  private readonly initial = new Uint8Array(CONFIG_BYTES);
  private readonly rw = new Uint8Array(CONFIG_BYTES);
  private readonly w1c = new Uint8Array(CONFIG_BYTES);
  /** Bits that a reset leaves alone. */
  private readonly kept = new Uint8Array(CONFIG_BYTES);
  private readonly watches: Watch[] = [];
  /** Where the NEXT of the last capability is. */
  private link: number = type0Header.rows.CAPABILITIES.offset;
  private lastExtended = 0;

  /** Lays a register map at `at`: reset values, and which bits software may write. */
  install<R extends RegisterRows>(
    map: RegisterMap<R>,
    at: number,
    values: Overrides<R> = {},
  ): void {
    for (const name of map.names) {
      const row: RegisterRow = map.rows[name];
      const masks = writeMasks(row);
      const offset = at + row.offset;
      this.put(this.rw, offset, row.width, masks.rw);
      this.put(this.w1c, offset, row.width, masks.w1c);
      this.initialise(offset, row.width, values[name] ?? row.reset);
    }
  }

  /** Installs a capability and links it to the end of the list. */
  addCapability<R extends RegisterRows>(
    map: RegisterMap<R>,
    at: number,
    values: Overrides<R> = {},
  ): void {
    this.install(map, at, values);
    this.initialise(this.link, 1, at);
    this.link = at + 1;
  }

  /** Installs an extended capability and links it to the one before; the first stands at 0x100. */
  addExtended<R extends RegisterRows>(
    map: RegisterMap<R>,
    at: number,
    values: Overrides<R> = {},
  ): void {
    if ((this.lastExtended === 0) !== (at === EXTENDED_CONFIG)) {
      throw new RangeError('The list of extended capabilities begins at 0x100.');
    }
    this.install(map, at, values);
    if (this.lastExtended !== 0) {
      const header = this.get(this.lastExtended, 4);
      this.initialise(this.lastExtended, 4, (header | (at << NEXT_EXTENDED_SHIFT)) >>> 0);
    }
    this.lastExtended = at;
  }

  /**
   * Makes base address registers of type 0's BAR words. Those of no shape stay zero (§7.5.1.2.1).
   * @param bars  where BAR 0 is.
   * @throws RangeError when no BAR has that size.
   */
  installBar(index: number, shape: BarShape | undefined, bars = barOffset(0)): void {
    if (shape !== undefined && !isBarSize(shape.size)) {
      throw new RangeError(`BAR ${index} cannot have ${shape.size} bytes.`);
    }
    const at = bars + index * BAR_BYTES;
    const masks = shape === undefined ? { low: 0, high: 0 } : barMasks(shape);
    this.put(this.rw, at, 4, masks.low);
    this.initialise(at, 4, shape === undefined ? 0 : barFlags(shape));
    if (shape?.is64 === true) {
      this.put(this.rw, at + 4, 4, masks.high);
      this.initialise(at + 4, 4, 0);
    }
  }

  /** Bits that read zero and that software may not write after all. */
  clearWires(at: number, width: AccessWidth, mask: number): void {
    for (let i = 0; i < width; i++) {
      const left = ~(mask >>> (8 * i));
      this.rw[at + i] &= left;
      this.initial[at + i] &= left;
      this.bytes[at + i] &= left;
    }
  }

  /** Bits of a register that a function-level reset leaves alone (§6.6.2). */
  keep(at: number, width: AccessWidth, mask: number): void {
    this.put(this.kept, at, width, mask);
  }

  watch(at: number, width: AccessWidth, hook: ConfigHook): void {
    this.watches.push({ at, width, hook });
  }

  /** Software's read. What is not there reads all ones. */
  read(offset: number, width: AccessWidth): number {
    return offset >= 0 && offset + width <= CONFIG_BYTES ? this.get(offset, width) : allOnes(width);
  }

  /** Software's write. */
  write(offset: number, width: AccessWidth, value: number): void {
    if (offset < 0 || offset + width > CONFIG_BYTES) {
      return;
    }
    const reached = this.watches.filter((w) => w.at < offset + width && offset < w.at + w.width);
    const old = reached.map((w) => this.get(w.at, w.width));
    for (let i = 0; i < width; i++) {
      this.writeByte(offset + i, (value >>> (8 * i)) & 0xff);
    }
    reached.forEach((w, index) => {
      w.hook(this.get(w.at, w.width), old[index], written(w, offset, width, value));
    });
  }

  private writeByte(at: number, value: number): void {
    const rw = this.rw[at];
    const stored = (this.bytes[at] & ~rw) | (value & rw);
    this.bytes[at] = stored & ~(value & this.w1c[at]);
  }

  /** The function's own view: no mask applies. */
  get(at: number, width: AccessWidth): number {
    const { bytes } = this;
    let value = 0;
    for (let i = 0; i < width; i++) {
      value |= bytes[at + i] << (8 * i);
    }
    return value >>> 0;
  }

  set(at: number, width: AccessWidth, value: number): void {
    this.put(this.bytes, at, width, value);
  }

  /** All registers to their reset values. */
  reset(): void {
    this.bytes.set(this.initial);
  }

  /** As `reset`, but for what is kept. */
  functionLevelReset(): void {
    const { bytes, initial, kept } = this;
    for (let at = 0; at < CONFIG_BYTES; at++) {
      bytes[at] = (initial[at] & ~kept[at]) | (bytes[at] & kept[at]);
    }
  }

  private initialise(at: number, width: AccessWidth, value: number): void {
    this.put(this.initial, at, width, value);
    this.put(this.bytes, at, width, value);
  }

  private put(into: Uint8Array, at: number, width: AccessWidth, value: number): void {
    for (let i = 0; i < width; i++) {
      into[at + i] = value >>> (8 * i);
    }
  }

  save(): Uint8Array {
    return this.bytes.slice();
  }

  load(state: Uint8Array): void {
    this.bytes.set(state);
  }
}

/** A power of two of at least 16. Sizes have up to 52 bits, so that bit operations do not serve. */
function isBarSize(size: number): boolean {
  let left = size;
  while (left > 16) {
    left /= 2;
  }
  return left === 16;
}

/** The part of a write that falls on a watched register, in place. */
function written(watch: Watch, offset: number, width: AccessWidth, value: number): number {
  let part = 0;
  for (let i = 0; i < width; i++) {
    const byte = offset + i - watch.at;
    if (byte >= 0 && byte < watch.width) {
      part |= ((value >>> (8 * i)) & 0xff) << (8 * byte);
    }
  }
  return part >>> 0;
}
