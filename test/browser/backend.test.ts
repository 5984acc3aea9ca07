import { describe, expect, test, vi } from 'vitest';
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

  test('is killed and comes back while frames are drawn: none is lost', async () => {
    const backend = await Backend.start();
    const far = `pv:transport=websocket&backend=${encodeURIComponent(backend.address)}`;
    const page = await bench.open(
      '?stacks=native&scene=triangle&size=16x16&frames=1',
      NO_CONNECTION,
    );
    await page.goto(
      `${bench.address}?stacks=native,${far}&scene=bunny&size=64x48&frames=60&source=off`,
    );
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

  test('is not there: a message that says how to start one, and the run before stays', async () => {
    const page = await bench.open(`${query}&frames=1`, NO_CONNECTION);
    const before = await pixels(page, 0);
    await page.getByText('Backend', { exact: true }).click();
    await page.getByLabel('Address of a backend').fill('ws://127.0.0.1:9/?token=none');
    await page.getByRole('button', { name: 'Connect' }).click();
    await complaint(page).waitFor();
    expect(await complaint(page).textContent()).toMatch(/127\.0\.0\.1:9.*doorbell serve --backend/);
    expect(await pixels(page, 0)).toBe(before);
  });
});
