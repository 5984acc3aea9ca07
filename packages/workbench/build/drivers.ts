/**
 * The drivers as the page has them: instrumented, so that a trace knows their lines; and their texts
 * and hashes, as the module `virtual:drivers`.
 */
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { instrument } from '@doorbell/lab/instrument';
import { driverFolder, driverNames, driverSha256, filesOf } from '@doorbell/lab/node';
import type { Plugin } from 'vite';

const NAME = 'virtual:drivers';
const RESOLVED = `\0${NAME}`;

export function drivers(): Plugin {
  const folders = driverNames.map((name) => ({ name, folder: driverFolder(name) }));
  return {
    name: 'doorbell-drivers',
    enforce: 'pre',
    resolveId: (id) => (id === NAME ? RESOLVED : undefined),
    load: (id) => (id === RESOLVED ? moduleText(folders) : undefined),
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

function moduleText(folders: readonly Driver[]): string {
  const files = folders.flatMap(({ name, folder }) =>
    filesOf(folder).map((file): [string, string] => [
      `${name}/src/${file}`,
      readFileSync(join(folder, file), 'utf8'),
    ]),
  );
  const hashes = folders.map(({ name }): [string, string] => [name, driverSha256(name)]);
  return [
    `export const files = new Map(${JSON.stringify(files)});`,
    `export const hashes = new Map(${JSON.stringify(hashes)});`,
  ].join('\n');
}
