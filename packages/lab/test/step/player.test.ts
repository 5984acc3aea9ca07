/** States of a recorded run, at any event, whichever way one comes there. */
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { findBug } from '../../src/bugs/index.ts';
import { callNames } from '../../src/meter.ts';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { playerOf } from '../../src/step/player.ts';
import { stateHash } from '../../src/step/state-hash.ts';
import { record } from '../../src/trace/record.ts';
import type { RunRecording } from '../../src/trace/recording.ts';
import { testEnvironment } from '../environment.ts';

function recorded(
  stack: string,
  scene: string,
  frames: number,
  eventsPerCheckpoint = 400,
): Promise<RunRecording> {
  const [spec] = parseStacks(stack);
  const request = {
    ...{ spec, scene: scenes.get(scene)!, profile: profiles.get('kvm-x86')! },
    context: { width: 32, height: 24, frames, seed: 1 },
  };
  return record(request, testEnvironment, { eventsPerCheckpoint });
}

const PRESENT = callNames.indexOf('present');

/** The first and the last event of the last frame: from one call of present to the next. */
function lastFrame({ events }: RunRecording): readonly [number, number] {
  const frames = [...events].filter(({ kind, a }) => kind === 'appCall' && a === PRESENT);
  return [frames.at(-2)!.id, frames.at(-1)!.id];
}

/** A few events of the last frame, from its end on. */
function fewOfLastFrame(recording: RunRecording): number[] {
  const [from, to] = lastFrame(recording);
  const step = Math.max(1, Math.floor((to - from) / 5));
  const ids: number[] = [];
  for (let id = to; id >= from; id -= step) {
    ids.push(id);
  }
  return ids;
}

describe('a player', () => {
  it('has the last state of a driver that polled for ever', async () => {
    const [spec] = parseStacks('native');
    const recording = await record(
      {
        ...{ spec, scene: scenes.get('triangle')!, profile: profiles.get('kvm-x86')! },
        context: { width: 32, height: 24, frames: 1, seed: 1 },
        bug: findBug('polls-another-part'),
      },
      testEnvironment,
      { source: false },
    );
    expect(recording.error).toMatch(/^EndlessPoll/);
    const player = playerOf(recording, testEnvironment);
    const { count } = recording.events;
    const [before, last] = [await player.state(count - 1), await player.state(count)];
    expect(stateHash(last, testEnvironment)).not.toBe(stateHash(before, testEnvironment));
  });

  it.each([
    'native',
    'passthrough:viommu=deferred',
    'sriov',
    'mdev:shadow=strict',
    'emulated',
    'pv',
    'pv-assisted',
  ])('%s: back through a frame and forwards again to the same states', async (stack) => {
    const recording = await recorded(stack, 'bunny', 2);
    const hashOf = async (player: ReturnType<typeof playerOf>, id: number) =>
      stateHash(await player.state(id), testEnvironment);
    const ids = fewOfLastFrame(recording);
    const player = playerOf(recording, testEnvironment);
    const back: string[] = [];
    for (const id of ids) {
      back.push(await hashOf(player, id));
    }
    const forwards: string[] = [];
    const other = playerOf(recording, testEnvironment);
    for (const id of ids.toReversed()) {
      forwards.push(await hashOf(other, id));
    }
    expect(forwards.reverse()).toEqual(back);
    expect(new Set(back).size).toBe(back.length);
  });

  // Checkpoints lie within the frame, so that steps go back behind them and forwards past them.
  it.each(['native', 'pv'])(
    '%s: steps back through every event of a frame and forwards again, and is where it was',
    { timeout: 30_000 },
    async (stack) => {
      const recording = await recorded(stack, 'bunny', 2, 40);
      const [from, to] = lastFrame(recording);
      const within = recording.checkpoints.filter(({ event }) => event > from && event < to);
      expect(within.length).toBeGreaterThan(0);
      const player = playerOf(recording, testEnvironment);
      const back = new Map<number, string>();
      const forwards = new Map<number, string>();
      const note = async (hashes: Map<number, string>, id: number): Promise<void> => {
        const state = await player.state(id);
        // A hash takes longer than a step.
        if ((to - id) % 9 === 0) {
          hashes.set(id, stateHash(state, testEnvironment));
        }
      };
      for (let id = to; id >= from; id--) {
        await note(back, id);
      }
      for (let id = from; id <= to; id++) {
        await note(forwards, id);
      }
      expect(forwards.get(to)).toBe(back.get(to));
      expect([...forwards].reverse()).toEqual([...back]);
      expect(new Set(back.values()).size).toBe(back.size);
      // Nor has what was stepped through changed what others see of it.
      const other = await playerOf(recording, testEnvironment).state(to);
      expect(stateHash(other, testEnvironment)).toBe(back.get(to));
    },
  );

  it('has no state of an event that is not there', async () => {
    const recording = await recorded('native', 'clear', 1);
    const { count } = recording.events;
    await expect(playerOf(recording, testEnvironment).state(count + 1)).rejects.toThrow(
      `There is no event ${count + 1}: the recording has 1 to ${count}.`,
    );
  });
});
