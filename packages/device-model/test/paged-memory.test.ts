import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PagedMemory, pageOf, type PagedMemoryState } from '../src/paged-memory.ts';

/** The first pages of a state. */
function pages(state: PagedMemoryState, count: number): (Uint8Array | undefined)[] {
  return Array.from({ length: count }, (_, page) => pageOf(state, page));
}

describe('PagedMemory', () => {
  it('begins as zeros, all pages undefined', () => {
    const memory = new PagedMemory(3 * 4096);
    expect(pages(memory.save(), 3)).toEqual([undefined, undefined, undefined]);
  });

  it('refuses a size that is not made of pages', () => {
    expect(() => new PagedMemory(4097)).toThrow(RangeError);
  });

  it('has words and bytes of the same memory, little-endian', () => {
    const memory = new PagedMemory(4096);
    memory.words[1] = 0x04030201;
    expect([...memory.bytes.subarray(4, 8)]).toEqual([1, 2, 3, 4]);
  });

  it('copies only pages that were touched and shares the others with the state before', () => {
    const memory = new PagedMemory(4 * 4096);
    memory.bytes[0] = 1;
    memory.bytes[8191] = 2;
    memory.touched(0, 8192);
    const first = memory.save();
    memory.bytes[4096] = 3;
    memory.touched(4096, 1);
    const second = memory.save();
    expect(pageOf(second, 0)).toBe(pageOf(first, 0));
    expect(pageOf(second, 1)).not.toBe(pageOf(first, 1));
    expect(pages(second, 4).slice(2)).toEqual([undefined, undefined]);
  });

  it('shares groups of pages that were not written', () => {
    const memory = new PagedMemory(3 * 256 * 4096);
    memory.bytes[0] = memory.bytes[600 * 4096] = 1;
    memory.touched(0, 1);
    memory.touched(600 * 4096, 1);
    const first = memory.save();
    memory.bytes[1] = 2;
    memory.touched(1, 1);
    const second = memory.save();
    expect([second[0] === first[0], second[1], second[2] === first[2]]).toEqual([
      false,
      undefined,
      true,
    ]);
  });

  it('marks both pages of a range that crosses their border, and none for no bytes', () => {
    const memory = new PagedMemory(3 * 4096);
    memory.touched(4095, 2);
    memory.touched(8192, 0);
    expect(pages(memory.save(), 3).map((page) => page !== undefined)).toEqual([true, true, false]);
  });

  it('clears pages, and counts none as written that held zeros all the time', () => {
    const memory = new PagedMemory(4 * 4096);
    memory.bytes.fill(7, 4096, 3 * 4096);
    memory.touched(4096, 2 * 4096);
    const written = memory.save();
    memory.clear(0, 2 * 4096);
    expect([memory.bytes[4096], memory.bytes[2 * 4096]]).toEqual([0, 7]);
    const cleared = memory.save();
    expect(pages(cleared, 4).map((page) => page?.[0])).toEqual([undefined, 0, 7, undefined]);
    memory.load(written);
    expect(memory.bytes[4096]).toBe(7);
  });

  it('restores any state, whatever was written and saved in between', () => {
    const writes = fc.array(
      fc.record({ at: fc.nat(4 * 4096 - 1), value: fc.nat(255), save: fc.boolean() }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(writes, fc.nat(40), (steps, back) => {
        const memory = new PagedMemory(4 * 4096);
        const saved = [{ state: memory.save(), bytes: memory.bytes.slice() }];
        for (const { at, value, save } of steps) {
          memory.bytes[at] = value;
          memory.touched(at, 1);
          if (save) {
            saved.push({ state: memory.save(), bytes: memory.bytes.slice() });
          }
        }
        for (const { state, bytes } of [saved[back % saved.length], ...saved]) {
          memory.load(state);
          expect(Buffer.compare(memory.bytes, bytes)).toBe(0);
          expect(memory.save().every((group, index) => group === state[index])).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});
