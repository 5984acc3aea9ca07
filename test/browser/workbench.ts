/** The workbench as `doorbell serve` has it, in a Chromium: one of each for all tests of a file. */
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page, Response } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { DoorbellProcess, endAll } from '../pv/doorbell-process.ts';
import { startChromium } from './chromium.ts';

export interface Bench {
  /** Of the page, without a query. */
  readonly address: string;
  /** Opens it, and waits until what the query says is there. Its console must stay silent. */
  open(query: string, how?: Opening): Promise<Page>;
}

interface Opening {
  /** What the console may say. */
  readonly expected?: RegExp;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Hears of whatever the page and its workers get. */
  readonly onResponse?: (response: Response) => void;
  /** Runs in the page before its own scripts. */
  readonly first?: () => void;
}

const axe = fileURLToPath(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url));

/** That they look at canvases. */
const ofTheTests = 'Canvas2D: Multiple readback';

/** A frame that takes no time, on two stacks with the same driver. */
export const SMALL = '?stacks=native,emulated&scene=triangle&size=64x64&frames=1&source=off';

/**
 * @param given  gives what `serve` is given beside: a trace.
 * @param flags  of Chromium, beside the usual.
 */
export function useWorkbench(
  given: () => Promise<readonly string[]> = async () => [],
  flags: readonly string[] = [],
): Bench {
  let browser: Browser;
  let server: DoorbellProcess;
  const complaints: string[] = [];
  const bench = {
    address: '',
    open: async (query: string, how: Opening = {}): Promise<Page> => {
      const { expected, viewport = { width: 1280, height: 720 }, first, onResponse } = how;
      const context = await browser.newContext({ viewport });
      const page = await context.newPage();
      if (first !== undefined) {
        await page.addInitScript(first);
      }
      if (onResponse !== undefined) {
        page.on('response', onResponse);
      }
      page.setDefaultTimeout(30_000);
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        const text = message.text();
        const isBad = ['error', 'warning'].includes(message.type());
        if (isBad && !text.startsWith(ofTheTests) && expected?.test(text) !== true) {
          complaints.push(text);
        }
      });
      await page.goto(`${bench.address}${query}`);
      await settled(page);
      return page;
    },
  };
  beforeAll(async () => {
    server = new DoorbellProcess(['serve', '--quiet', ...(await given())]);
    browser = await startChromium(flags);
    bench.address = await server.wrote('stdout', /^http:\S+(?=\n)/);
  }, 120_000);
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await endAll();
  });
  return bench;
}

/** Both sides have run, or a message says why not. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector('.complaint') !== null ||
      (document.querySelector('.figures') !== null &&
        [...document.querySelectorAll('.waiting')].every((each) =>
          each.textContent?.startsWith('No second'),
        )),
    undefined,
    { timeout: 60_000 },
  );
}

/** What a command of the stepping session answers. */
export async function says(page: Page, line: string): Promise<string> {
  await page.getByRole('tab', { name: 'Session' }).click();
  const answers = page.locator('.log pre');
  const before = await answers.count();
  const prompt = page.getByLabel('Command');
  await prompt.fill(line);
  await prompt.press('Enter');
  await answers.nth(before).waitFor();
  return (await answers.nth(before).textContent()) ?? '';
}

/** The pixels of one side's screen, as text. */
export function pixels(page: Page, side: number): Promise<string> {
  return page.evaluate((at) => {
    const canvas = document.querySelectorAll<HTMLCanvasElement>('canvas.screen')[at];
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return `${canvas.width}x${canvas.height} ${data.join(' ')}`;
  }, side);
}

export function complaint(page: Page): Locator {
  return page.locator('.complaint[role=alert] p');
}

/** What WCAG A and AA have rules for that a program can check. @param within  a CSS selector. */
export async function violations(page: Page, within = 'html'): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) {
    await page.addScriptTag({ path: axe });
  }
  return page.evaluate(async (selector) => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    const { violations: found } = await axe.run(selector, { runOnly: tags });
    return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }, within);
}
