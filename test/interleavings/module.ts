/** Loads ring code in its instrumented form, patched before if a mutant is asked for. */
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compileFunction } from 'node:vm';
import ts from 'typescript';
import { instrument, type Instrumented } from './instrument.ts';
import { steps, type Site } from './step.ts';

/** A change of a source text: `find` must be there exactly once. */
export interface Patch {
  readonly find: string;
  readonly replace: string;
}

export interface InstrumentedModule extends Instrumented {
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Modules by their file and patches: turning them takes longer than exploring a small queue. */
const loaded = new Map<string, Promise<InstrumentedModule>>();

/** @throws SyntaxError when a patch does not fit, or the source cannot be turned. */
export function loadInstrumented(
  file: URL,
  patches: readonly Patch[] = [],
): Promise<InstrumentedModule> {
  const key = `${file.href} ${JSON.stringify(patches)}`;
  const known = loaded.get(key) ?? load(file, patches);
  loaded.set(key, known);
  return known;
}

async function load(file: URL, patches: readonly Patch[]): Promise<InstrumentedModule> {
  const path = fileURLToPath(file);
  const source = patches.reduce((text, one) => patch(path, text, one), readFileSync(path, 'utf8'));
  const instrumented = instrument(path, source);
  return { ...instrumented, exports: await evaluate(file, instrumented) };
}

function patch(path: string, text: string, { find, replace }: Patch): string {
  const count = text.split(find).length - 1;
  if (count !== 1) {
    throw new SyntaxError(`${path}: what a mutant changes is there ${count} times: ${find}`);
  }
  return text.replace(find, () => replace);
}

type Module = (
  exports: Record<string, unknown>,
  require: (name: string) => unknown,
  $: typeof steps,
  $sites: readonly Site[],
) => void;

/** Runs a module whose imports are the real ones. */
async function evaluate(
  file: URL,
  { source, sites }: Instrumented,
): Promise<Record<string, unknown>> {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.CommonJS,
      esModuleInterop: true,
    },
  });
  const imports = new Map<string, unknown>();
  for (const { fileName } of ts.preProcessFile(outputText, true, true).importedFiles) {
    const found = fileName.startsWith('.') ? new URL(fileName, file).href : fileName;
    imports.set(fileName, await import(found));
  }
  const exports: Record<string, unknown> = {};
  const run: unknown = compileFunction(outputText, ['exports', 'require', '$', '$sites'], {
    filename: pathToFileURL(`${fileURLToPath(file)}.instrumented.js`).href,
  });
  (run as Module)(exports, (name) => imports.get(name), steps, sites);
  return exports;
}
