/** Each MUST and MUST NOT of VIRTIO 1.3 about a virtio device and a GPU has its row. */
import { describe, expect, it } from 'vitest';
import type { Conformance } from '../src/conformance/clause.ts';
import { gpuDevice } from '../src/conformance/gpu-device.ts';
import { gpuDriver } from '../src/conformance/gpu-driver.ts';
import { virtioDevice } from '../src/conformance/virtio-device.ts';
import { virtioDriver } from '../src/conformance/virtio-driver.ts';
import { checksOf, type PartKind } from '../src/index.ts';

/**
 * By section: how often it says MUST, and MUST NOT. Counted by hand in the sources of the
 * specification (tag v1.3-wd02: content.tex, shared-mem.tex, device-types/gpu/description.tex),
 * without the sections on legacy interfaces (§2.2.3, §3.1.2, §6.3).
 */
type Counts = Readonly<Record<string, readonly [must: number, mustNot: number]>>;

const tables: readonly (readonly [Conformance, PartKind, Counts])[] = [
  [
    virtioDevice,
    'device',
    {
      ...{ '2.1.2': [1, 1], '2.2.2': [1, 2], '2.4.1': [1, 1], '2.5.2': [1, 0] },
      ...{ '2.6.1.1.1': [1, 1], '2.6.1.2.1': [1, 0], '2.10.2': [0, 1], '6.2': [2, 1] },
    },
  ],
  [
    virtioDriver,
    'frontend',
    {
      ...{ '2.1.1': [2, 1], '2.2.1': [3, 4], '2.5.1': [1, 2] },
      ...{ '2.6.1.1.2': [1, 0], '2.6.1.2.2': [1, 0] },
      ...{ '3.1.1': [1, 4], '3.3.1': [1, 1], '6.1': [5, 1] },
    },
  ],
  [
    gpuDevice,
    'device',
    {
      ...{ '5.7.5': [2, 0], '5.7.6.5': [1, 0], '5.7.6.7': [2, 0] },
      ...{ '5.7.6.8': [2, 0], '5.7.6.9': [2, 0] },
    },
  ],
  [
    gpuDriver,
    'frontend',
    { '5.7.4.1': [0, 1], '5.7.6.6': [1, 0], '5.7.6.8': [5, 0], '5.7.6.9': [0, 1] },
  ],
];

describe.each(tables)('$title', ({ clauses }, kind, counts) => {
  const ids = new Set(checksOf(kind).map(({ id }) => id));

  it('has as many rows for each section as the specification has clauses', () => {
    const found: Record<string, [number, number]> = {};
    for (const { section, strength } of clauses) {
      const [must, mustNot] = found[section] ?? [0, 0];
      found[section] = strength === 'MUST' ? [must + 1, mustNot] : [must, mustNot + 1];
    }
    expect(found).toEqual(counts);
  });

  it.each(clauses)('§$section: $rule: has checks that there are, or says why not', (clause) => {
    expect(clause.checks.filter((id) => !ids.has(id))).toEqual([]);
    expect(clause.checks.length > 0 || (clause.why ?? '') !== '').toBe(true);
  });
});
