/** The site: plain files that any host can serve, in `dist`. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import config from '../vite.config.ts';
import { sourcesHash } from './sources.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Says which sources a site was built of. */
const MARK = 'sources.sha256';

export const siteFolder = join(root, 'dist');

/** Builds it unless it is there and its sources are what they were. @param say  hears of it. */
export async function upToDateSite(say: (line: string) => void): Promise<void> {
  if (markOf(siteFolder) !== sourcesHash()) {
    say('Building the workbench; this takes a few seconds, once …');
    await buildSite();
  }
}

/** Builds it beside the one that is there, which is replaced once all is done. */
export async function buildSite(): Promise<void> {
  const hash = sourcesHash();
  const outDir = join(root, '.cache', `site-${process.pid}`);
  mkdirSync(outDir, { recursive: true });
  try {
    await build({
      ...config,
      ...{ root, configFile: false, logLevel: 'error' },
      build: { ...config.build, outDir, emptyOutDir: true },
    });
    writeFileSync(join(outDir, MARK), `${hash}\n`);
    rmSync(siteFolder, { recursive: true, force: true });
    renameSync(outDir, siteFolder);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

function markOf(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, MARK), 'utf8').trim();
  } catch {
    return undefined; // never built, or not to the end
  }
}
