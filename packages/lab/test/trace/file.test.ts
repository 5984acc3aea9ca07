import { Recorder, Replay, Tracer, profiles } from '@doorbell/hypervisor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Monitor } from '../../src/monitor.ts';
import { finishMesh } from '../../src/raw-mesh.ts';
import { scenes } from '../../src/scenes/index.ts';
import { buildStack } from '../../src/stacks/index.ts';
import { alone, loadStack, saveStack } from '../../src/stacks/stack.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { seal } from '../../src/trace/envelope.ts';
import { loadTrace, saveTrace } from '../../src/trace/file.ts';
import { record } from '../../src/trace/record.ts';
import type { RunRecording } from '../../src/trace/recording.ts';
import { runRequest } from '../../src/trace/request.ts';
import { firstDifference } from '../difference.ts';
import { testEnvironment } from '../environment.ts';
import { cube } from '../meshes.ts';

const { sha256 } = testEnvironment;
const profile = profiles.get('kvm-x86')!;
const size = { width: 48, height: 32, frames: 2, seed: 1 };

function recordedTriangle(stack: string): Promise<RunRecording> {
  const [spec] = parseStacks(stack);
  const request = { spec, scene: scenes.get('triangle')!, profile, context: size };
  return record(request, testEnvironment, { eventsPerCheckpoint: 75 });
}

const native = await recordedTriangle('native');
const file = saveTrace([native], sha256);

/** Of a file that holds runs alone. */
function load(bytes: Uint8Array): readonly RunRecording[] {
  return loadTrace('t.trace', bytes, sha256).filter((each) => each.peer === undefined);
}

/** An event on a line of a table of one. */
function onLine(line: number): RunRecording {
  const events = new Tracer(() => 0);
  Object.assign(events, { recording: true, line });
  const id = events.event('statement', line, 0);
  const lines = [
    { file: '', line: 0 },
    { file: 'guest-driver/src/bell/ring.ts', line: 27 },
  ];
  const source = { lines, locals: new Map([[id, 'at = 64']]) };
  return {
    ...native,
    events,
    crossings: new Recorder(),
    checkpoints: native.checkpoints.slice(0, 1),
    source,
  };
}

/** All pages of memory that checkpoints hold, by identity. */
function pagesOf({ checkpoints }: RunRecording): Set<Uint8Array> {
  const pages = new Set<Uint8Array>();
  const visit = (value: unknown): void => {
    if (value instanceof Uint8Array) {
      pages.add(value);
    } else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
      Object.values(value).forEach(visit);
    }
  };
  visit(checkpoints);
  return pages;
}

/** The state at the end of a run that is replayed from its second checkpoint on. */
function endOf({ request, checkpoints, crossings }: RunRecording): unknown {
  const { kind, options } = runRequest(request).spec;
  const guests = alone(new Monitor(sha256()));
  const stack = buildStack(kind.name, { profile: request.profile, options, guests });
  const [, { state, crossing }] = checkpoints;
  loadStack(stack, state);
  new Replay(stack.host.machine).run(crossings, crossing);
  return saveStack(stack);
}

describe('a trace file', () => {
  it('gives back what was saved, of several stacks', async () => {
    const recordings = [native, await recordedTriangle('pv')];
    const again = load(saveTrace(recordings, sha256));
    expect(again.length).toBe(2);
    again.forEach(({ request, events, crossings, checkpoints, error }, index) => {
      const before = recordings[index];
      expect(firstDifference(request, before.request)).toBeUndefined();
      expect([...events]).toEqual([...before.events]);
      expect(crossings?.save()).toEqual(before.crossings?.save());
      expect(firstDifference(checkpoints, before.checkpoints)).toBeUndefined();
      expect(error).toBe(before.error);
    });
  });

  it('holds a page that checkpoints share once, and shares it again', () => {
    const [again] = load(file);
    expect(native.checkpoints.length).toBeGreaterThan(3);
    expect(pagesOf(again).size).toBe(pagesOf(native).size);
  });

  it('is the same, byte for byte, of the same run', async () => {
    expect(saveTrace([await recordedTriangle('native')], sha256)).toEqual(file);
  });

  it('replays as the recording itself does', () => {
    const [again] = load(file);
    expect(firstDifference(endOf(again), endOf(native))).toBeUndefined();
  });

  it("keeps the driver's source lines, and the locals of statements", () => {
    const followed = onLine(1);
    const [again] = load(saveTrace([followed], sha256));
    expect(again.source).toEqual(followed.source);
    expect(again.events.at(1).line).toBe(1);
  });

  it("keeps the user's own model and texture", async () => {
    const model = finishMesh('cube', cube());
    const texture = { width: 1, height: 2, pixels: Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255) };
    const request = { ...native.request, scene: 'bunny', model, texture };
    const [again] = load(saveTrace([{ ...native, request }], sha256));
    expect(again.request).toEqual(request);
  });
});

describe('a trace file that is not sound', () => {
  it('is refused in one line, wherever it is cut off', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), (length) => {
        expect(() => load(file.subarray(0, length))).toThrow(/^t\.trace [^\n]+\.$/);
      }),
    );
  });

  it('is refused, whichever bit is flipped', () => {
    fc.assert(
      fc.property(fc.nat(file.length * 8 - 1), (bit) => {
        const flipped = file.slice();
        flipped[bit >> 3] ^= 1 << (bit & 7);
        expect(() => load(flipped)).toThrow(/^t\.trace [^\n]+\.$/);
      }),
    );
  });

  it('says what it is and what is accepted', () => {
    expect(() => load(text('GIF89a'))).toThrow(
      't.trace is not a trace: those are written by doorbell trace, and begin with doorbell.trace/1.',
    );
    expect(() => load(text('doorbell.trace/2\nwhatever'))).toThrow(
      't.trace is a trace of version 2, and version 1 is accepted: record it again, or read it with the doorbell that wrote it.',
    );
    expect(() => load(file.subarray(0, 1000))).toThrow(/it is cut short: of \d+ bytes there are/);
  });

  it('is refused when its contents are others, though their checksum is right', () => {
    expect(() => load(seal(text('nonsense'), sha256))).toThrow(/is not what a trace holds/);
    expect(() => load(seal(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff), sha256))).toThrow(
      /is not what a trace holds/,
    );
  });

  it.each<[string, Partial<RunRecording>, RegExp]>([
    [
      'a scene',
      { request: { ...native.request, scene: 'dragon' } },
      /^t\.trace: There is no scene 'dragon'; there is bunny, /,
    ],
    [
      'a stack',
      { request: { ...native.request, stack: 'xen' } },
      /^t\.trace: There is no stack 'xen'; there is native, /,
    ],
    [
      'a size',
      { request: { ...native.request, width: 1e9 } },
      /at recordings\.0\.request\.width is not/,
    ],
    ['a source line', onLine(2), /an event is on a source line that it does not have/],
    [
      'a place',
      { checkpoints: native.checkpoints.map((each) => ({ ...each, event: 1e6 })) },
      /order of time/,
    ],
    [
      'a count',
      { report: { ...native.report!, counts: { ...native.report!.counts, exits: NaN } } },
      /at recordings\.0\.report is not/,
    ],
  ])('is refused for %s that there is not', (_, wrong, message) => {
    expect(() => load(saveTrace([{ ...native, ...wrong }], sha256))).toThrow(message);
  });
});

function text(words: string): Uint8Array {
  return new TextEncoder().encode(words);
}
