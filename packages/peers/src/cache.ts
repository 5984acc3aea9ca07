/** Where what was fetched for the peers lies: a folder of the user's. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$DOORBELL_CACHE`, or `doorbell` in the user's cache folder (XDG Base Directory). */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { DOORBELL_CACHE, XDG_CACHE_HOME } = env;
  if (DOORBELL_CACHE !== undefined && DOORBELL_CACHE !== '') {
    return DOORBELL_CACHE;
  }
  const base =
    XDG_CACHE_HOME === undefined || XDG_CACHE_HOME === ''
      ? join(homedir(), '.cache')
      : XDG_CACHE_HOME;
  return join(base, 'doorbell');
}

/** The folder of one bundle of packages. */
export function bundleFolder(name: string): string {
  return join(cacheFolder(), 'peers', name);
}
