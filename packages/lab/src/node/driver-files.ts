/** Where the drivers' sources are. */
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The packages by name; spelled out, so that tools see what is depended on. */
const entries: ReadonlyMap<string, () => string> = new Map([
  ['guest-driver', () => import.meta.resolve('@doorbell/guest-driver')],
  ['pv-frontend', () => import.meta.resolve('@doorbell/pv-frontend')],
]);

export const driverNames: readonly string[] = [...entries.keys()];

/** @param driver  a package's name without its scope. @throws RangeError when there is none such. */
export function driverFolder(driver: string): string {
  const entry = entries.get(driver);
  if (entry === undefined) {
    throw new RangeError(`There is no driver '${driver}'.`);
  }
  return dirname(fileURLToPath(entry()));
}

/** All files below a folder, relative to it, with slashes, in order. */
export function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** Of a file as traces name it, such as `guest-driver/src/bell/ring.ts`; undefined: no driver has it. */
export function driverSource(file: string): string | undefined {
  const driver = driverNames.find((name) => file.startsWith(`${name}/src/`));
  if (driver === undefined) {
    return undefined;
  }
  // A trace may name any file: only a driver's own are read.
  const folder = driverFolder(driver);
  const own = filesOf(folder).find((each) => `${driver}/src/${each}` === file);
  return own === undefined ? undefined : readFileSync(join(folder, own), 'utf8');
}
