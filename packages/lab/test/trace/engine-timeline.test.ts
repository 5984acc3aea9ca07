/** Who had the engines and who waited, as the ledger has booked it, on recorded runs of several guests. */
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { schedulersOf, type SchedulerView } from '../../src/step/inspect/scheduler.ts';
import { playerOf } from '../../src/step/player.ts';
import { engineTimelines, type EngineTimeline } from '../../src/trace/engine-timeline.ts';
import { engineUses } from '../../src/trace/engine-use.ts';
import { record } from '../../src/trace/record.ts';
import type { RunRecording } from '../../src/trace/recording.ts';
import type { StretchColumns } from '../../src/trace/stretches.ts';
import { testEnvironment } from '../environment.ts';

interface Run {
  readonly recording: RunRecording;
  readonly timelines: readonly EngineTimeline[];
  readonly views: readonly SchedulerView[];
}

async function run(stack: string, scene = 'churn', guests = 3): Promise<Run> {
  const [spec] = parseStacks(stack);
  const context = { width: 48, height: 48, frames: 2, seed: 1 };
  const drawing = { scene: scenes.get(scene)!, context, weight: 1, cap: 0 };
  const recording = await record(
    {
      ...{ spec, profile: profiles.get('kvm-x86')!, ...drawing },
      guests: Array.from({ length: guests }, (_, index) => ({ ...drawing, name: `g${index}` })),
    },
    testEnvironment,
    { source: false },
  );
  const last = await playerOf(recording, testEnvironment).state(recording.events.count);
  const timelines = engineTimelines(recording.events, last);
  return { recording, timelines, views: schedulersOf(last) };
}

function length({ starts, ends }: StretchColumns): number {
  return starts.reduce((sum, from, at) => sum + ends[at] - from, 0);
}

describe('the timeline of the engines', () => {
  it.each([
    'native',
    'sriov:scheduler=credit',
    'sriov:scheduler=equal-share',
    'mdev',
    'emulated:scheduler=equal-share',
  ])(
    '%s: what a tenant had and waited is what the ledger has',
    { timeout: 30_000 },
    async (stack) => {
      const { recording, timelines, views } = await run(stack);
      expect(timelines).toHaveLength(1);
      const [{ tenants }] = timelines;
      const [{ sharing }] = views;
      expect(tenants.map(({ tenant }) => tenant)).toEqual([0, 1, 2]);
      tenants.forEach(({ ran, behind, heldBack }, tenant) => {
        expect(length(ran)).toBe(sharing.tenants[tenant].busyNs);
        // CPUs run apart: the ledger hears of a doorbell a little later than it was rung.
        const { waitNs } = sharing.tenants[tenant];
        expect(Math.abs(length(behind) + length(heldBack) - waitNs)).toBeLessThan(
          0.04 * waitNs + 1,
        );
        expect([...ran.events].every((id) => recording.events.at(id).kind === 'packet')).toBe(true);
        const waits = [...behind.events, ...heldBack.events];
        for (const id of waits) {
          expect(['doorbell', 'packetDone']).toContain(recording.events.at(id).kind);
        }
      });
    },
  );

  it('engines stand still while a tenant waits, and longer where unused turns are lost', async () => {
    const lengths = async (stack: string, name: 'heldBack' | 'kept'): Promise<number[]> => {
      const [{ tenants }] = (await run(stack)).timelines;
      return tenants.map((tenant) => length(tenant[name]));
    };
    const sum = (each: readonly number[]) => each.reduce((total, ns) => total + ns, 0);
    const given = await lengths('sriov:scheduler=credit', 'heldBack');
    const lost = await lengths('sriov:scheduler=equal-share', 'heldBack');
    expect(sum(given)).toBeGreaterThan(0);
    expect(sum(lost)).toBeGreaterThan(2 * sum(given));
    // The first to draw keeps its turn between its frames; the last has nobody behind it.
    const kept = await lengths('sriov:scheduler=equal-share', 'kept');
    expect(kept[0]).toBeGreaterThan(0);
    expect(kept[2]).toBe(0);
    expect(sum(await lengths('sriov:scheduler=credit', 'kept'))).toBe(0);
  });

  it('passthrough: a timeline for each GPU, and nobody waits', async () => {
    const { timelines, views } = await run('passthrough', 'triangle', 2);
    expect(timelines).toHaveLength(2);
    timelines.forEach(({ tenants: [own, ...others] }, place) => {
      expect(others).toEqual([]);
      expect(length(own.ran)).toBe(views[place].sharing.tenants[0].busyNs);
      expect(length(own.behind)).toBe(0);
    });
  });

  it('has the pieces of packets that were preempted', async () => {
    const stack = 'native:preempt=on:timeslice=20';
    const { recording, timelines, views } = await run(stack, 'bunny', 2);
    const told = engineUses(recording.events, true);
    const toldNs = told.reduce((sum, { from, to }) => sum + to - from, 0);
    const busyNs = views[0].sharing.tenants.map((tenant) => tenant.busyNs);
    expect(toldNs).toBeLessThan(busyNs.reduce((sum, ns) => sum + ns, 0));
    expect(timelines[0].tenants.map(({ ran }) => length(ran))).toEqual(busyNs);
  });
});
