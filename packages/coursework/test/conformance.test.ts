/** The tables have each clause of the specification, and checks that there are. */
import { describe, expect, it } from 'vitest';
import { conformances } from '../src/conformance/index.ts';
import { checksOf, partKinds } from '../src/index.ts';
import { conformancePage } from '../src/pages/conformance.ts';

/**
 * How often each section says MUST and MUST NOT in the parts that are normative, counted in the text of
 * the specification, tag v1.3-wd02 of oasis-tcs/virtio-spec, and typed in.
 */
const counted: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  'Virtqueues of either layout, the device': { '2.6.1.1.1': [1, 1], '2.6.1.2.1': [1, 0] },
  'Virtqueues of either layout, the driver': {
    '2.6.1.1.2': [1, 0],
    '2.6.1.2.2': [1, 0],
    '3.3.1': [1, 1],
  },
  'The device half of a split virtqueue': {
    '2.7.4.1': [0, 1],
    '2.7.5.1': [0, 2],
    '2.7.5.3.2': [2, 0],
    '2.7.7.2': [4, 0],
    '2.7.8.2': [2, 0],
    '2.7.10.2': [3, 0],
  },
  'The driver half of a split virtqueue': {
    '2.7.1': [1, 0],
    '2.7.4.2': [1, 0],
    '2.7.5.2': [1, 1],
    '2.7.5.3.1': [1, 4],
    '2.7.6.1': [0, 1],
    '2.7.7.1': [3, 0],
    '2.7.8.3': [0, 1],
    '2.7.10.1': [5, 0],
    '2.7.13.3.1': [1, 0],
    '2.7.13.4.1': [1, 0],
  },
  'The device half of a packed virtqueue': {
    '2.8.12': [2, 0],
    '2.8.15': [0, 3],
    '2.8.18': [1, 0],
  },
  'The driver half of a packed virtqueue': {
    '2.8.11': [1, 0],
    '2.8.16': [1, 2],
    '2.8.17': [2, 4],
    '2.8.19': [0, 4],
    '2.8.21.1.1': [1, 0],
    '2.8.21.3.1': [1, 0],
  },
};

const idsOf = (kinds: typeof partKinds): ReadonlySet<string> =>
  new Set(kinds.flatMap((kind) => checksOf(kind).map(({ id }) => id)));

it('has each table once, and counts for each', () => {
  const titles = conformances.map(({ title }) => title);
  expect(new Set(titles).size).toBe(titles.length);
  expect(titles).toEqual(expect.arrayContaining(Object.keys(counted)));
});

it.each(Object.entries(counted))(
  '%s: there are as many clauses as in the specification',
  (table, sections) => {
    const { clauses } = conformances.find(({ title }) => title === table)!;
    const found: Record<string, [number, number]> = {};
    for (const { section, strength } of clauses) {
      found[section] ??= [0, 0];
      found[section][strength === 'MUST' ? 0 : 1]++;
    }
    expect(found).toEqual(sections);
  },
);

describe.each(conformances)('$title', ({ kind, clauses }) => {
  it('has checks that there are, or says why not', () => {
    const ids = idsOf(kind === undefined ? partKinds : [kind]);
    for (const { checks, why } of clauses) {
      expect(checks.filter((id) => !ids.has(id))).toEqual([]);
      expect(checks.length > 0 || (why ?? '') !== '').toBe(true);
    }
  });

  it('is on the page, with its counts', () => {
    const checked = clauses.filter(({ checks }) => checks.length > 0).length;
    const must = clauses.filter(({ strength }) => strength === 'MUST').length;
    expect(conformancePage()).toContain(
      ` | ${must} | ${clauses.length - must} | ${checked} | ${clauses.length - checked} |`,
    );
  });
});
