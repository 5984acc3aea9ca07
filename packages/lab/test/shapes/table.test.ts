/** The table itself: nothing is measured here. */
import { existsSync } from 'node:fs';
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { claims, found } from '../../src/shapes/claims.ts';
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

describe('the claims', () => {
  it('have each shape once', () => {
    const ids = claims.flatMap((claim) => [...claim.shapes, ...(claim.beside ?? [])]);
    expect([...ids].sort()).toEqual(shapes.map(({ id }) => id).sort());
    expect(claims.every((claim) => claim.shapes.length > 0)).toBe(true);
  });

  it.each(names.filter((name) => name !== 'free'))('hold under %s, six of them or more', (name) => {
    const holding = claims.filter((claim) => found(claim, name) === 'holds');
    expect(holding.length).toBeGreaterThanOrEqual(6);
  });

  it.each(names)('hold under %s when all of their shapes do', (name) => {
    for (const claim of claims) {
      const each = claim.shapes.map((id) => expected[id][name] === true);
      const what = each.every(Boolean) ? 'holds' : each.some(Boolean) ? 'partly' : 'does not';
      expect(found(claim, name)).toBe(what);
    }
  });
});
