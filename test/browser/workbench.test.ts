import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { hasChromium } from './chromium.ts';
import { complaint, pixels, says, settled, SMALL, useWorkbench, violations } from './workbench.ts';

vi.setConfig({ testTimeout: 60_000 });

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

describe.skipIf(!hasChromium)('the workbench', () => {
  const bench = useWorkbench();

  test('runs two stacks at once, whose pixels are the same', async () => {
    const page = await bench.open('');
    const [left, right] = [await pixels(page, 0), await pixels(page, 1)];
    expect(left).toMatch(/^160x120 /);
    expect(new Set(left.split(' ')).size).toBeGreaterThan(50); // it shows something
    expect(right).toBe(left);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await violations(page)).toEqual([]);
  });

  test('dark, with a lesson and a menu open: no rule of WCAG A or AA is broken', async () => {
    const page = await bench.open(`${SMALL}&beside=step-a-frame`);
    for (let theme = ''; theme !== 'dark';) {
      await page.getByRole('button', { name: 'Theme' }).click();
      theme = (await page.locator('html').getAttribute('data-theme')) ?? '';
    }
    await page.getByText('Backend', { exact: true }).click();
    expect(await violations(page)).toEqual([]);
    const again = await page.context().newPage();
    await again.goto(bench.address);
    expect(await again.locator('html').getAttribute('data-theme')).toBe('dark');
  });

  test('steps forwards and back to the same state', async () => {
    const page = await bench.open(`${SMALL}&event=0:100`);
    await says(page, 'n'); // to an access
    const hash = await says(page, 'hash');
    await page.getByRole('heading', { name: 'Doorbell' }).click();
    const places = [page.url()];
    for (const key of ['n', 'n', 'n', 'p', 'p', 'p']) {
      const before = page.url();
      await page.keyboard.press(key);
      await page.waitForURL((url) => url.href !== before);
      places.push(page.url());
    }
    expect(places.slice(0, 3).toReversed()).toEqual(places.slice(4));
    expect(new Set(places).size).toBe(4);
    expect(await says(page, 'hash')).toBe(hash);
    await says(page, 'go 200');
    expect(await says(page, 'hash')).not.toBe(hash);
  });

  test('goes to breakpoints and watches, both ways, and says who wrote what', async () => {
    const page = await bench.open(`${SMALL}&event=1:0`);
    await says(page, 'b exit');
    const first = await says(page, 'r');
    expect(first).toMatch(/exit/);
    const second = await says(page, 'r');
    expect(second).not.toBe(first);
    expect(await says(page, 'R')).toBe(first);
    expect(await page.getByLabel('Breakpoints').textContent()).toContain('exit');
    expect(await says(page, 'b nonsense.at.all')).toMatch(/there is|no /i);
    await page.getByLabel('Command').press('ArrowUp');
    expect(await page.getByLabel('Command').inputValue()).toBe('b nonsense.at.all');
  });

  test('a link that is shared shows the same event of the same state', async () => {
    const page = await bench.open(`${SMALL}&event=1:200`);
    const where = await says(page, 'where');
    const hash = await says(page, 'hash');
    await page.keyboard.press('Escape');
    const again = await bench.open(new URL(page.url()).search);
    expect(await says(again, 'where')).toBe(where);
    expect(await says(again, 'hash')).toBe(hash);
  });

  test('?granularity= fixes what a step goes by', async () => {
    const page = await bench.open(`${SMALL}&granularity=exit`);
    expect(await page.getByText('by exit').isVisible()).toBe(true);
    expect(await says(page, 'g access')).toMatch(/fixed|granularity/);
    expect(page.url()).toContain('granularity=exit');
  });

  test("a lesson's button brings the state that the lesson speaks of", async () => {
    const page = await bench.open(SMALL);
    await page.getByRole('button', { name: 'Lessons' }).click();
    await page.locator('.lessons button').first().waitFor();
    const lessons = page.locator('.lessons button');
    const count = await lessons.count();
    expect(count).toBe(
      readdirSync(file('docs/lessons')).filter((name) => name.endsWith('.md')).length,
    );
    for (let at = 0; at < count; at++) {
      await lessons.nth(at).click();
      const show = page.locator('a.show').first();
      if ((await show.count()) > 0) {
        const wanted = new URLSearchParams((await show.getAttribute('href')) ?? '');
        await show.click();
        await page.waitForFunction(() => document.querySelector('.waiting') !== null);
        await settled(page);
        expect(await complaint(page).count()).toBe(0);
        expect(new URL(page.url()).searchParams.get('stacks')).toBe(wanted.get('stacks'));
        return;
      }
      await page.getByRole('button', { name: 'All lessons' }).click();
    }
    expect.fail('No lesson has such a button.');
  });

  test.each([
    ['?v=2', /version 2.*version 1/],
    ['?size=9x9', /16x16/],
    ['?stacks=pvv', /pv/],
    ['?scene=cow', /bunny/],
    ['?trace=../secret', /no folder/],
    ['?backend=http://127.0.0.1', /doorbell serve --backend/],
  ])('%s: a message that says how to mend it', async (query, why) => {
    const page = await bench.open(query);
    expect(await complaint(page).textContent()).toMatch(why);
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await complaint(page).count()).toBe(0);
  });

  test('a page that fails says what failed and how to go on', async () => {
    const page = await bench.open(SMALL, { expected: /This browser draws no canvas/ });
    await page.addInitScript(() => {
      HTMLCanvasElement.prototype.getContext = () => null;
    });
    await page.reload();
    await page.getByRole('heading', { name: 'The page failed' }).waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('This browser draws no canvas.');
    expect(await page.getByRole('link', { name: 'Begin anew' }).getAttribute('href')).toBe('?');
    expect(await violations(page)).toEqual([]);
  });

  test('an untouched page has its first run shown with less than 400 kB of JavaScript, compressed', async () => {
    const scripts = new Set<string>();
    const page = await bench.open('', {
      onResponse: (response) => {
        if (response.headers()['content-type']?.includes('javascript')) {
          scripts.add(response.url());
        }
      },
    });
    await page.locator('.source [aria-current=step]').waitFor();
    await page.waitForLoadState('networkidle');
    const names = [...scripts].map((url) => basename(new URL(url).pathname));
    expect(names.filter((name) => name.startsWith('worker-'))).toHaveLength(1);
    const sizes = await Promise.all([...scripts].map(compressedSize));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(400_000);
    expect(Math.max(...sizes)).toBeGreaterThan(100_000); // the machines are among them
  });
});

/** Bytes of what is there, by gzip (RFC 1952), as hosts of static files send it. */
async function compressedSize(url: string): Promise<number> {
  const response = await fetch(url);
  return gzipSync(Buffer.from(await response.arrayBuffer())).length;
}
