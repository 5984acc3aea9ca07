/**
 * The export against the Trace Event Format: the fields that its document requires of each phase
 * that is used, and what it says of order, nesting, and arrows.
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import { DEFAULT_WEIGHT, profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { chromeTrace } from '../../src/trace/perfetto.ts';
import { record } from '../../src/trace/record.ts';
import type { Recording } from '../../src/trace/recording.ts';
import { testEnvironment } from '../environment.ts';

const place = { pid: z.int(), tid: z.int() };
const ts = z.number().nonnegative();

/** "Complete Events", "Flow Events" and "Metadata Events" of the document. */
const chromeEvent = z.union([
  z.strictObject({
    ...{ ph: z.literal('X'), ...place, ts, dur: z.number().nonnegative() },
    ...{ name: z.string().min(1), cat: z.string().min(1), args: z.record(z.string(), z.json()) },
  }),
  z.strictObject({
    ...{ ph: z.literal('s'), ...place, ts },
    ...{ name: z.string().min(1), cat: z.string().min(1), id: z.int() },
  }),
  z.strictObject({
    ...{ ph: z.literal('f'), ...place, ts, bp: z.literal('e') },
    ...{ name: z.string().min(1), cat: z.string().min(1), id: z.int() },
  }),
  z.strictObject({
    ...{ ph: z.literal('M'), ...place },
    ...{
      name: z.enum(['process_name', 'thread_name']),
      args: z.strictObject({ name: z.string() }),
    },
  }),
  z.strictObject({
    ...{ ph: z.literal('M'), ...place, name: z.literal('thread_sort_index') },
    args: z.strictObject({ sort_index: z.int() }),
  }),
]);
const chromeFile = z.strictObject({
  displayTimeUnit: z.enum(['ms', 'ns']),
  traceEvents: z.array(chromeEvent),
});
type ChromeEvent = z.infer<typeof chromeEvent>;
type Timed = Exclude<ChromeEvent, { ph: 'M' }>;

const context = { width: 32, height: 32, frames: 2, seed: 1 };
const profile = profiles.get('kvm-x86')!;
const scene = scenes.get('triangle')!;

function recorded(stack: string, guests?: number): Promise<Recording> {
  const [spec] = parseStacks(stack);
  const requests = Array.from({ length: guests ?? 0 }, (_, index) => ({
    ...{ name: `guest${index}`, scene, context, weight: DEFAULT_WEIGHT, cap: 0 },
  }));
  const run = { spec, scene, profile, context };
  return record(guests === undefined ? run : { ...run, guests: requests }, testEnvironment);
}

const recordings = [await recorded('emulated'), await recorded('pv'), await recorded('sriov', 2)];
const file = chromeFile.parse(JSON.parse(JSON.stringify(chromeTrace(recordings))));
const timed = file.traceEvents.filter((event): event is Timed => event.ph !== 'M');

function trackOf({ pid, tid }: ChromeEvent): string {
  return `${pid}/${tid}`;
}

function byTrack(events: readonly Timed[]): readonly (readonly Timed[])[] {
  const tracks = new Map<string, Timed[]>();
  for (const event of events) {
    tracks.set(trackOf(event), [...(tracks.get(trackOf(event)) ?? []), event]);
  }
  return [...tracks.values()];
}

/** In thousandths: sums of microseconds with three decimals are exact. */
function nanoseconds(us: number): number {
  return Math.round(us * 1000);
}

describe('the export for Perfetto', () => {
  it('has every event of the trace once', () => {
    const slices = timed.filter(({ ph }) => ph === 'X');
    expect(slices.length).toBe(recordings.reduce((sum, { events }) => sum + events.count, 0));
  });

  it('goes forwards in time on each track', () => {
    for (const track of byTrack(timed)) {
      track.reduce((before, event) => {
        expect(event.ts).toBeGreaterThanOrEqual(before.ts);
        return event;
      });
    }
  });

  it('nests what is on one track, so that each has an end within what it began in', () => {
    for (const track of byTrack(timed)) {
      const open: number[] = [];
      for (const event of track) {
        if (event.ph === 'X') {
          const [start, end] = [event.ts, event.ts + event.dur].map(nanoseconds);
          while (open.length > 0 && open.at(-1)! <= start) {
            open.pop();
          }
          expect(end).toBeLessThanOrEqual(open.at(-1) ?? Infinity);
          open.push(end);
        }
      }
    }
  });

  it('has one start and one end of each arrow, in this order, each within the slice it binds to', () => {
    const starts = new Map<number, Timed>();
    const ended = new Set<number>();
    const last = new Map<string, Timed>();
    for (const event of timed) {
      if (event.ph === 'X') {
        last.set(trackOf(event), event);
        continue;
      }
      expect(last.get(trackOf(event))?.ts).toBe(event.ts);
      if (event.ph === 's') {
        expect(starts.has(event.id)).toBe(false);
        starts.set(event.id, event);
      } else {
        expect(starts.get(event.id)?.ts).toBeLessThanOrEqual(event.ts);
        expect(ended.has(event.id)).toBe(false);
        ended.add(event.id);
      }
    }
    expect(starts.size).toBeGreaterThan(100);
    expect(ended).toEqual(new Set(starts.keys()));
  });

  it('names a process for each stack and guest, and a track for each actor', () => {
    const named = (name: string): Set<unknown> =>
      new Set(
        file.traceEvents.flatMap((event) =>
          event.ph === 'M' && event.name === name && 'name' in event.args ? [event.args.name] : [],
        ),
      );
    expect([...named('process_name')].sort()).toEqual([
      'emulated',
      'pv',
      'sriov guest0',
      'sriov guest1',
    ]);
    for (const actor of ['app', 'driver', 'hypervisor', 'device']) {
      expect(named('thread_name')).toContain(actor);
    }
  });

  it('lets calls, packets and waits last until they are over', () => {
    const lasting = (name: RegExp): readonly number[] =>
      timed.flatMap((event) => (event.ph === 'X' && name.test(event.name) ? [event.dur] : []));
    for (const name of [/^submit$/, /^packet /, /^wait /]) {
      expect(Math.max(...lasting(name))).toBeGreaterThan(0.1);
    }
  });
});
