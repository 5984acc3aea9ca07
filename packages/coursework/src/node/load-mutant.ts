/**
 * Loads a part of this project with a bug in it. The bug is in memory alone: what has to do with the
 * file that it is in is bundled, and all other files are this process's own, so that an error of a
 * class is one of the class that is asked for.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { mutated, type Mutant } from '../mutants/mutant.ts';
import type { Part, PartKind } from '../part.ts';
import { importPart, ownFile } from './import-part.ts';

const repository = fileURLToPath(new URL('../../../..', import.meta.url));
const references = fileURLToPath(new URL('../reference', import.meta.url));

/** A module whose default export is this project's part. */
const entries: Readonly<Record<PartKind, (mutant: Mutant) => string>> = {
  renderer: () => `export { renderer as default } from './renderer.ts';`,
  driver: () => `export { driver as default } from './driver.ts';`,
  queue: () => `export { queue as default } from './queue.ts';`,
  edu: () => `export { edu as default } from './edu.ts';`,
  channel: () => `export { channel as default } from './channel.ts';`,
  project: () => `export { project as default } from './project.ts';`,
  'packed-queue': () => `export { packedQueue as default } from './packed-queue.ts';`,
  'driver-queue': () => `export { driverQueue as default } from './driver-queue.ts';`,
  'packed-driver-queue': () =>
    `export { packedDriverQueue as default } from './packed-driver-queue.ts';`,
  device: () => `export { device as default } from './device.ts';`,
  frontend: () => `export { frontend as default } from './frontend.ts';`,
  scheduler: ({ policy }) =>
    `import { schedulerOf } from './scheduler.ts';
     export default schedulerOf(${policy === undefined ? '' : JSON.stringify(policy)});`,
  invalidation: ({ policy }) =>
    `import { invalidationOf } from './invalidation.ts';
     export default invalidationOf(${policy === undefined ? '' : JSON.stringify(policy)});`,
  mediation: ({ policy }) =>
    `import { mediationOf } from './mediation.ts';
     export default mediationOf(${policy === undefined ? '' : JSON.stringify(policy)});`,
  transport: () => `export { transport as default } from './transport.ts';`,
};

/** Of each kind: the files that its part is made of, and which imports which. */
const graphs = new Map<PartKind, Promise<esbuild.Metafile['inputs']>>();

/** @throws RangeError when its text does not stand in its file once. */
export async function loadMutant(mutant: Mutant): Promise<Part> {
  const file = join(repository, mutant.file);
  const text = mutated(textOf(mutant), mutant);
  const bundled = reaching(await graphOf(mutant), file);
  if (!bundled.has(file)) {
    throw new RangeError(`No ${mutant.kind} has ${mutant.file} in it.`);
  }
  const patch: esbuild.Plugin = {
    name: 'mutant',
    setup: (build) => {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) =>
        path === file ? { contents: text, loader: 'ts' } : undefined,
      );
    },
  };
  const { outputFiles } = await build(mutant, [patch, ownFiles((path) => bundled.has(path))]);
  return importPart(outputFiles[0].text, `the mutant '${mutant.id}'`);
}

/** The file that it changes, as it should be. */
export function textOf({ file }: Mutant): string {
  return readFileSync(join(repository, file), 'utf8');
}

function graphOf(mutant: Mutant): Promise<esbuild.Metafile['inputs']> {
  const known = graphs.get(mutant.kind);
  if (known !== undefined) {
    return known;
  }
  const graph = build(mutant, [ownFiles(() => true)]).then(({ metafile }) => metafile.inputs);
  graphs.set(mutant.kind, graph);
  return graph;
}

/** The files that import this one, directly or not; and itself, if it is one of them at all. */
function reaching(inputs: esbuild.Metafile['inputs'], file: string): ReadonlySet<string> {
  const importers = new Map<string, string[]>();
  for (const [name, { imports }] of Object.entries(inputs)) {
    for (const { path } of imports) {
      importers.set(resolve(path), [...(importers.get(resolve(path)) ?? []), resolve(name)]);
    }
  }
  const found = new Set(importers.has(file) ? [file] : []);
  for (const each of found) {
    importers.get(each)?.forEach((importer) => found.add(importer));
  }
  return found;
}

/** This project's files, bundled where asked for; everything else stays outside. */
function ownFiles(isBundled: (path: string) => boolean): esbuild.Plugin {
  const outside = { external: true, sideEffects: false };
  return {
    name: 'own-files',
    setup: (build) => {
      build.onResolve({ filter: /./ }, ({ path, resolveDir }) => {
        if (!path.startsWith('@doorbell/') && !path.startsWith('.')) {
          return { path: import.meta.resolve(path), ...outside };
        }
        const file = path.startsWith('.') ? resolve(resolveDir, path) : ownFile(path);
        return isBundled(file)
          ? { path: file, sideEffects: false }
          : { path: pathToFileURL(file).href, ...outside };
      });
    },
  };
}

function build(
  mutant: Mutant,
  plugins: esbuild.Plugin[],
): Promise<esbuild.BuildResult<{ write: false; metafile: true }>> {
  const contents = entries[mutant.kind](mutant);
  return esbuild.build({
    ...{ stdin: { contents, resolveDir: references, loader: 'ts' }, bundle: true, plugins },
    ...{ write: false, metafile: true, logLevel: 'silent', outdir: '/', sourceRoot: '/' },
    ...{ format: 'esm', platform: 'node', target: 'node20', sourcemap: 'inline' },
  });
}
