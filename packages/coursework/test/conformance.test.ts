import { expect, it } from 'vitest';
import { splitDevice } from '../src/conformance/split-device.ts';
import { checksOf } from '../src/index.ts';

const ids = new Set(checksOf('queue').map(({ id }) => id));

it.each(splitDevice.clauses)(
  '§$section: $rule: has checks that there are, or says why not',
  (clause) => {
    expect(clause.checks.filter((id) => !ids.has(id))).toEqual([]);
    expect(clause.checks.length > 0 || (clause.why ?? '') !== '').toBe(true);
  },
);
