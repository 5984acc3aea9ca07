/** Runs the checks of a contract on a part. */
import type { Environment } from '@doorbell/lab';
import { Bench } from './bench.ts';
import type { Check, CheckResult } from './check.ts';
import { Mismatch, Skip } from './mismatch.ts';

/** Runs one check; what the part throws is what was seen of it. */
export async function runCheck<P>(
  check: Check<P>,
  part: P,
  environment: Environment,
): Promise<CheckResult> {
  const { id, clause, title } = check;
  const bench = new Bench(environment);
  const none = { expected: null, seen: null, step: null };
  const nothing = { recording: undefined, pictures: undefined };
  try {
    await check.run(part, bench);
    return { id, clause, title, status: 'passed', ...none, ...nothing };
  } catch (error) {
    if (error instanceof Skip) {
      return { id, clause, title, status: 'skipped', ...none, seen: error.message, ...nothing };
    }
    const { expected, seen, pictures } =
      error instanceof Mismatch
        ? error
        : { expected: title, seen: thrownText(error), pictures: undefined };
    const { recording } = bench;
    const step = recording === undefined ? null : (bench.step ?? recording.events.count);
    return { id, clause, title, status: 'failed', expected, seen, step, recording, pictures };
  }
}

/** An error, and the first line of its stack that says where. */
function thrownText(error: unknown): string {
  if (!(error instanceof Error)) {
    return `something that is no Error was thrown: ${String(error)}`;
  }
  const place = error.stack?.split('\n').find((line) => line.startsWith('    at '));
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (${place.trim()})`}`;
}
