/** The table itself: nothing is measured here. */
import { existsSync } from 'node:fs';
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { expected } from '../../src/shapes/expected.ts';
import figures from '../../src/shapes/figures.json' with { type: 'json' };
import { shapes } from '../../src/shapes/index.ts';

const names = [...profiles.keys()];

describe('the table of shapes', () => {
  it('has a line for each shape, and no other', () => {
    const ids = shapes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(expected).sort()).toEqual([...ids].sort());
  });

  it.each(shapes)('says of $id under each profile that it holds, or why not', ({ id }) => {
    expect(Object.keys(expected[id]).sort()).toEqual([...names].sort());
    for (const finding of Object.values(expected[id])) {
      expect(finding === true || /^[A-Z`].{20,}\.$/.test(finding), String(finding)).toBe(true);
    }
  });

  it.each(names.filter((name) => name !== 'free'))('has six or more that hold under %s', (name) => {
    const holding = shapes.filter(({ id }) => expected[id][name] === true);
    expect(holding.length).toBeGreaterThanOrEqual(6);
  });

  it('has measured figures of each profile, each in a file of tests', () => {
    expect(Object.keys(figures).sort()).toEqual([...names].sort());
    for (const name of names) {
      expect(existsSync(new URL(`${name}.test.ts`, import.meta.url)), name).toBe(true);
    }
  });
});

describe('a shape', () => {
  it.each(shapes)('$id says its claim in a sentence, and can fail', ({ claim, how, rows }) => {
    expect(claim).toMatch(/^[A-Z][^.]*\.$/);
    expect(how).toMatch(/\.$/);
    expect(rows.some(({ band, follows }) => band !== undefined || follows !== undefined)).toBe(
      true,
    );
    expect(rows[0].follows).toBeUndefined();
  });
});
