/**
 * Shared memory and store buffers as values: every content has a number, and a change gives another
 * number. Cells are 2 bytes; an access of 4 bytes covers two of them at once.
 */

/** A store that is not visible yet. `cell` is the first that it covers. */
interface Entry {
  readonly cell: number;
  readonly cells: number;
  readonly value: number;
}

/** Numbers for values that are known by a string. */
class Numbering<T> {
  readonly values: T[] = [];
  private readonly numbers = new Map<string, number>();

  of(key: string, make: () => T): number {
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.values.push(make()) - 1;
      this.numbers.set(key, number);
    }
    return number;
  }
}

export class SharedMemory {
  private readonly base: number;
  private readonly contents = new Numbering<Uint16Array>();
  private readonly buffers = new Numbering<readonly Entry[]>();
  /** The buffers' keys, by number. */
  private readonly keys: string[] = [];

  /** @param base  address of the first byte. @param initial  the cells: content 0. */
  constructor(base: number, initial: Uint16Array) {
    this.base = base;
    this.content(initial);
    this.buffer('', () => []);
  }

  /** @throws RangeError when the address is outside. */
  private cell(address: number, width: number): number {
    const cell = (address - this.base) / 2;
    if (address % width !== 0 || cell < 0 || cell + width / 2 > this.contents.values[0].length) {
      throw new RangeError(`There is no ring memory at ${address}, ${width} bytes.`);
    }
    return cell;
  }

  /** Contents after a store. */
  store(content: number, address: number, width: number, value: number): number {
    return this.write(content, {
      cell: this.cell(address, width),
      cells: width / 2,
      value,
    });
  }

  /** A store that waits: the buffer with it at its end. */
  push(buffer: number, address: number, width: number, value: number): number {
    const entry = { cell: this.cell(address, width), cells: width / 2, value };
    const key = String.fromCharCode(entry.cell, entry.cells, value & 0xffff, value >>> 16);
    return this.buffer(this.keys[buffer] + key, () => [...this.buffers.values[buffer], entry]);
  }

  isEmpty(buffer: number): boolean {
    return buffer === 0;
  }

  /** How many stores wait. */
  waiting(buffer: number): number {
    return this.buffers.values[buffer].length;
  }

  /** The contents once the buffer's oldest store is visible. */
  flush(content: number, buffer: number): number {
    return this.write(content, this.buffers.values[buffer][0]);
  }

  /** The buffer without its oldest store. */
  rest(buffer: number): number {
    return this.buffer(this.keys[buffer].slice(4), () => this.buffers.values[buffer].slice(1));
  }

  /**
   * What a thread with `buffer` loads: of each cell, its own newest store that waits, else what is
   * visible. A load that only a part of a store covers would wait for that store on a real x86;
   * here it need not, which allows more orders, never fewer.
   */
  load(content: number, buffer: number, address: number, width: number): number {
    const cell = this.cell(address, width);
    const low = this.loadCell(content, buffer, cell);
    return width === 2 ? low : low + 0x10000 * this.loadCell(content, buffer, cell + 1);
  }

  private loadCell(content: number, buffer: number, cell: number): number {
    const entries = this.buffers.values[buffer];
    for (let at = entries.length - 1; at >= 0; at--) {
      const { cell: first, cells, value } = entries[at];
      if (cell >= first && cell < first + cells) {
        return cell === first ? value & 0xffff : value >>> 16;
      }
    }
    return this.contents.values[content][cell];
  }

  private write(content: number, { cell, cells, value }: Entry): number {
    const after = this.contents.values[content].slice();
    after[cell] = value & 0xffff;
    if (cells === 2) {
      after[cell + 1] = value >>> 16;
    }
    return this.content(after);
  }

  private content(cells: Uint16Array): number {
    return this.contents.of(String.fromCharCode(...cells), () => cells);
  }

  private buffer(key: string, make: () => readonly Entry[]): number {
    const number = this.buffers.of(key, make);
    this.keys[number] ??= key;
    return number;
  }
}
