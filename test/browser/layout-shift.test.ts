/** What is shown stays where it is while the machines run and are stepped. */
import type { Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { hasChromium } from './chromium.ts';
import { settled, useWorkbench } from './workbench.ts';

vi.setConfig({ testTimeout: 60_000 });

/** "Good" of Web Vitals is a burst of less (https://web.dev/articles/cls); here it is all there are. */
const GOOD = 0.1;

/** https://wicg.github.io/layout-instability/ */
interface LayoutShift extends PerformanceEntry {
  readonly value: number;
  /** A key or a pointer within half a second before excuses it. */
  readonly hadRecentInput: boolean;
  readonly sources: readonly { readonly node: Node | null }[];
}

declare global {
  /** What moved, and how much. */
  var shifts: { readonly value: number; readonly moved: string }[];
  /** When the first machine had reported, on the clock of performance entries. */
  var reportedAt: number | undefined;
}

/** Runs in the page, from its beginning. */
function watch(): void {
  globalThis.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries() as LayoutShift[]) {
      if (!hadRecentInput) {
        const moved = sources.map(({ node }) => (node instanceof Element ? node.className : ''));
        shifts.push({ value, moved: moved.join(', ') });
      }
    }
  }).observe({ type: 'layout-shift', buffered: true });
  new MutationObserver((_, observer) => {
    if (document.querySelector('.figures') !== null) {
      globalThis.reportedAt = performance.now();
      observer.disconnect();
    }
  }).observe(document, { childList: true, subtree: true });
}

/** Once what is drawn by now was reported. */
async function sumOfShifts(page: Page): Promise<number> {
  const all = await page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) {
      await new Promise(requestAnimationFrame);
    }
    return shifts;
  });
  return all.reduce((sum, { value }) => sum + value, 0);
}

/** Presses a button as no person does: nothing excuses what moves then. */
async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).evaluate((button: HTMLElement) => {
    button.click();
  });
}

describe.skipIf(!hasChromium)('the page', () => {
  const bench = useWorkbench();

  test.each([
    { width: 1280, height: 720 },
    { width: 1920, height: 1080 },
  ])('stands still from the first paint on, at $width by $height', async (viewport) => {
    const page = await bench.open('?scene=triangle&pane=counters&beside=prices', {
      viewport,
      first: watch,
    });
    const order = await page.evaluate(() => ({
      paintedAt: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      reportedAt: globalThis.reportedAt,
    }));
    expect(order.paintedAt).toBeLessThan(order.reportedAt!);
    for (const name of ['The step before (p)', 'The call before (P)', 'The last event (End)']) {
      const before = page.url();
      await press(page, name);
      await page.waitForURL((url) => url.href !== before);
      await sumOfShifts(page);
    }
    await press(page, 'Run');
    await page.locator('.waiting').first().waitFor();
    await settled(page);
    await page
      .locator('.ranking td')
      .filter({ hasText: '…' })
      .first()
      .waitFor({ state: 'detached' });
    const sum = await sumOfShifts(page);
    expect(sum, await page.evaluate(() => JSON.stringify(shifts))).toBeLessThan(GOOD);
    await page.evaluate(() => {
      document.querySelector('main')!.style.marginTop = '100px';
    });
    expect(await sumOfShifts(page), 'what moves is seen').toBeGreaterThan(sum);
  });
});
