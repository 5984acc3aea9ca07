import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page, Route } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { fillingRenderer } from '../coursework/filling-renderer.ts';
import { Backend } from '../pv/doorbell-process.ts';
import { hasChromium } from './chromium.ts';
import { complaint, pixels, settled, useWorkbench } from './workbench.ts';

vi.setConfig({ testTimeout: 90_000 });

/** Chromium says so by itself when there is no connection. */
const NO_CONNECTION = /^WebSocket connection to .* failed/;

describe.skipIf(!hasChromium)('a backend in another process', () => {
  const bench = useWorkbench();
  const query = '?stacks=native&scene=bunny&size=64x48&source=off';

  test('draws for the page, and the pixels are those of native', async () => {
    const backend = await Backend.start();
    const page = await bench.open(`${query}&frames=2`);
    await page.getByText('Backend', { exact: true }).click();
    await page.getByLabel('Address of a backend').fill(backend.address);
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByText(/^2 frames, .* Its pixels are those of native\.$/).waitFor();
    await settled(page);
    expect(await pixels(page, 1)).toBe(await pixels(page, 0));
    expect(await page.getByText('no virtual time').count()).toBe(1);
    await page.getByRole('heading', { name: 'Doorbell' }).click();
    await page.keyboard.press('p');
    expect(await complaint(page).count()).toBe(0);
  });

  test('draws with a renderer that a student has begun, as far as it goes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'doorbell-student-'));
    try {
      fillingRenderer(folder);
      const backend = await Backend.start(0, '--with', folder);
      const page = await bench.open('?stacks=native&scene=clear&size=64x48&source=off&frames=2');
      await page.getByText('Backend', { exact: true }).click();
      await page.getByLabel('Address of a backend').fill(backend.address);
      await page.getByRole('button', { name: 'Connect' }).click();
      await page.getByText(/^2 frames, .* Its pixels are those of native\.$/).waitFor();
      await settled(page);
      expect(await pixels(page, 1)).toBe(await pixels(page, 0));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is killed and comes back while frames are drawn: none is lost', async () => {
    const backend = await Backend.start();
    const far = `pv:transport=websocket&backend=${encodeURIComponent(backend.address)}`;
    const page = await bench.open('?stacks=native&scene=triangle&size=16x16&frames=1', {
      expected: NO_CONNECTION,
    });
    await page.goto(
      `${bench.address}?stacks=native,${far}&scene=bunny&size=64x48&frames=60&source=off`,
    );
    const { host } = new URL(backend.address);
    await page.getByRole('button', { name: `Connect to ${host}` }).click();
    await page.getByText(/^pv:transport=websocket: frame [1-9]\d* of 60$/).waitFor();
    await backend.process.kill('SIGKILL');
    await page.getByRole('status').getByText('The backend is gone.').waitFor();
    await Backend.start(backend.port);
    await page.getByText('Backend', { exact: true }).click();
    const how = page.getByText(/^60 frames, .* Its pixels are those of native\.$/);
    await how.waitFor({ timeout: 60_000 });
    expect(await how.textContent()).toContain('1 × connected again');
    expect(await pixels(page, 1)).toBe(await pixels(page, 0));
  });

  test('is named by a link: nothing is connected until the reader says so', async () => {
    let connections = 0;
    const listener = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const page = await bench.open(`${query}&frames=1`, { expected: NO_CONNECTION });
    const far = encodeURIComponent(`ws://${host}/?token=none`);
    await page.goto(
      `${bench.address}?stacks=native,pv:transport=websocket&backend=${far}&frames=1&source=off`,
    );
    const connect = page.getByRole('button', { name: `Connect to ${host}` });
    await connect.waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('Waits until you allow its backend').first().waitFor();
    expect(connections).toBe(0);
    await connect.click();
    await complaint(page).waitFor();
    expect(connections).toBeGreaterThan(0);
    listener.close();
  });

  test('is not there: a message that says how to start one, and the run before stays', async () => {
    const page = await bench.open(`${query}&frames=1`, { expected: NO_CONNECTION });
    const before = await pixels(page, 0);
    await page.getByText('Backend', { exact: true }).click();
    await page.getByLabel('Address of a backend').fill('ws://127.0.0.1:9/?token=none');
    await page.getByRole('button', { name: 'Connect' }).click();
    await complaint(page).waitFor();
    expect(await complaint(page).textContent()).toMatch(/127\.0\.0\.1:9.*doorbell serve --backend/);
    expect(await pixels(page, 0)).toBe(before);
  });
});

describe.skipIf(!hasChromium)('a backend in a thread of its own', () => {
  const bench = useWorkbench();
  const query = '?stacks=native,pv:transport=worker&scene=bunny&size=64x48&frames=3&source=off';

  async function expectSame(page: Page, how: RegExp): Promise<void> {
    await page.getByText(how).waitFor();
    expect(await complaint(page).count()).toBe(0);
    expect(await pixels(page, 1)).toBe(await pixels(page, 0));
  }

  test('shares its memory with the driver, and the pixels are those of native', async () => {
    const page = await bench.open(query);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await expectSame(page, /a thread for its backend, and shared memory$/);
  });

  test('is sent messages where a page may not share memory', async () => {
    const page = await bench.open(`${query}&frames=1`);
    await page.route('**/*', async (route) => {
      const { headers, ...response } = await answerOf(route);
      const {
        'cross-origin-embedder-policy': _,
        'cross-origin-opener-policy': __,
        ...others
      } = headers;
      await route.fulfill({ ...response, headers: others });
    });
    await page.goto(bench.address + query);
    await settled(page);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
    await expectSame(page, /and messages, as this page may not share memory$/);
  });
});

async function answerOf(
  route: Route,
): Promise<{ status: number; headers: Record<string, string>; body: Buffer }> {
  const response = await route.fetch();
  return { status: response.status(), headers: response.headers(), body: await response.body() };
}
