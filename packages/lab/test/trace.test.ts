import type { EventKind } from '@doorbell/abi';
import { profiles, type Tracer } from '@doorbell/hypervisor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guestOfRequest } from '../src/meter.ts';
import { scenes } from '../src/scenes/index.ts';
import { parseStacks, stackKinds } from '../src/stack-spec.ts';
import { record } from '../src/trace/record.ts';
import { testEnvironment } from './environment.ts';
import { tracedRun } from './traced-run.ts';

async function trace(stackName: string, scene?: string): Promise<Tracer> {
  return (await tracedRun(stackName, scene)).host.machine.tracer;
}

/** Three who draw the same, on one GPU. */
async function threeGuests(stackName: string): Promise<Tracer> {
  const [spec] = parseStacks(stackName);
  const context = { width: 32, height: 32, frames: 2, seed: 1 };
  const drawing = { scene: scenes.get('triangle')!, context, weight: 1, cap: 0 };
  const guests = [0, 1, 2].map((index) => ({ ...drawing, name: `guest${index}` }));
  const profile = profiles.get('kvm-x86')!;
  return (await record({ ...{ spec, profile, guests }, ...drawing }, testEnvironment)).events;
}

/** Kinds from an event back to its first cause. */
function chain(tracer: Tracer, from: number): EventKind[] {
  const kinds: EventKind[] = [];
  for (let id = from; id !== 0; id = tracer.at(id).cause) {
    kinds.push(tracer.at(id).kind);
  }
  return kinds;
}

describe('the trace of a run', () => {
  it('is the same twice, event by event', async () => {
    expect([...(await trace('emulated'))]).toEqual([...(await trace('emulated'))]);
  });

  it('walks from the driver that goes on, back to the call of the application', async () => {
    const tracer = await trace('emulated');
    const kinds = [...tracer]
      .filter(({ kind }) => kind === 'wake')
      .map(({ id }) => chain(tracer, id).reverse().join(' '));
    const submitted =
      /^appCall mmioWrite exit doorbell (packet |packetDone )+fence interrupt exit exit injection handler wake$/;
    expect(kinds.some((walk) => submitted.test(walk))).toBe(true);
  });

  it('has an exit because of each access to a register, and only when emulated', async () => {
    const emulated = await trace('emulated');
    const accesses = new Set(
      [...emulated].filter(({ kind }) => kind === 'mmioWrite').map(({ id }) => id),
    );
    const exits = [...emulated].filter(({ kind, cause }) => kind === 'exit' && accesses.has(cause));
    expect(exits.length).toBe(accesses.size);
    expect([...(await trace('native'))].some(({ kind }) => kind === 'exit')).toBe(false);
  });

  it('tells every event of a call which call it was', async () => {
    const tracer = await trace('native');
    const requests = new Set([...tracer].map(({ request }) => request));
    const calls = [...tracer].filter(({ kind }) => kind === 'appCall');
    expect(calls.map(({ request }) => request)).toEqual(calls.map((_, index) => index + 1));
    expect([...requests].every((request) => request <= calls.length)).toBe(true);
  });

  it('gives every cause an id below the event that it caused', async () => {
    for (const { id, cause } of await trace('passthrough', 'image')) {
      expect(cause).toBeLessThan(id);
    }
  });

  it.each(['native', 'sriov', 'pv-assisted'])(
    '%s: a packet is for the call that rang for it, whoever had the engines before',
    async (stack) => {
      const events = await threeGuests(stack);
      const rang = new Map<number, number[]>();
      const served = new Set<number>();
      for (const { kind, a: channel, request } of events) {
        if (kind === 'doorbell') {
          rang.set(channel, [...(rang.get(channel) ?? []), request]);
        } else if (kind === 'packet' || kind === 'packetDone') {
          expect(rang.get(channel)).toContain(request);
          served.add(guestOfRequest(request));
        }
      }
      expect([...served].sort()).toEqual([0, 1, 2]);
    },
  );

  it.each([...stackKinds.keys()])(
    '%s: walks from every wake back to a call, and knows whose work all is',
    async (stack) => {
      await fc.assert(
        fc.asyncProperty(fc.constantFrom('triangle', 'image', 'churn'), async (scene) => {
          const tracer = await trace(stack, scene);
          const events = [...tracer];
          const began = events.findIndex(({ kind }) => kind === 'appCall');
          const since = events.slice(began);
          expect(since.every(({ request }) => request > 0)).toBe(true);
          const wakes = since.filter(({ kind }) => kind === 'wake');
          expect(wakes.length).toBeGreaterThan(0);
          const roots = wakes.map(({ id }) => chain(tracer, id).at(-1));
          expect(new Set(roots)).toEqual(new Set(['appCall']));
        }),
        { numRuns: 3 },
      );
    },
  );
});
