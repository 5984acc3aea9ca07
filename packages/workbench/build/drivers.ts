/**
 * The drivers as the page has them: instrumented, so that a trace knows their lines; with their hashes
 * as the module `virtual:driver-hashes`.
 */
import { relative, sep } from 'node:path';
import { instrument } from '@doorbell/lab/instrument';
import { driverFolder, driverNames, driverSha256 } from '@doorbell/lab/node';
import type { Plugin } from 'vite';

const HASHES = 'virtual:driver-hashes';

export function drivers(): Plugin {
  const folders = driverNames.map((name) => ({ name, folder: driverFolder(name) }));
  return {
    name: 'doorbell-drivers',
    enforce: 'pre',
    resolveId: (id) => (id === HASHES ? `\0${id}` : undefined),
    load: (id) => {
      if (id !== `\0${HASHES}`) {
        return undefined;
      }
      const hashes = driverNames.map((name) => [name, driverSha256(name)]);
      return `export const hashes = new Map(${JSON.stringify(hashes)});`;
    },
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
