/** `--source`: the drivers are instrumented when they are loaded, so that a trace knows their lines. */
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { instrument } from '@doorbell/lab/instrument';
import { transform } from 'esbuild';
import { driverFolder, driverNames, filesOf } from '@doorbell/lab/node';

const hook = import.meta.resolve('@doorbell/lab/source');

let enabled = false;

/** To be called before anything is loaded that imports a driver: one that is loaded stays as it is. */
export async function enableSource(): Promise<void> {
  if (enabled) {
    return;
  }
  enabled = true;
  const sources = driverNames.flatMap((driver) => {
    const folder = driverFolder(driver);
    return filesOf(folder)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => ({ path: join(folder, file), file: `${driver}/src/${file}` }));
  });
  const modules = new Map(
    await Promise.all(
      sources.map(async ({ path, file }): Promise<[string, string]> => {
        const { code } = instrument(readFileSync(path, 'utf8'), { file, hook });
        return [pathToFileURL(path).href, await plainJavaScript(path, code)];
      }),
    ),
  );
  register(new URL('./source-loader.mjs', import.meta.url), { data: modules });
}

/** Without types. Stack traces, and debuggers, find the source's own lines. */
async function plainJavaScript(path: string, code: string): Promise<string> {
  const options = { loader: 'ts', format: 'esm', target: 'es2022', sourcemap: 'inline' } as const;
  return (await transform(code, { ...options, sourcefile: fileURLToPath(pathToFileURL(path)) }))
    .code;
}
