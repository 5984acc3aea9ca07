/**
 * What the page loads that is no program: the bunny's mesh, and the texts of the drivers as the module
 * `virtual:driver-sources`. They lie beside the program as JSON, which a browser need not compile.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { driverFolder, driverNames, filesOf } from '@doorbell/lab/node';
import type { Plugin } from 'vite';
import type { SourceFile } from '../src/machine/contract.ts';
import { marksOf } from './colours-of-source.ts';

const SOURCES = 'virtual:driver-sources';
const BUNNY = 'bunny';

/** By the name of the module: its exports, each the expression of what was read. */
interface Data {
  readonly read: () => unknown;
  readonly exports: Readonly<Record<string, string>>;
}

const modules: ReadonlyMap<string, Data> = new Map([
  [SOURCES, { read: sources, exports: { files: 'new Map(data)' } }],
  [
    BUNNY,
    {
      read: () => createRequire(import.meta.url)(BUNNY) as unknown,
      exports: { cells: 'data.cells', positions: 'data.positions' },
    },
  ],
]);

export function data(): Plugin {
  let isBuild = true;
  return {
    name: 'doorbell-data',
    enforce: 'pre',
    configResolved: ({ command }) => {
      isBuild = command === 'build';
    },
    resolveId: (id) => (modules.has(id) ? `\0${id}` : undefined),
    load(id) {
      const name = id.slice(1);
      const found = id.startsWith('\0') ? modules.get(name) : undefined;
      if (found === undefined) {
        return undefined;
      }
      const json = JSON.stringify(found.read());
      const read = isBuild
        ? fetched(
            this.emitFile({
              type: 'asset',
              name: `${name.replace(/^virtual:/, '')}.json`,
              source: json,
            }),
          )
        : json;
      const all = Object.entries(found.exports);
      return [
        `const data = ${read};`,
        ...all.map(([key, of]) => `export const ${key} = ${of};`),
      ].join('\n');
    },
  };
}

/** @param reference  of the emitted file. */
function fetched(reference: string): string {
  return `await (await fetch(import.meta.ROLLUP_FILE_URL_${reference})).json()`;
}

function sources(): readonly (readonly [string, SourceFile])[] {
  return driverNames.flatMap((driver) => {
    const folder = driverFolder(driver);
    return filesOf(folder).map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      return [`${driver}/src/${file}`, { text, marks: marksOf(text) }] as const;
    });
  });
}
