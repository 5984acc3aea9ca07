import { describe, expect, it } from 'vitest';
import { LinearMemory } from '../src/linear-memory.ts';

describe.each([
  ['an ArrayBuffer', () => new ArrayBuffer(64)],
  ['a SharedArrayBuffer', () => new SharedArrayBuffer(64)],
])('memory over %s', (_name, buffer) => {
  it('is little-endian, and the same bytes in every width', () => {
    const memory = new LinearMemory(buffer());
    memory.store32(4, 0x88776655);
    memory.store16(8, 0xbbaa);
    expect([...memory.bytes.subarray(4, 10)]).toEqual([0x55, 0x66, 0x77, 0x88, 0xaa, 0xbb]);
    expect([memory.load32(4), memory.load16(6), memory.load16(8)]).toEqual([
      ...[0x88776655, 0x8877, 0xbbaa],
    ]);
  });

  it('publishes with release16 what acquire16 sees', () => {
    const memory = new LinearMemory(buffer());
    memory.release16(2, 0xffff);
    memory.fence();
    expect(memory.acquire16(2)).toBe(0xffff);
    expect(memory.load16(0)).toBe(0);
    memory.store16(2, 7);
    expect(memory.acquire16(2)).toBe(7);
  });

  it('is one memory for all who have its buffer', () => {
    const shared = buffer();
    new LinearMemory(shared).release16(62, 0x1234);
    expect(new LinearMemory(shared).acquire16(62)).toBe(0x1234);
  });

  it('reaches what it has, to the last byte', () => {
    const memory = new LinearMemory(buffer());
    expect([memory.reaches(0, 64), memory.reaches(63, 1), memory.reaches(64, 0)]).toEqual([
      ...[true, true, true],
    ]);
    expect(
      [
        [0, 65],
        [64, 1],
        [-1, 1],
        [0, -1],
        [2 ** 52, 1],
        [1, 2 ** 32],
        [NaN, 1],
      ].map(([address, bytes]) => memory.reaches(address, bytes)),
    ).not.toContain(true);
  });

  it('fetches a copy', async () => {
    const memory = new LinearMemory(buffer());
    memory.bytes.set([1, 2, 3], 10);
    const into = new Uint8Array(3);
    expect(await memory.fetch(10, into)).toBe(true);
    memory.bytes[10] = 9;
    expect([...into]).toEqual([1, 2, 3]);
  });

  it('stores bytes where they belong', async () => {
    const memory = new LinearMemory(buffer());
    expect(await memory.store(61, Uint8Array.of(4, 5, 6))).toBe(true);
    expect([...memory.bytes.subarray(60)]).toEqual([0, 4, 5, 6]);
  });

  it('refuses a range that it does not have, and moves nothing', async () => {
    const memory = new LinearMemory(buffer());
    const into = Uint8Array.of(7, 7);
    expect(await memory.fetch(63, into)).toBe(false);
    expect(await memory.store(63, into)).toBe(false);
    expect(await memory.store(-1, into)).toBe(false);
    expect([...into, ...memory.bytes.subarray(62), memory.bytes[0]]).toEqual([7, 7, 0, 0, 0]);
  });
});
