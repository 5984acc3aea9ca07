/**
 * Register maps as data. One row per register; everything that must agree about a register is
 * derived from its row: the driver's accessors, the device's write semantics, the reference
 * page, the trace's text, and whether an access is sensitive.
 */
import type { AccessWidth, Mmio } from './ports.ts';

/**
 * - `RO`: writes are ignored.
 * - `RW`: reads give what was written.
 * - `WO`: reads give 0; a write is a command.
 * - `W1C`: writing 1 to a bit clears it, writing 0 leaves it.
 */
export type Access = 'RO' | 'RW' | 'WO' | 'W1C';

/** Popek and Goldberg, 1974: an access that changes (control) or reveals (behaviour) what another guest or the host owns. */
export type Sensitivity = 'control' | 'behaviour';

export interface BitField {
  readonly lsb: number;
  readonly width: number;
  /** The field's bits, in place. */
  readonly mask: number;
  readonly doc: string;
  /** Where it differs from the register's. */
  readonly access?: Access;
}

export interface RegisterRow {
  /** In bytes from the start of the map. */
  readonly offset: number;
  /** In bytes. */
  readonly width: AccessWidth;
  readonly access: Access;
  readonly reset: number;
  /** Absent: the whole register is one field. Bits outside of every field are reserved and keep their value. */
  readonly bits?: Readonly<Record<string, BitField>>;
  readonly sensitive?: Sensitivity;
  /** One sentence. */
  readonly doc: string;
}

export type RegisterRows = Readonly<Record<string, RegisterRow>>;

/** A bit field of `width` bits whose lowest bit is `lsb`. */
export function field(lsb: number, width: number, doc: string, access?: Access): BitField {
  const mask = width === 32 ? 0xffffffff : (((1 << width) - 1) << lsb) >>> 0;
  return access === undefined ? { lsb, width, mask, doc } : { lsb, width, mask, doc, access };
}

/** A single bit. */
export function bit(lsb: number, doc: string, access?: Access): BitField {
  return field(lsb, 1, doc, access);
}

/** The value of a field within a register's value. */
export function extract(from: BitField, value: number): number {
  return (value & from.mask) >>> from.lsb;
}

/** A field's value, shifted into place. */
export function place(into: BitField, value: number): number {
  return ((value << into.lsb) & into.mask) >>> 0;
}

/** All ones of an access's width: what an absent register reads. */
export function allOnes(width: AccessWidth): number {
  return width === 4 ? 0xffffffff : width === 2 ? 0xffff : 0xff;
}

export interface RegisterMap<R extends RegisterRows> {
  readonly name: string;
  /** One sentence for the reference page. */
  readonly doc: string;
  /** Size of the map in bytes; offsets without a row are reserved. */
  readonly size: number;
  readonly rows: R;
  /** Names in order of offset. A register's place in this list is its index. */
  readonly names: readonly (keyof R & string)[];
  /** The index of the register that starts at `offset`, or -1. */
  indexAt(offset: number): number;
}

export function registerMap<const R extends RegisterRows>(
  name: string,
  size: number,
  doc: string,
  rows: R,
): RegisterMap<R> {
  const names = (Object.keys(rows) as (keyof R & string)[]).sort(
    (a, b) => (rows[a]?.offset ?? 0) - (rows[b]?.offset ?? 0),
  );
  const starts = new Int16Array(size).fill(-1);
  const taken = new Uint8Array(size);
  names.forEach((register, index) => {
    const row = rows[register] as RegisterRow;
    if (row.offset % row.width !== 0 || row.offset + row.width > size) {
      throw new RangeError(`${name}.${register} is misaligned or lies outside of the map.`);
    }
    for (let at = row.offset; at < row.offset + row.width; at++) {
      if (taken[at] !== 0) {
        throw new RangeError(`${name}.${register} overlaps another register.`);
      }
      taken[at] = 1;
    }
    starts[row.offset] = index;
  });
  return { name, doc, size, rows, names, indexAt: (offset) => starts[offset] ?? -1 };
}

/** Bits that a plain write may set or clear, by access. */
export function writeMasks(row: RegisterRow): { readonly rw: number; readonly w1c: number } {
  if (row.bits === undefined) {
    const whole = allOnes(row.width);
    return { rw: row.access === 'RW' ? whole : 0, w1c: row.access === 'W1C' ? whole : 0 };
  }
  let rw = 0;
  let w1c = 0;
  for (const part of Object.values(row.bits)) {
    const access = part.access ?? row.access;
    if (access === 'RW') {
      rw |= part.mask;
    } else if (access === 'W1C') {
      w1c |= part.mask;
    }
  }
  return { rw: rw >>> 0, w1c: w1c >>> 0 };
}

/** Side effects of single registers; all the others are plain storage. */
export type RegisterHooks<R extends RegisterRows> = {
  readonly [K in keyof R]?: {
    /** Gives the value that a read returns, in place of the stored one. */
    readonly read?: () => number;
    /** Runs after the store. `written` is what the driver wrote, `value` what the register now holds. */
    readonly write?: (written: number, value: number) => void;
  };
};

