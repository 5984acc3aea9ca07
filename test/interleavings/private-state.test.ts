import { describe, expect, it } from 'vitest';
import { restore, stateKey } from './private-state.ts';

class Inner {
  n = 0;
  readonly memory = 'port';
}

class Half {
  readonly memory = 'port';
  readonly inner = new Inner();
  readonly ids = new Uint16Array(3);
  idx = 0;
  on = false;
  seen = 0;
  error: unknown = undefined;
}

const none = new Set<string>();

describe('stateKey', () => {
  it.each<[string, (half: Half) => void]>([
    ['a number', (half) => (half.idx = 1)],
    ['a flag', (half) => (half.on = true)],
    ['an element of an array', (half) => (half.ids[2] = 1)],
    ['a field of an object', (half) => (half.inner.n = 1)],
  ])('differs with %s', (_, change) => {
    const half = new Half();
    change(half);
    expect(stateKey(half, none)).not.toBe(stateKey(new Half(), none));
  });
  it('does not differ with what is left out', () => {
    const half = new Half();
    half.seen = 1;
    expect(stateKey(half, new Set(['seen']))).toBe(stateKey(new Half(), new Set(['seen'])));
  });
  it('refuses what it cannot compare', () => {
    expect(() => stateKey({ f: () => 1 }, none)).toThrow(TypeError);
  });
});

describe('restore', () => {
  it('gives another half the same state, and shares nothing with it', () => {
    const half = new Half();
    half.idx = 5;
    half.ids[1] = 6;
    half.inner.n = 7;
    const copy = new Half();
    restore(copy, half);
    expect(copy).toEqual(half);
    half.ids[1] = 0;
    half.inner.n = 0;
    expect([copy.ids[1], copy.inner.n]).toEqual([6, 7]);
  });
});
