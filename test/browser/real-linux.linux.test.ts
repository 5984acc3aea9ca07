/** What a real Linux sent to our virtio-gpu, recorded, served and looked at. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeWith } from '../../packages/peers/test/needs.ts';
import { DoorbellProcess } from '../pv/doorbell-process.ts';
import { hasChromium } from './chromium.ts';
import { says, useWorkbench } from './workbench.ts';

const folder = mkdtempSync(join(tmpdir(), 'doorbell-linux-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describeWith(['qemu', 'linux', 'koffi'], 'the trace of a real Linux in the workbench', () => {
  const bench = useWorkbench(async () => {
    const file = join(folder, 'linux.trace');
    const run = new DoorbellProcess(['peers', 'run', 'linux-virtio-gpu', '--trace', file]);
    expect(await run.ended, run.stderr).toBe(0);
    return [file];
  });

  test.runIf(hasChromium)('opens as it is served, with its rings, and is stepped', async () => {
    const page = await bench.open('');
    await page.getByText(/^Linux \d+\.\d+/).waitFor();
    await page.getByText(/^Every command was answered/).waitFor();
    await page.getByText(/^guest 0 queue 0: split, 64 entries$/).waitFor();
    await says(page, 'go 1');
    expect(await says(page, 'r command:RESOURCE_FLUSH')).toMatch(
      /command +RESOURCE_FLUSH resource \d+, /,
    );
    expect(await says(page, 'r used')).toMatch(/used +queue 0, 24 bytes/);
  });
});
