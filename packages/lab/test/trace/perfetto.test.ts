/**
 * The export against the Trace Event Format: the fields that its document requires of each phase
 * that is used; and against Perfetto, by the rules of its importer.
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
import { importTrace } from './perfetto-importer.ts';

const place = { pid: z.int(), tid: z.int() };
const ts = z.number().nonnegative();
const actors = ['app', 'driver', 'hypervisor', 'iommu', 'device'] as const;

/** "Complete Events", "Flow Events" and "Metadata Events" of the document. */
const chromeEvent = z.union([
  z.strictObject({
    ...{ ph: z.literal('X'), ...place, ts, dur: z.number().nonnegative() },
    ...{ name: z.string().min(1), cat: z.enum(actors), args: z.record(z.string(), z.number()) },
  }),
  z.strictObject({
    ...{ ph: z.literal('s'), ...place, ts },
    ...{ name: z.literal('cause'), cat: z.literal('cause'), id: z.int() },
  }),
  z.strictObject({
    ...{ ph: z.literal('f'), ...place, ts, bp: z.literal('e') },
    ...{ name: z.literal('cause'), cat: z.literal('cause'), id: z.int() },
  }),
  z.strictObject({
    ...{ ph: z.literal('M'), ...place },
    ...{
      name: z.enum(['process_name', 'thread_name']),
      args: z.strictObject({ name: z.string() }),
    },
  }),
  z.strictObject({
    ...{ ph: z.literal('M'), ...place },
    name: z.enum(['process_sort_index', 'thread_sort_index']),
    args: z.strictObject({ sort_index: z.int() }),
  }),
]);
const chromeFile = z.strictObject({
  displayTimeUnit: z.literal('ns'),
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

const imported = importTrace(file);

describe('the export for Perfetto', () => {
  it('has every event of the trace once', () => {
    const slices = timed.filter(({ ph }) => ph === 'X');
    expect(slices.length).toBe(recordings.reduce((sum, { events }) => sum + events.count, 0));
  });

  it('is imported by Perfetto without an error', () => {
    expect(new Set(imported.errors)).toEqual(new Set());
    expect(imported.slices.length).toBe(timed.filter(({ ph }) => ph === 'X').length);
  });

  it('has an arrow from each cause to each of its effects, and no other', () => {
    const drawn = imported.flows.map(
      ([{ event: from }, { event: to }]) =>
        `${Math.floor(to.pid / 1000)}: ${from.args.event} ${to.args.event}`,
    );
    const wanted = recordings.flatMap(({ events }, index) =>
      [...events].flatMap(({ id, cause }) => (cause === 0 ? [] : [`${index}: ${cause} ${id}`])),
    );
    expect(drawn.length).toBeGreaterThan(100);
    expect(drawn.toSorted()).toEqual(wanted.toSorted());
  });

  it('has whole nanoseconds, written in microseconds', () => {
    for (const { event, start, end } of imported.slices) {
      expect([event.ts * 1000, event.dur * 1000]).toEqual([
        expect.closeTo(start, 5),
        expect.closeTo(end - start, 5),
      ]);
      expect(end).toBeGreaterThan(start);
    }
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
