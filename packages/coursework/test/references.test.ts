/** The project's own parts keep their contracts. What labs ask for is checked in labs.test.ts. */
import { labEnvironment } from '@doorbell/lab/node';
import { describe, expect, it } from 'vitest';
import { checkPart, checksOf, labChecks, labs, partKinds, referenceOf } from '../src/index.ts';

describe.each(partKinds)('the reference %s', (kind) => {
  const checks = checksOf(kind);
  const graded = labs.filter((lab) => lab.kind === kind).flatMap((lab) => labChecks(lab, checks));
  const others = checks.filter((check) => !graded.includes(check));

  it.each(others)('$id: $title', async ({ id }) => {
    const { status, expected, seen } = await checkPart(referenceOf(kind), id, labEnvironment);
    expect({ status, expected, seen }).toEqual({ status: 'passed', expected: null, seen: null });
  });

  it('has checks with names of their own', () => {
    const ids = checks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
