/** Runs the code of a part: its default export. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputError } from '@doorbell/lab';
import { partProblem, type Part } from '../part.ts';

const require = createRequire(import.meta.url);

/** The file of one of this project's packages, by the name that is imported. @throws Error when there is none. */
export function ownFile(name: string): string {
  return require.resolve(name);
}

/**
 * @param code  a module, bundled.
 * @param name  what it is, for messages.
 * @throws InputError when it is no part.
 */
export async function importPart(code: string, name: string): Promise<Part> {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-part-'));
  try {
    const file = join(folder, 'part.mjs');
    writeFileSync(file, code);
    const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
    const problem = partProblem(module.default);
    if (problem !== undefined) {
      throw new InputError(`The default export of ${name} ${problem}.`);
    }
    return module.default as Part;
  } catch (error) {
    throw error instanceof InputError
      ? error
      : new InputError(`${name} cannot be loaded: ${String(error)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
