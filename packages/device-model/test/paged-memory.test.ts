import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PagedMemory } from '../src/paged-memory.ts';

describe('PagedMemory', () => {
  it('begins as zeros, all pages undefined', () => {
    const memory = new PagedMemory(3 * 4096);
    expect(memory.save()).toEqual([undefined, undefined, undefined]);
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
    expect(second[0]).toBe(first[0]);
    expect(second[1]).not.toBe(first[1]);
    expect(second.slice(2)).toEqual([undefined, undefined]);
  });

  it('marks both pages of a range that crosses their border, and none for no bytes', () => {
    const memory = new PagedMemory(3 * 4096);
    memory.touched(4095, 2);
    memory.touched(8192, 0);
    expect(memory.save().map((page) => page !== undefined)).toEqual([true, true, false]);
  });

  it('clears pages, and counts none as written that held zeros all the time', () => {
    const memory = new PagedMemory(4 * 4096);
    memory.bytes.fill(7, 4096, 3 * 4096);
    memory.touched(4096, 2 * 4096);
    const written = memory.save();
    memory.clear(0, 2 * 4096);
    expect([memory.bytes[4096], memory.bytes[2 * 4096]]).toEqual([0, 7]);
    const cleared = memory.save();
    expect(cleared.map((page) => page?.[0])).toEqual([undefined, 0, 7, undefined]);
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
          expect(memory.save().every((page, index) => page === state[index])).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});
