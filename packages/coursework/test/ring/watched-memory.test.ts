/** The memory of the mock peers tells what was done, and in which order. */
import { beforeEach, describe, expect, it } from 'vitest';
import { mustLoadOnce, mustNotStore, mustOrder } from '../../src/ring/order.ts';
import { WatchedMemory } from '../../src/ring/watched-memory.ts';

const [A, B] = [0x10, 0x20];
let memory: WatchedMemory;

beforeEach(() => {
  memory = new WatchedMemory(new ArrayBuffer(0x40));
});

it('is memory', () => {
  memory.store32(A, 0x1234_5678);
  memory.release16(B, 7);
  expect([memory.load32(A), memory.load16(A), memory.acquire16(B)]).toEqual([
    0x1234_5678, 0x5678, 7,
  ]);
});

it('finds a field in the word that it was accessed with', () => {
  memory.store32(A, 0x1234_5678);
  memory.load16(A + 2);
  expect(memory.accesses('store', A + 2)).toMatchObject([{ at: A, bytes: 4 }]);
  expect(memory.accesses('load', A)).toEqual([]);
  expect(memory.lastOf('load', A + 3)).toBe(1);
  expect(memory.lastOf('load', A + 4)).toBe(-1);
  memory.forget();
  expect(memory.lastOf('store', A)).toBe(-1);
});

describe('the order of two accesses', () => {
  type Kind = 'load' | 'store';
  const work: Readonly<Record<string, (at: number) => void>> = {
    load: (at) => memory.load16(at),
    acquire: (at) => memory.acquire16(at),
    store: (at) => memory.store16(at, 1),
    release: (at) => memory.release16(at, 1),
  };
  const kindOf = (name: string): Kind => (name === 'load' || name === 'acquire' ? 'load' : 'store');
  const isKept = (first: string, second: string, between: () => void): boolean => {
    work[first](A);
    between();
    work[second](B);
    return memory.isOrdered(memory.lastOf(kindOf(first), A), memory.lastOf(kindOf(second), B));
  };

  it.each([
    ['store', 'store', false],
    ['store', 'release', true],
    ['release', 'store', false],
    ['load', 'load', false],
    ['acquire', 'load', true],
    ['load', 'acquire', false],
    ['load', 'release', true],
    ['acquire', 'store', true],
    ['store', 'load', false],
    ['release', 'acquire', false],
  ])('of %s and %s: kept without a fence is %s, and with one always', (first, second, kept) => {
    expect(isKept(first, second, () => undefined)).toBe(kept);
    memory.forget();
    expect(isKept(first, second, () => memory.fence())).toBe(true);
  });

  it('is none when the second was first, or one was not done', () => {
    memory.store16(B, 1);
    memory.fence();
    memory.store16(A, 1);
    expect(memory.isOrdered(memory.lastOf('store', A), memory.lastOf('store', B))).toBe(false);
    expect(memory.isOrdered(-1, 2)).toBe(false);
    expect(() => {
      mustOrder(memory, 'A before B', ['store', A], ['store', B]);
    }).toThrow('expected A before B; saw no such order');
  });
});

it('tells of a field that was loaded twice, and of a store where none may be', () => {
  memory.load32(A);
  mustLoadOnce(memory, 'a word', A, [0, 2]);
  mustNotStore(memory, 'a word', A, 4);
  memory.load16(A + 2);
  memory.store16(A + 2, 1);
  expect(() => {
    mustLoadOnce(memory, 'a word', A, [0, 2]);
  }).toThrow('one load of a word, at its byte 2; saw 2');
  expect(() => {
    mustNotStore(memory, 'a word', A, 4);
  }).toThrow('no store to a word; saw one at its byte 2');
});
