/** The paravirtual pair on one machine: the same pixels as bare metal, whatever its options are. */
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { runStack } from '../../src/run.ts';
import { scenes } from '../../src/scenes/index.ts';
import { stackSpec } from '../../src/stack-spec.ts';
import { testEnvironment } from '../environment.ts';

function run(stack: string, options: Readonly<Record<string, string>> = {}, scene = 'triangle') {
  return runStack(
    {
      spec: stackSpec(stack, options),
      scene: scenes.get(scene)!,
      context: { width: 64, height: 48, frames: 3, seed: 1 },
      profile: profiles.get('kvm-x86')!,
    },
    testEnvironment,
  );
}

const rings = ['split', 'packed'];
const notifies = ['event-idx', 'interrupt', 'poll'];
const batches = ['1', '4', '64'];
const matrix = rings.flatMap((ring) =>
  notifies.flatMap((notify) => batches.map((batch) => ({ ring, notify, batch }))),
);

describe.each(['triangle', 'churn'])('the scene %s', (scene) => {
  it.each(matrix)('has the pixels of bare metal with %o', async (options) => {
    const native = await run('native', {}, scene);
    const { report } = await run('pv', options, scene);
    expect(report.frames).toEqual(native.report.frames);
    expect(report.driver.package).toBe('pv-frontend');
  });
});

it.each(['software', 'host'])('has them with the renderer %s', async (renderer) => {
  const native = await run('native');
  const { report } = await run('pv', { renderer });
  expect(report.frames).toEqual(native.report.frames);
});

it('shows black frames, as many, with the renderer null', async () => {
  const native = await run('native');
  const { report, monitor } = await run('pv', { renderer: 'null' });
  expect(report.frames.count).toBe(native.report.frames.count);
  expect(Math.max(...monitor.picture!.pixels)).toBe(0);
});

describe('what the pair costs', () => {
  it('is the same in two runs, to the nanosecond and the byte', async () => {
    const [one, two] = [await run('pv'), await run('pv')];
    const { wallMs: _1, ...first } = one.report.time;
    const { wallMs: _2, ...second } = two.report.time;
    expect(second).toEqual(first);
    expect(two.report.counts).toEqual(one.report.counts);
  });

  it('has a kick for each exit to a doorbell, and with notify=poll none after the first', async () => {
    const { counts } = (await run('pv')).report;
    expect(counts.kicks).toBeGreaterThan(0);
    expect(counts.exitsByReason.ioeventfd).toBe(counts.kicks);
    const polled = (await run('pv', { notify: 'poll' })).report.counts;
    expect(polled.kicks).toBeLessThanOrEqual(1);
    expect(polled.injections).toBe(0);
  });

  it('enters the device model for a kick without ioeventfd', async () => {
    const fast = (await run('pv')).report;
    const slow = (await run('pv', { ioeventfd: 'off' })).report;
    expect(slow.counts.exitsByReason.ioeventfd).toBe(0);
    expect(slow.counts.exitsByReason['mmio-write']).toBeGreaterThan(
      fast.counts.exitsByReason['mmio-write'],
    );
    expect(slow.time.virtualNs!).toBeGreaterThan(fast.time.virtualNs!);
  });

  it('has fewer kicks with larger batches', async () => {
    const kicks = async (batch: string): Promise<number> =>
      (await run('pv', { batch }, 'churn')).report.counts.kicks;
    expect(await kicks('16')).toBeLessThan(await kicks('1'));
  });

  it('counts each command by its type', async () => {
    const { counts, frames } = (await run('pv')).report;
    expect(counts.commands.RESOURCE_FLUSH).toBe(frames.count);
    expect(counts.commands.SUBMIT_3D).toBeGreaterThanOrEqual(frames.count);
    const all = Object.values(counts.commands).reduce((sum, count) => sum + count, 0);
    expect(counts.descriptors).toBeGreaterThanOrEqual(2 * all);
  });
});

it('says where a transport is not to be had', async () => {
  await expect(run('pv', { transport: 'worker' })).rejects.toThrow(
    'transport=worker is not available here.',
  );
});
