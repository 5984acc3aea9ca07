import { describe, expect, it } from 'vitest';
import { MappedMemory } from '../../src/memory/mapped-memory.ts';

function twoRanges(): MappedMemory {
  const memory = new MappedMemory();
  memory.setRanges([
    { address: 0x1000, buffer: new ArrayBuffer(0x1000) },
    { address: 2 ** 40, buffer: new ArrayBuffer(0x1000) },
  ]);
  return memory;
}

describe('mapped memory', () => {
  it('loads what was stored, in either range', () => {
    const memory = twoRanges();
    for (const base of [0x1000, 2 ** 40, 0x1ffc, 2 ** 40 + 0xffc]) {
      memory.store32(base, 0x8765_4321);
      expect(memory.load16(base)).toBe(0x4321);
      memory.store16(base + 2, 0xabcd);
      expect(memory.load32(base)).toBe(0xabcd_4321);
      memory.release16(base, 7);
      expect(memory.acquire16(base)).toBe(7);
    }
  });

  it('reaches no byte before, between and behind', () => {
    const memory = twoRanges();
    for (const [address, bytes] of [
      [0xfff, 1],
      [0x1fff, 2],
      [0x2000, 1],
      [2 ** 40 - 1, 2],
      [2 ** 40 + 0x1000, 1],
      [-4, 4],
      [NaN, 1],
    ]) {
      expect(memory.reaches(address, bytes)).toBe(false);
      expect(memory.read(address, new Uint8Array(bytes))).toBe(false);
      expect(memory.write(address, new Uint8Array(bytes))).toBe(false);
    }
    expect(() => memory.load32(0x2000)).toThrow(RangeError);
  });

  it('forgets ranges that were taken away, also the last that was used', () => {
    const memory = twoRanges();
    memory.store16(0x1000, 1);
    memory.setRanges([]);
    expect(() => memory.load16(0x1000)).toThrow(RangeError);
  });

  it('fetches and stores bytes', async () => {
    const memory = twoRanges();
    expect(await memory.store(0x1ffd, new Uint8Array([1, 2, 3]))).toBe(true);
    const into = new Uint8Array(3);
    expect(await memory.fetch(0x1ffd, into)).toBe(true);
    expect([...into]).toEqual([1, 2, 3]);
    expect(await memory.fetch(0x1ffe, into)).toBe(false);
  });
});
