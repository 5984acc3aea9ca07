import type { Page } from 'playwright-core';
import { expect, describe, test, vi } from 'vitest';
import { hasChromium } from './chromium.ts';
import { complaint, pixels, useWorkbench } from './workbench.ts';

vi.setConfig({ testTimeout: 90_000 });

/** Headless, it offers WebGPU on the processor only when it is told to. */
const FLAGS = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

async function channels(page: Page, side: number): Promise<readonly string[]> {
  return (await pixels(page, side)).split(' ').slice(1);
}

describe.skipIf(!hasChromium)('renderer=webgpu in the page', () => {
  const bench = useWorkbench(undefined, FLAGS);

  test('draws in a worker, and its pixels are near those of native', async () => {
    const page = await bench.open(
      '?stacks=native,pv:renderer=webgpu&scene=triangle&size=64x48&frames=2&source=off',
    );
    await page.getByText(/a thread for its backend.*, within its bounds$/).waitFor();
    expect(await complaint(page).count()).toBe(0);
    // Most of them are the same.
    const [native, webgpu] = [await channels(page, 0), await channels(page, 1)];
    expect(webgpu).toHaveLength(native.length);
    const same = native.filter((channel, at) => channel === webgpu[at]).length;
    expect(same).toBeGreaterThan(native.length / 2);
    expect(new Set(webgpu).size).toBeGreaterThan(16);
  });
});
