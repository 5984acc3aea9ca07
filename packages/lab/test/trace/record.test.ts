import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { record } from '../../src/trace/record.ts';
import { runRequest } from '../../src/trace/request.ts';
import { testEnvironment } from '../environment.ts';

function recordTriangle(stack: string) {
  const [spec] = parseStacks(stack);
  const request = {
    ...{ spec, scene: scenes.get('triangle')!, profile: profiles.get('kvm-x86')! },
    context: { width: 64, height: 48, frames: 2, seed: 1 },
  };
  return record(request, testEnvironment, { eventsPerCheckpoint: 100 });
}

describe('record', () => {
  it('keeps what was asked for, and the report', async () => {
    const { request, report } = await recordTriangle('mdev:shadow=strict');
    expect(request).toMatchObject({ stack: 'mdev:shadow=strict', scene: 'triangle', frames: 2 });
    expect(report?.frames.count).toBe(2);
  });

  it('can be run again from the request that it keeps', async () => {
    const { request, events } = await recordTriangle('passthrough');
    const again = await record(runRequest(request), testEnvironment);
    expect([...again.events]).toEqual([...events]);
  });

  it('takes checkpoints in the order of time', async () => {
    const { checkpoints, events } = await recordTriangle('native');
    expect(checkpoints.length).toBeGreaterThan(2);
    const at = checkpoints.map(({ event }) => event);
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(at.at(-1)).toBeLessThanOrEqual(events.count);
  });

  it('gives the same events for the same run', async () => {
    const [one, other] = [await recordTriangle('pv'), await recordTriangle('pv')];
    expect([...other.events]).toEqual([...one.events]);
  });
});
