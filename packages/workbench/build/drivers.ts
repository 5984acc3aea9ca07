/**
 * The drivers as the page has them: instrumented, so that a trace knows their lines; with their hashes
 * as the module `virtual:driver-hashes`, and their texts as `virtual:driver-sources`.
 */
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { instrument } from '@doorbell/lab/instrument';
import { driverFolder, driverNames, driverSha256, filesOf } from '@doorbell/lab/node';
import type { Plugin } from 'vite';

const HASHES = 'virtual:driver-hashes';
const SOURCES = 'virtual:driver-sources';

export function drivers(): Plugin {
  const folders = driverNames.map((name) => ({ name, folder: driverFolder(name) }));
  return {
    name: 'doorbell-drivers',
    enforce: 'pre',
    resolveId: (id) => ([HASHES, SOURCES].includes(id) ? `\0${id}` : undefined),
    load: (id) =>
      id === `\0${HASHES}`
        ? mapModule(
            'hashes',
            driverNames.map((name) => [name, driverSha256(name)]),
          )
        : id === `\0${SOURCES}`
          ? mapModule('files', sources(folders))
          : undefined,
    transform: (code, id) => {
      const [path = ''] = id.split('?');
      const own = folders.find(({ folder }) => path.startsWith(folder) && path.endsWith('.ts'));
      if (own === undefined) {
        return undefined;
      }
      const file = `${own.name}/src/${relative(own.folder, path).split(sep).join('/')}`;
      return { code: instrument(code, { file, hook: '@doorbell/lab/source' }).code, map: null };
    },
  };
}

interface Driver {
  readonly name: string;
  readonly folder: string;
}

function sources(folders: readonly Driver[]): readonly (readonly [string, string])[] {
  return folders.flatMap(({ name, folder }) =>
    filesOf(folder).map(
      (file) => [`${name}/src/${file}`, readFileSync(join(folder, file), 'utf8')] as const,
    ),
  );
}

function mapModule(name: string, entries: readonly (readonly [string, string])[]): string {
  return `export const ${name} = new Map(${JSON.stringify(entries)});`;
}
