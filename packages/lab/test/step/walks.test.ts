/** Walks of the GPU's tables for channels of virtual functions, against what the GPU's own MMU has found. */
import { gpuVa, PAGE_BYTES } from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { beforeAll, describe, expect, it } from 'vitest';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import type { StackState } from '../../src/stacks/stack.ts';
import { ringsOf } from '../../src/step/inspect/ring.ts';
import { functionsOf, partOf } from '../../src/step/inspect/saved.ts';
import { walkableOf, walkOf } from '../../src/step/inspect/walk-query.ts';
import { playerOf } from '../../src/step/player.ts';
import { record } from '../../src/trace/record.ts';
import { testEnvironment } from '../environment.ts';

const GUESTS = 2;

async function statesAtPackets(stack: string): Promise<readonly StackState[]> {
  const [spec] = parseStacks(stack);
  const context = { width: 32, height: 32, frames: 2, seed: 1 };
  const drawing = { scene: scenes.get('triangle')!, context, weight: 1, cap: 0 };
  const recording = await record(
    {
      ...{ spec, profile: profiles.get('kvm-x86')!, ...drawing },
      guests: Array.from({ length: GUESTS }, (_, index) => ({ ...drawing, name: `g${index}` })),
    },
    testEnvironment,
    { source: false },
  );
  const player = playerOf(recording, testEnvironment);
  const packets = [...recording.events].filter(({ kind }) => kind === 'packet');
  const places = [0.3, 0.4, 0.5].map((part) => packets[Math.floor(part * packets.length)].id);
  const states: StackState[] = [];
  for (const id of places) {
    states.push(await player.state(id));
  }
  return states;
}

describe.each(['sriov', 'passthrough', 'native'])('walks of %s', (stack) => {
  let states: readonly StackState[] = [];

  beforeAll(async () => {
    states = await statesAtPackets(stack);
  }, 30_000);

  it("a channel's ring is found, through the IOMMU as well, and its packets can be read", () => {
    const onBus: (string | undefined)[] = [];
    for (const state of states) {
      const { channels } = walkableOf(state);
      expect(channels.length).toBeGreaterThan(0);
      for (const { guest, bdf, requester, channel, head } of channels) {
        const walk = walkOf(state, { kind: 'gpu', guest, bdf, channel, address: head });
        expect(walk?.steps.every(({ flags }) => flags.includes('VALID'))).toBe(true);
        expect(['VRAM', 'bus']).toContain(walk?.end);
        if (walk?.end === 'bus') {
          const address = walk.address ?? NaN;
          onBus.push(walkOf(state, { kind: 'iommu', requester, address })?.end);
        }
      }
      expect(ringsOf(state).map(({ unread }) => unread)).toEqual(channels.map(() => ''));
    }
    // Before a function's first transfer the IOMMU knows nothing of it.
    const met = onBus.filter((end) => end !== 'the IOMMU has not met this function yet');
    expect(new Set(met)).toEqual(new Set(['memory']));
  });

  it("what the MMU's cache holds is where the walk ends", () => {
    let cached = 0;
    for (const state of states) {
      for (const { guest, bdf, ...each } of functionsOf(state)) {
        const part = partOf({ guest, bdf, ...each });
        part?.mmu.tags.forEach((tag, slot) => {
          if (tag === 0) {
            return;
          }
          const pages = 2 ** gpuVa.bits / PAGE_BYTES;
          const [channel, page] = [Math.floor((tag - 1) / pages), (tag - 1) % pages];
          const address = page * PAGE_BYTES;
          const walk = walkOf(state, { kind: 'gpu', guest, bdf, channel, address });
          expect(walk?.address).toBe(part.mmu.targets[slot]);
          cached++;
        });
      }
    }
    expect(cached).toBeGreaterThan(10);
  });
});

it('sriov: a channel is its virtual function on the bus, whose routing ID is not the other one', async () => {
  const [state] = await statesAtPackets('sriov');
  const { channels, requesters } = walkableOf(state);
  const own = channels.map(({ requester }) => requester);
  expect(new Set(own).size).toBe(GUESTS);
  for (const { bdf, requester } of channels) {
    expect(requester).not.toBe(bdf);
    expect(requesters).toContain(requester);
  }
});
