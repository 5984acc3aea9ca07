import { describe, expect, it } from 'vitest';
import { copyRows, fill } from '../../src/bell/copy.ts';

describe('fill', () => {
  it('writes a rectangle and nothing around it', () => {
    const words = new Uint32Array(16);
    fill({ words, base: 5, stride: 4, width: 2, height: 2 }, 0xfffffffe);
    const filled = [...words.keys()].filter((at) => words[at] === 0xfffffffe);
    expect(filled).toEqual([5, 6, 9, 10]);
  });
});

describe('copyRows', () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

  it('copies rows between arrays, each with its own stride', () => {
    const to = new Uint8Array(8);
    copyRows(to, 1, 3, bytes(1, 2, 3, 4, 5, 6, 7, 8, 9), 2, 4, 2, 2);
    expect([...to]).toEqual([0, 3, 4, 0, 7, 8, 0, 0]);
  });

  it.each([
    ['backwards', 1, 0, [2, 3, 4, 4]],
    ['forwards', 0, 1, [1, 1, 2, 3]],
  ])('copies a row %s over itself as if through a buffer', (_, from, to, expected) => {
    const one = bytes(1, 2, 3, 4);
    copyRows(one, to, 0, one, from, 0, 3, 1);
    expect([...one]).toEqual(expected);
    const two = bytes(1, 2, 3, 4);
    copyRows(two, to, 0, new Uint8Array(two.buffer), from, 0, 3, 1);
    expect([...two]).toEqual(expected);
  });

  it('copies the first row first: a later one sees what it wrote', () => {
    const data = bytes(1, 2, 3, 0);
    copyRows(data, 1, 1, data, 0, 1, 1, 3);
    expect([...data]).toEqual([1, 1, 1, 1]);
  });
});
