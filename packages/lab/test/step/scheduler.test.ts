/** Who has the engines and who waits for them, at events of recorded runs. */
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { enginesOf } from '../../src/step/inspect/counters.ts';
import { schedulersOf } from '../../src/step/inspect/scheduler.ts';
import { playerOf } from '../../src/step/player.ts';
import { StepShell } from '../../src/step/shell.ts';
import { record } from '../../src/trace/record.ts';
import type { RunRecording } from '../../src/trace/recording.ts';
import { testEnvironment } from '../environment.ts';

function recorded(stack: string, guests = 3): Promise<RunRecording> {
  const [spec] = parseStacks(stack);
  const context = { width: 32, height: 32, frames: 2, seed: 1 };
  const drawing = { scene: scenes.get('triangle')!, context, weight: 1, cap: 0 };
  return record(
    {
      ...{ spec, profile: profiles.get('kvm-x86')!, ...drawing },
      guests: Array.from({ length: guests }, (_, index) => ({ ...drawing, name: `g${index}` })),
    },
    testEnvironment,
  );
}

describe('the scheduler', () => {
  it.each(['native', 'mdev:scheduler=credit', 'emulated:scheduler=equal-share'])(
    '%s: who has the engines has the packet that runs, and those that wait are ready',
    { timeout: 20_000 },
    async (stack) => {
      const recording = await recorded(stack);
      const player = playerOf(recording, testEnvironment);
      const packets = [...recording.events].filter(({ kind }) => kind === 'packet');
      let waited = 0;
      for (const { id } of packets.slice(10, 20)) {
        const state = await player.state(id + 1);
        const views = schedulersOf(state);
        expect(views).toHaveLength(1);
        const [{ running, sharing, now }] = views;
        const channels = enginesOf(state).flatMap((engine) =>
          engine.running === undefined ? [] : [engine],
        );
        expect(channels.length).toBe(running === undefined ? 0 : 1);
        for (const tenant of sharing.line) {
          expect(sharing.tenants[tenant].state).toBe('awake');
          expect(sharing.tenants[tenant].since).toBeLessThanOrEqual(now);
          waited++;
        }
      }
      expect(waited).toBeGreaterThan(0);
    },
  );

  it('passthrough: a set of engines for each guest', async () => {
    const recording = await recorded('passthrough', 2);
    const state = recording.checkpoints[0].state;
    expect(schedulersOf(state).map(({ sharing }) => sharing.tenants.length)).toEqual([1, 1]);
  });

  it('is a pane, in the words of the policy', async () => {
    const shell = new StepShell([await recorded('native:scheduler=credit')], testEnvironment);
    await shell.run('go end');
    const { lines } = await shell.run('scheduler');
    expect(lines[0]).toMatch(/^credit, slices of 30000\.000 us, at .*: nobody has the engines/);
    expect(lines[2]).toMatch(
      /^ {2}tenant 0: asleep, ran .* us, waited .* us, credits -?\d+, priority/,
    );
  });
});
