/** Runs the checks of a contract on a part. */
import type { Environment } from '@doorbell/lab';
import { Bench } from './bench.ts';
import type { Check, CheckResult } from './check.ts';
import { EndedRun, Mismatch, Skip } from './mismatch.ts';

/** Where this project's packages are. */
const packages = new URL('../../..', import.meta.url).pathname;

/** Runs one check; what the part throws is what was seen of it. */
export async function runCheck<P>(
  check: Check<P>,
  part: P,
  environment: Environment,
): Promise<CheckResult> {
  const { id, clause, title } = check;
  const bench = new Bench(environment);
  const none = { expected: null, seen: null, why: null, step: null };
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
    const { stuck = false, causes = [] } = recording?.explanation ?? {};
    const why = stuck ? (causes.at(0)?.what ?? null) : null;
    const found = { expected, seen, why, step, recording, pictures };
    return { id, clause, title, status: 'failed', ...found };
  }
}

/** An error, and the line of the part's own code that it came from. */
function thrownText(error: unknown): string {
  if (error instanceof EndedRun) {
    return error.message;
  }
  if (!(error instanceof Error)) {
    return `something that is no Error was thrown: ${String(error)}`;
  }
  const place = error.stack
    ?.split('\n')
    .find((line) => line.startsWith('    at ') && !isOurs(line));
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (${place.trim()})`}`;
}

/** Whether a line of a stack is of this project, or of what it is made of. */
function isOurs(line: string): boolean {
  return line.includes(packages) || line.includes('node_modules') || line.includes('(node:');
}
