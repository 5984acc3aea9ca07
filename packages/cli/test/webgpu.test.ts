import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompareReport } from '@doorbell/lab';
import { checkGpu } from '@doorbell/lab/node';
import { afterEach, expect, test, vi } from 'vitest';
import { doorbell } from './captured.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Comes first: what is found once stays found. */
test('says what is missing, and how to get it, before anything runs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'no-webgpu-'));
  vi.stubEnv('DOORBELL_WEBGPU', folder);
  for (const line of [
    'compare --frames 1 --stacks native,pv:renderer=webgpu',
    'compare --frames 1 --stacks pv:renderer=webgpu:transport=websocket',
    'serve --backend --renderer webgpu',
    `serve --vhost-user ${join(folder, 'socket')} --renderer webgpu`,
  ]) {
    const { code, stderr } = await doorbell(line);
    expect([line, code]).toEqual([line, 3]);
    expect(stderr).toBe(
      'doorbell: renderer=webgpu needs the package webgpu: npm install --no-save webgpu@0.6.2, and a Vulkan driver.\n',
    );
  }
  rmSync(folder, { recursive: true });
});

test.each([
  'trace --out x --stacks',
  'step --stacks',
  'explain --stack',
  'tlp --stack',
  'sensitive --stacks',
])('%s refuses it, as its time is not virtual', async (verb) => {
  const { code, stderr } = await doorbell(`${verb} pv:renderer=webgpu`);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^doorbell: With renderer=webgpu .*: choose another renderer\.\n$/);
});

test.each(['worker', 'websocket'])(
  'draws through a backend by %s, and compares what is rounded',
  async (transport) => {
    const why = await checkGpu().then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    if (why !== '' && process.env.DOORBELL_REQUIRE_PEERS !== '1') {
      console.warn(`skipped: ${why}`);
      return;
    }
    expect(why).toBe('');
    const { code, stdout } = await doorbell(
      `compare --scene triangle --frames 2 --size 32x24 --stacks native,pv:renderer=webgpu:transport=${transport} --no-picture --json -`,
    );
    const { identical, stacks } = JSON.parse(stdout) as CompareReport;
    const [native, pv] = stacks;
    expect([code, identical, native.pixels]).toEqual([0, false, undefined]);
    expect(pv.pixels).toMatchObject({ bound: 1, within: true });
    expect(pv.pixels!.maxDelta).toBeLessThanOrEqual(1);
    expect(pv.frames.count).toBe(2);
    expect(pv.time.virtualNs).toBeNull();
  },
);