/**
 * The device's half of a register map: storage with the write semantics of the rows.
 * `get` and `set` are the device's own view and know no access rules.
 */
export class RegisterFile<R extends RegisterRows> {
  readonly map: RegisterMap<R>;
  /** One word per register, in the order of `map.names`. */
  readonly values: Uint32Array;
  private readonly widths: Uint8Array;
  private readonly readable: Uint8Array;
  private readonly rw: Uint32Array;
  private readonly w1c: Uint32Array;
  private readonly readHooks: ((() => number) | undefined)[];
  private readonly writeHooks: (((written: number, value: number) => void) | undefined)[];
  private readonly indexOf = new Map<keyof R, number>();

  constructor(map: RegisterMap<R>, hooks: RegisterHooks<R> = {}) {
    const count = map.names.length;
    this.map = map;
    this.values = new Uint32Array(count);
    this.widths = new Uint8Array(count);
    this.readable = new Uint8Array(count);
    this.rw = new Uint32Array(count);
    this.w1c = new Uint32Array(count);
    this.readHooks = map.names.map((name) => hooks[name]?.read);
    this.writeHooks = map.names.map((name) => hooks[name]?.write);
    map.names.forEach((name, index) => {
      const row = map.rows[name] as RegisterRow;
      const masks = writeMasks(row);
      this.indexOf.set(name, index);
      this.widths[index] = row.width;
      this.readable[index] = row.access === 'WO' ? 0 : 1;
      this.rw[index] = masks.rw;
      this.w1c[index] = masks.w1c;
    });
    this.reset();
  }

  /** Every register to its reset value. Hooks do not run. */
  reset(): void {
    this.map.names.forEach((name, index) => {
      this.values[index] = (this.map.rows[name] as RegisterRow).reset;
    });
  }

  get(name: keyof R): number {
    return this.values[this.indexOf.get(name)!];
  }

  set(name: keyof R, value: number): void {
    this.values[this.indexOf.get(name)!] = value;
  }

  /** Whether a register of this width starts at `offset`: all else is reserved. */
  has(offset: number, width: AccessWidth): boolean {
    const index = this.map.indexAt(offset);
    return index >= 0 && this.widths[index] === width;
  }

  /** A driver's read. A reserved offset or a wrong width reads all ones. */
  read(offset: number, width: AccessWidth): number {
    const index = this.map.indexAt(offset);
    if (index < 0 || this.widths[index] !== width) {
      return allOnes(width);
    }
    if (this.readable[index] === 0) {
      return 0;
    }
    const hook = this.readHooks[index];
    return hook === undefined ? this.values[index] : hook();
  }

  /** A driver's write. Returns false, and does nothing, at a reserved offset or with a wrong width. */
  write(offset: number, width: AccessWidth, written: number): boolean {
    const index = this.map.indexAt(offset);
    if (index < 0 || this.widths[index] !== width) {
      return false;
    }
    const rw = this.rw[index];
    const old = this.values[index];
    const value = (((old & ~rw) | (written & rw)) & ~(written & this.w1c[index])) >>> 0;
    this.values[index] = value;
    this.writeHooks[index]?.(written >>> 0, value);
    return true;
  }

  save(): Uint32Array {
    return this.values.slice();
  }

  load(state: Uint32Array): void {
    this.values.set(state);
  }
}

interface Readable {
  read(): number;
}
interface Writable {
  write(value: number): void;
}
/** What a driver may do with a register: a WO register has no `read`, an RO register no `write`. */
export type Accessor<A extends Access> = A extends 'RO'
  ? Readable
  : A extends 'WO'
    ? Writable
    : Readable & Writable;
export type Accessors<R extends RegisterRows> = {
  readonly [K in keyof R]: Accessor<R[K]['access']>;
};

/** The driver's half of a register map: one typed accessor per register, over an `Mmio` window. */
export function accessors<R extends RegisterRows>(
  map: RegisterMap<R>,
  mmio: Mmio,
  base = 0,
): Accessors<R> {
  const made: Partial<Record<keyof R, Readable & Writable>> = {};
  for (const name of map.names) {
    const { offset, width } = map.rows[name] as RegisterRow;
    made[name] = {
      read: () => mmio.read(base + offset, width),
      write: (value) => {
        mmio.write(base + offset, width, value);
      },
    };
  }
  return made as Accessors<R>;
}

/** A register's value in words, for the trace and the inspector: `CONTROL = 0x1 (ENABLE=1)`. */
export function describe(name: string, row: RegisterRow, value: number): string {
  const parts = Object.entries(row.bits ?? {}).map(
    ([part, bits]) => `${part}=${extract(bits, value)}`,
  );
  const text = `${name} = 0x${value.toString(16)}`;
  return parts.length === 0 ? text : `${text} (${parts.join(' ')})`;
}
