import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missing } from '@doorbell/peers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { accessBenchmarks } from '../src/bench/access.ts';
import { measure } from '../src/bench/benchmark.ts';
import { engineBenchmarks } from '../src/bench/engine.ts';
import { eventBenchmarks } from '../src/bench/event.ts';
import { peerBenchmarks } from '../src/bench/peers.ts';
import { ringThreadBenchmarks } from '../src/bench/ring-threads.ts';
import { ringBenchmarks } from '../src/bench/ring.ts';
import { sourceBenchmarks } from '../src/bench/source.ts';
import { translationBenchmarks } from '../src/bench/translation.ts';
import { webSocketBenchmarks } from '../src/bench/websocket.ts';
import { workerBenchmarks } from '../src/bench/worker.ts';
import { doorbell } from './captured.ts';

test.each([
  ...accessBenchmarks,
  ...translationBenchmarks,
  ...engineBenchmarks,
  ...eventBenchmarks,
  ...ringBenchmarks,
  ...ringThreadBenchmarks,
  ...workerBenchmarks,
  ...webSocketBenchmarks,
  ...sourceBenchmarks,
])('$name measures something', async (benchmark) => {
  const result = await measure(benchmark, { roundMs: 0, rounds: 1 }, async () => {});
  expect(result.value).toBeGreaterThan(0);
  expect(result.againstValue).toBeGreaterThan(0);
});

test('measures the benchmarks whose name contains the filter, as JSON on stdout', async () => {
  const { code, stdout } = await doorbell('bench --filter iommu --json -');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    schema: 'doorbell.bench/1',
    results: ['iommu.hit', 'iommu.miss'].map((name) => ({
      name,
      value: expect.any(Number),
      unit: 'translation/s',
      against: expect.any(String),
      againstValue: expect.any(Number),
      ratio: expect.any(Number),
    })),
  });
});

test('prints a row for each', async () => {
  const { stdout } = await doorbell('bench --filter iommu.hit');
  expect(stdout).toMatch(
    /^iommu\.hit {3}[\d.,]+ [kM]?translation\/s {3}[\d.]+ {3}× Map lookups\n$/,
  );
});

test('names the benchmarks when the filter lets none through', async () => {
  const { code, stderr } = await doorbell('bench --filter vulkan');
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /'vulkan'; there is mmio\.direct, .*worker\.roundtrip, .*peers\.flips\.\n$/,
  );
});

describe('of peers', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  function withoutPeers(): string {
    const cache = mkdtempSync(join(tmpdir(), 'doorbell-test-'));
    vi.stubEnv('DOORBELL_CACHE', cache);
    vi.stubEnv('DOORBELL_QEMU', '');
    return cache;
  }

  const fetch = 'get what they need with: npx doorbell peers fetch qemu';

  test('says what gets them when nothing else is to be measured', async () => {
    const cache = withoutPeers();
    const { code, stdout, stderr } = await doorbell('bench --filter peers');
    rmSync(cache, { recursive: true });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^doorbell: [^\n]*\n$/);
    expect(stderr).toContain(`Left out: peers.commands, peers.flips; ${fetch} linux`);
  });

  test('measures the others when a peer is missing', async () => {
    const cache = withoutPeers();
    const { code, stdout, stderr } = await doorbell('bench --filter mm');
    rmSync(cache, { recursive: true });
    expect(code).toBe(0);
    expect(stderr).toContain(`doorbell: Left out: peers.commands; ${fetch}\n`);
    expect(stdout).toContain('mmio.direct');
    expect(stdout).not.toContain('peers');
  });

  const [commands] = peerBenchmarks;
  const isSkipped =
    process.env.DOORBELL_REQUIRE_PEERS !== '1' && missing(commands.needs!).length > 0;

  test.skipIf(isSkipped)(
    `${commands.name} measures something (without its peer: npx doorbell peers fetch qemu)`,
    async () => {
      const result = await measure(commands, { roundMs: 0, rounds: 1 }, async () => {});
      expect(result.value).toBeGreaterThan(0);
      expect(result.againstValue).toBeGreaterThan(0);
    },
  );
});
