import { describe, expect, it } from 'vitest';
import { firstDifference } from './difference.ts';

describe('firstDifference', () => {
  it('finds none between equal states', () => {
    const state = (): unknown => ({ a: [1, { b: Uint8Array.of(1, 2) }], c: null, d: NaN });
    expect(firstDifference(state(), state())).toBeUndefined();
  });

  it('takes a missing value and undefined for the same', () => {
    expect(firstDifference({ a: undefined }, {})).toBeUndefined();
  });

  it.each([
    [{ a: [1, 2] }, { a: [1, 3] }, 'state.a.1: 2 and 3'],
    [{ a: Uint8Array.of(7) }, { a: Uint8Array.of(8) }, 'state.a.0: 7 and 8'],
    [{ a: 1 }, { b: 1 }, 'state.a: 1 and undefined'],
    [[1], [1, 2], 'state: 1 and 2 entries'],
    [{ a: null }, { a: {} }, 'state.a: null and [object Object]'],
  ])('finds the path between %j and %j', (a, b, difference) => {
    expect(firstDifference(a, b)).toBe(difference);
  });
});
