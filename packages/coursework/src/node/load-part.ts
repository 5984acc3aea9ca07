/** Loads a part from the folder or file that somebody wrote. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputError } from '@doorbell/lab';
import * as esbuild from 'esbuild';
import type { Part } from '../part.ts';
import { importPart, ownFile } from './import-part.ts';

/** Where the part is, of a folder that does not say. */
const usualEntries = ['src/index.ts', 'index.ts'];

/**
 * This project's packages are this process's own, whatever the part's folder has installed: an error
 * of a class is one of the class that is asked for.
 */
const ownPackages: esbuild.Plugin = {
  name: 'own-packages',
  setup: (build) => {
    build.onResolve({ filter: /^@doorbell\// }, ({ path }) => {
      try {
        return { path: pathToFileURL(ownFile(path)).href, external: true };
      } catch {
        return { errors: [{ text: `There is no package ${path} that a part may import.` }] };
      }
    });
  },
};

export interface LoadedPart {
  readonly part: Part;
  /** The files that it is made of, as paths. */
  readonly files: readonly string[];
}

/**
 * The default export of a package, or of a TypeScript file, as it is now: each call reads it anew.
 * @throws InputError when there is none, or it is no part.
 */
export async function loadPart(target: string): Promise<LoadedPart> {
  const entry = entryOf(target);
  const { code, files } = await bundle(entry);
  return { part: await importPart(code, entry), files };
}

/** @throws InputError */
function entryOf(target: string): string {
  const stats = statSync(target, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new InputError(`There is no '${target}': give a part's folder, or its TypeScript file.`);
  }
  if (!stats.isDirectory()) {
    return resolve(target);
  }
  const candidates = [...declaredEntries(target), ...usualEntries].map((each) =>
    resolve(target, each),
  );
  const found = candidates.find((each) => existsSync(each));
  if (found === undefined) {
    throw new InputError(
      `The folder '${target}' holds no part: its package.json exports none, and there is no ${usualEntries.join(' or ')}.`,
    );
  }
  return found;
}

/** What a folder's package.json names as its entry. @throws InputError */
function declaredEntries(folder: string): readonly string[] {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) {
    return [];
  }
  try {
    const { exports } = JSON.parse(readFileSync(file, 'utf8')) as { readonly exports?: unknown };
    return typeof exports === 'string' ? [exports] : [];
  } catch {
    throw new InputError(`'${file}' is no JSON.`);
  }
}

/** The files that a part is made of, as paths; of one that does not compile, its entry alone. @throws InputError */
export async function partFiles(target: string): Promise<readonly string[]> {
  const entry = entryOf(target);
  try {
    return (await bundle(entry)).files;
  } catch {
    return [entry];
  }
}

async function bundle(entry: string): Promise<{ code: string; files: readonly string[] }> {
  try {
    const { outputFiles, metafile } = await esbuild.build({
      ...{ entryPoints: [entry], bundle: true, write: false, metafile: true, logLevel: 'silent' },
      ...{ format: 'esm', platform: 'node', target: 'node20', sourcemap: 'inline' },
      // Source maps name files as they lie.
      ...{ outdir: '/', sourceRoot: '/', plugins: [ownPackages] },
    });
    return {
      code: outputFiles[0].text,
      files: Object.keys(metafile.inputs).map((file) => resolve(file)),
    };
  } catch (error) {
    const [first] = (error as Partial<esbuild.BuildFailure>).errors ?? [];
    if (first === undefined) {
      throw error;
    }
    const { location, text } = first;
    const where = location === null ? entry : `${location.file}:${location.line}`;
    throw new InputError(`${where}: ${text}`);
  }
}
