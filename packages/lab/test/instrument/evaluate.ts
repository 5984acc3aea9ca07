/** Runs an instrumented program that is plain JavaScript, its lines as they were written. */
import { compileFunction } from 'node:vm';
import { instrument } from '../../src/instrument/instrument.ts';
import { sourceOf } from '../../src/source/hook.ts';

const HOOK = 'the hook';

/** @param given  what the program sees, by name. Gives what it returns. */
export function evaluate(
  program: string,
  given: Readonly<Record<string, unknown>>,
): { readonly result: unknown; readonly file: string } {
  const file = `program${++programs}.js`;
  const { code } = instrument(program, { file, hook: HOOK });
  const start = `import { sourceOf as $sourceOf } from "${HOOK}"; `;
  if (!code.startsWith(start)) {
    throw new Error('An instrumented program imports its hook first.');
  }
  // A module's exports are what it gives; a function returns it.
  const body = code.slice(start.length).replace(/^\s*export default /m, 'return ');
  const names = Object.keys(given);
  const run: unknown = compileFunction(body, ['$sourceOf', ...names], { filename: file });
  return { result: call(run, [sourceOf, ...names.map((name) => given[name])]), file };
}

let programs = 0;

function call(run: unknown, given: readonly unknown[]): unknown {
  if (typeof run !== 'function') {
    throw new Error('The program did not compile.');
  }
  return Reflect.apply(run, undefined, given);
}
