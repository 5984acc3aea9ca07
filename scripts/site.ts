// npm run site
//
// Builds the site of docs/ into docs/.vitepress/dist, with the API of the packages under api/. Fails
// at any link that leads nowhere, in the file or on the page.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deadLinks } from './dead-links.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const site = `${root}docs/.vitepress/dist`;

/** Runs one of the tools that are installed here. Gives whether all went well. */
async function tool(path: string, args: readonly string[]): Promise<boolean> {
  const started = Date.now();
  const child = spawn(process.execPath, [`${root}node_modules/${path}`, ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stdout.write(`${path} ended with ${code} after ${seconds} s\n`);
  return code === 0;
}

/** @returns whether there are none. */
function checkLinks(): boolean {
  cpSync(`${root}.cache/api`, `${site}/api`, { recursive: true });
  const dead = deadLinks(site);
  process.stdout.write(dead.map((line) => `${line}\n`).join(''));
  process.stdout.write(`${site}: ${dead.length} dead links\n`);
  return dead.length === 0;
}

const ended = await Promise.all([
  tool('vitepress/bin/vitepress.js', ['build', 'docs']),
  tool('typedoc/bin/typedoc', ['--logLevel', 'Warn']),
]);
process.exitCode = ended.every(Boolean) && checkLinks() ? 0 : 1;
