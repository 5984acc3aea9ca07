// npm run screenshot: docs/images/workbench.png, of the page as it is, in the Chromium that there is.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startChromium } from '../test/browser/chromium.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const picture = `${root}docs/images/workbench.png`;

/** The middle of the last frame: what was submitted, and what it brings about. */
const QUERY = '?stacks=passthrough,pv&scene=bunny&frames=2&size=320x240';

const server = spawn(process.execPath, ['packages/cli/bin/doorbell.mjs', 'serve'], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [address] = (await once(createInterface(server.stdout), 'line')) as [string];
  const browser = await startChromium();
  try {
    const page = await browser.newPage({
      ...{ viewport: { width: 1280, height: 720 }, deviceScaleFactor: 2 },
      ...{ colorScheme: 'dark', reducedMotion: 'reduce' },
    });
    await page.goto(address + QUERY);
    await page.locator('.figures').nth(1).waitFor();
    await page.locator('.source li').first().waitFor();
    // All is still: the background's runs, too.
    await page.waitForTimeout(3000);
    await page.screenshot({ path: picture });
  } finally {
    await browser.close();
  }
} finally {
  server.kill('SIGTERM');
}
process.stdout.write(`${picture}: ${Math.round(statSync(picture).size / 1024)} KiB\n`);
