import { describe, expect, it } from 'vitest';
import { localsText } from '../../src/source/locals.ts';

class Ring {
  tail = 3;
}

const hot = {
  get now(): never {
    throw new Error('A getter ran.');
  },
  toString(): never {
    throw new Error('toString ran.');
  },
  toJSON(): never {
    throw new Error('toJSON ran.');
  },
};

describe('localsText', () => {
  it.each([
    [7, '7'],
    [-0.5, '-0.5'],
    [12n, '12n'],
    [true, 'true'],
    [undefined, 'undefined'],
    [null, 'null'],
    ['a\nb', String.raw`"a\nb"`],
    ['x'.repeat(1_000_000), `"${'x'.repeat(24)}…"`],
    [[1, 'two', [3]], '[1, "two", {…}]'],
    [new Uint8Array(1 << 20), '[0, 0, 0, 0, … 1048576]'],
    [new Ring(), 'Ring'],
    [new DataView(new ArrayBuffer(8)), 'DataView'],
    [new Map([[1, 2]]), 'Map'],
    [Object.create(null), '{}'],
    [{ a: 1, b: { c: 2 } }, '{a: 1, b: {…}}'],
    [{ a: 1, b: 2, c: 3, d: 4, e: 5 }, '{a: 1, b: 2, c: 3, d: 4, …}'],
    [(): number => 1, 'a function'],
    [Symbol('s'), 'a symbol'],
  ])('writes %o briefly', (value, text) => {
    expect(localsText({ value })).toBe(`value = ${text}`);
  });

  it('runs no code of what it writes', () => {
    expect(localsText({ hot, list: [hot] })).toBe(
      'hot = {now: …, toString: a function, toJSON: a function}\nlist = [{…}]',
    );
    expect(localsText({ hot: Object.create(hot) as unknown })).toBe('hot = an object');
  });

  it('has a line for each local', () => {
    expect(localsText({ at: 64, more: false })).toBe('at = 64\nmore = false');
  });
});
