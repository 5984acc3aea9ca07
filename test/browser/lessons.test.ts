import type { Locator, Page } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { hasChromium } from './chromium.ts';
import { complaint, settled, SMALL, useWorkbench, violations } from './workbench.ts';

vi.setConfig({ testTimeout: 180_000 });

/** A run of more pixels is cut to one small frame: it is the button that is tested. */
const MOST_PIXELS = 1_000_000;

const line = (page: Page): Locator => page.getByLabel('Line of the terminal');

/** All that the terminal said, once so many lines are done. */
async function output(page: Page, lines: number): Promise<string> {
  await page.waitForFunction((count) => {
    const asked = [...document.querySelectorAll('.terminal .log .asked')];
    return asked.length === count && !asked.some((each) => each.textContent?.endsWith(' …'));
  }, lines);
  return (await page.locator('.terminal .log pre').allTextContents()).join('\n');
}

/** Presses a button that shows a run, and waits until it is there. */
async function show(page: Page, button: Locator): Promise<void> {
  await button.evaluate((anchor: HTMLAnchorElement, most) => {
    const query = new URLSearchParams(anchor.search);
    const [width, height] = (query.get('size') ?? '160x120').split('x').map(Number);
    if (Number(query.get('frames') ?? 2) * width * height > most) {
      query.set('frames', '1');
      query.set('size', '64x48');
      anchor.search = query.toString();
    }
  }, MOST_PIXELS);
  await button.click();
  await page.waitForFunction(
    () => document.querySelector<HTMLButtonElement>('.header .primary')?.disabled === false,
  );
  await settled(page);
}

/** Presses a button that types into the terminal; nothing that it types may be wrong. */
async function type(page: Page, button: Locator): Promise<string> {
  const href = (await button.getAttribute('href')) ?? '';
  await button.click();
  const lines = (new URLSearchParams(href).get('terminal') ?? '').split('\n');
  const said = await output(page, lines.filter((each) => !each.startsWith('#')).length);
  expect(await page.locator('.terminal .bad').allTextContents(), href).toEqual([]);
  return said;
}

/** Buttons whose lines are the beginning of another's are left out. */
async function longest(buttons: readonly Locator[]): Promise<readonly Locator[]> {
  const hrefs = await Promise.all(buttons.map((button) => button.getAttribute('href')));
  return buttons.filter(
    (_, at) => !hrefs.some((href, other) => other !== at && href?.startsWith(`${hrefs[at]}%0A`)),
  );
}

describe.skipIf(!hasChromium)('lessons and the terminal', () => {
  const bench = useWorkbench();

  test('every button of every lesson does what it can, and nothing goes wrong', async () => {
    const page = await bench.open(`${SMALL}&beside=lessons`);
    const titles = await page.locator('.lessons button').allTextContents();
    expect(titles.length).toBeGreaterThan(10);
    let said = '';
    let shown = 0;
    for (const title of titles) {
      await page.getByRole('button', { name: title, exact: true }).click();
      for (const button of await page.locator('article a[data-follow]').all()) {
        await show(page, button);
        expect(await complaint(page).allTextContents(), page.url()).toEqual([]);
        shown++;
      }
      for (const button of await longest(await page.locator('article a[data-type]').all())) {
        said += await type(page, button);
      }
      await page.getByRole('button', { name: 'All lessons' }).click();
    }
    expect(shown).toBeGreaterThan(30);
    expect(said).toContain(
      'group 2  01:00.0 01:00.1  absent  not viable: 01:00.0 is bound to bell',
    );
    expect(said).toContain('That is 32 of its 32 bytes.');
    // Wrong on purpose; the others of the session are not.
    const scripts = await bench.open(`${SMALL}&pane=session&script=who doorbel.TAIL`);
    expect(await scripts.locator('.log .bad').allTextContents()).toEqual([
      expect.stringContaining("There is no register 'doorbel.TAIL'; near it: doorbell"),
    ]);
  });

  test('a line is typed, completed and recalled, and a link brings all of it back', async () => {
    const page = await bench.open(SMALL);
    await page.getByRole('button', { name: 'Terminal' }).click();
    await line(page).fill('npx doorbell vf');
    await line(page).press('Tab');
    await expect.poll(() => line(page).inputValue()).toBe('npx doorbell vfio ');
    await line(page).press('Enter');
    await output(page, 1);
    await line(page).fill('driver 01');
    await line(page).press('Tab');
    await expect.poll(() => line(page).inputValue()).toBe('driver 01:00.');
    await line(page).pressSequentially('1');
    await line(page).press('Enter');
    expect(await output(page, 2)).toContain('01:00.1: snd_hda_intel');
    await line(page).fill('npx doorbell bench');
    await line(page).press('Enter');
    expect(await output(page, 3)).toContain("'bench' is for a terminal of your own");
    expect(await violations(page)).toEqual([]);
    await line(page).press('ArrowUp');
    await line(page).press('ArrowUp');
    expect(await line(page).inputValue()).toBe('driver 01:00.1');
    const again = await bench.open(new URL(page.url()).search);
    expect(await output(again, 3)).toBe(await output(page, 3));
    await again.getByLabel('Terminal', { exact: true }).getByText('Close').click();
    expect(await again.getByRole('tab', { name: 'Why' }).isVisible()).toBe(true);
  });
});
