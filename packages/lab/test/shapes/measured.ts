/** One profile's shapes against the table: a file of tests for each, so that they run beside one another. */
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { expected } from '../../src/shapes/expected.ts';
import figures from '../../src/shapes/figures.json' with { type: 'json' };
import { shapes } from '../../src/shapes/index.ts';
import { Runs } from '../../src/shapes/runs.ts';
import { judge } from '../../src/shapes/shape.ts';
import { testEnvironment } from '../environment.ts';

const mend =
  'Run `npm run shapes` and `npm run reference`, and see whether expected.ts is still true.';

export function describeMeasured(name: string): void {
  const profile = profiles.get(name)!;
  const committed: Readonly<Record<string, readonly number[]>> =
    figures[name as keyof typeof figures];
  describe(name, () => {
    const runs = new Runs(profile, testEnvironment);
    it.each(shapes)('$id', async (shape) => {
      const values = await shape.measure(runs);
      const { holds } = judge(shape, values);
      expect(holds, `${shape.claim} ${mend}`).toBe(expected[shape.id][name] === true);
      expect(values, mend).toEqual(committed[shape.id]);
    });
  });
}
