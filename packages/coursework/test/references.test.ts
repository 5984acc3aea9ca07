/** The project's own parts keep their contracts. */
import { labEnvironment } from '@doorbell/lab/node';
import { describe, expect, it } from 'vitest';
import { checkPart, checksOf, partKinds, referenceOf } from '../src/index.ts';

describe.each(partKinds)('the reference %s', (kind) => {
  it.each(checksOf(kind))('$id: $title', async ({ id }) => {
    const { status, expected, seen } = await checkPart(referenceOf(kind), id, labEnvironment);
    expect({ status, expected, seen }).toEqual({ status: 'passed', expected: null, seen: null });
  });

  it('has checks with names of their own', () => {
    const ids = checksOf(kind).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
