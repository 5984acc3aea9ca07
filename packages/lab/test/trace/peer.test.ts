/** A recording of a real peer wherever recordings are taken: it has events and words, and no states. */
import { descFlags, type EventKind, gpuCommands, gpuResponses, splitDesc } from '@doorbell/abi';
import { profiles, Tracer } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks } from '../../src/stack-spec.ts';
import { StepShell } from '../../src/step/shell.ts';
import { countsCsv } from '../../src/trace/csv.ts';
import { loadTrace, saveTrace } from '../../src/trace/file.ts';
import { peerAccount } from '../../src/trace/peer-account.ts';
import { chromeTrace } from '../../src/trace/perfetto.ts';
import { record } from '../../src/trace/record.ts';
import type { PeerRecording, RecordedRing } from '../../src/trace/recording.ts';
import { testEnvironment } from '../environment.ts';

const { sha256 } = testEnvironment;
const CREATE = 'RESOURCE_CREATE_2D resource 3, 640x480 B8G8R8X8';

/** Events that come by hand: each is caused by what it says, a microsecond after the one before. */
class ByHand {
  readonly events: Tracer;
  readonly words = new Map<number, string>();

  constructor() {
    let now = -1000;
    this.events = new Tracer(() => (now += 1000));
    this.events.recording = true;
  }

  add(kind: EventKind, [a, b, c]: readonly [number, number, number?], request = 0, cause = 0) {
    Object.assign(this.events, { request, cause });
    return this.events.event(kind, a, b, c);
  }

  readonly rings: RecordedRing[] = [];

  recording(more: Partial<PeerRecording['peer']> = {}): PeerRecording {
    const { events, words, rings } = this;
    const peer = { name: 'linux-virtio-gpu', system: 'Linux 6.1.0', bars: [], isWhole: true };
    const none = { source: undefined, error: undefined };
    return { peer: { ...peer, ...more }, events, words, rings, ...none };
  }
}

/** A command that is done, one that is refused, and one that is never answered. */
function commands(): PeerRecording {
  const by = new ByHand();
  const kick = by.add('kick', [0, 0]);
  const answers = [gpuResponses.OK_NODATA, gpuResponses.ERR_INVALID_RESOURCE_ID, undefined];
  answers.forEach((answer, index) => {
    const request = index + 1;
    const create = by.add('command', [gpuCommands.RESOURCE_CREATE_2D, 3], request, kick);
    by.words.set(create, CREATE);
    if (answer !== undefined) {
      const used = by.add('used', [0, 24, answer], request, create);
      by.add('queueInterrupt', [0, 0], request, used);
    }
  });
  const failure = by.add('needsReset', [0, 0]);
  by.words.set(failure, 'The ring is not sound.');
  return by.recording();
}

/** A display whose registers were written. */
function display(): PeerRecording {
  const by = new ByHand();
  by.add('mmioWrite', [0xfea0_0502, 640]);
  by.add('mmioWrite', [0xfea0_0604, 0x1e1e1e1e]);
  by.add('mmioBlock', [0xd000_1000, 4096]);
  by.add('configRead', [0, 0x1111_1234]);
  const kind = 'bochs-display' as const;
  return by.recording({
    name: 'linux-bochs-proxy',
    bars: [
      { guest: 0, kind, bar: 0, base: 0xd000_0000 },
      { guest: 0, kind, bar: 2, base: 0xfea0_0000 },
    ],
  });
}

/** A queue of four entries: the guest makes one available, then another. */
function rings(): PeerRecording {
  const by = new ByHand();
  const place = { queue: 0, size: 4, descriptors: 0x1000, driver: 0x2000, device: 0x3000 };
  const one = splitDesc.encode({ addr: 0x5000n, len: 40, flags: descFlags.WRITE, next: 0 });
  // Behind the descriptor table: the available ring's flags, idx and first entry.
  const available = { at: 4 * one.length, bytes: Uint8Array.of(0, 0, 1, 0, 0, 0) };
  const first = by.add('kick', [0, 0]);
  by.rings.push({ ...place, event: first, changes: [{ at: 0, bytes: one }, available] });
  by.add('used', [0, 24]);
  const second = by.add('kick', [0, 0]);
  const more = { at: available.at + 2, bytes: Uint8Array.of(2) };
  by.rings.push({ ...place, event: second, changes: [more] });
  return by.recording();
}

async function say(recording: PeerRecording, line: string): Promise<readonly string[]> {
  return (await new StepShell([recording], testEnvironment).run(line)).lines;
}

describe('a trace file of a peer', () => {
  it('gives back what was saved, and is the same again', () => {
    for (const before of [commands(), display(), rings()]) {
      const file = saveTrace([before], sha256);
      expect(saveTrace([before], sha256)).toEqual(file);
      const [again] = loadTrace('t.trace', file, sha256);
      expect([...again.events]).toEqual([...before.events]);
      expect(again).toMatchObject({ peer: before.peer, source: undefined, error: undefined });
      expect('words' in again && again.words).toEqual(before.words);
      expect('rings' in again && again.rings).toEqual(before.rings);
    }
  });

  it.each<[string, (recording: PeerRecording) => unknown, RegExp]>([
    [
      'a BAR of an unknown device',
      (good) => ({ ...good, peer: { ...good.peer, bars: [{ guest: 0, kind: 'nvme', bar: 0 }] } }),
      /at recordings\.0\.peer\.bars\.0\.kind is not what a trace holds/,
    ],
    [
      'words of an event that is not there',
      (good) => ({ ...good, words: new Map([[99, 'RESOURCE_FLUSH']]) }),
      /it has words or rings of an event that it does not have/,
    ],
    [
      'a ring that is larger than its queue',
      (good) => ({ ...good, rings: rings().rings.map((ring) => ({ ...ring, size: 1 })) }),
      /at recordings\.0\.rings\.0 is not what a trace holds/,
    ],
  ])('is refused for %s, in one line', (_, damage, message) => {
    const file = saveTrace([damage(commands()) as PeerRecording], sha256);
    expect(() => loadTrace('t.trace', file, sha256)).toThrow(message);
  });
});

describe('a recorded peer', () => {
  it('is stepped through by its commands, in words', async () => {
    expect(await say(commands(), 'n 2')).toEqual([`#2  1.000 us  command  ${CREATE}`]);
    expect(await say(commands(), 'r queueInterrupt')).toEqual([
      '#4  3.000 us  queueInterrupt  queue 0',
    ]);
    const shell = new StepShell([commands()], testEnvironment);
    await shell.run('/ ERR_INVALID');
    expect((await shell.run('where')).lines).toEqual([
      '#6  5.000 us  used  queue 0, 24 bytes, ERR_INVALID_RESOURCE_ID',
      `  because of #5 command ${CREATE}`,
      '  because of #1 kick queue 0',
    ]);
  });

  it('has names for the registers of its device, and stops at them', async () => {
    expect(await say(display(), 'list')).toEqual([
      '  #1  0.000 us  mmioWrite  dispi.XRES = 0x280',
      '  #2  1.000 us  mmioWrite  bochs.ENDIANNESS = 0x1e1e1e1e',
      '  #3  2.000 us  mmioBlock  FRAMEBUFFER+0x1000, 4096 bytes',
      '  #4  3.000 us  configRead  config.VENDOR_ID = 0x11111234',
    ]);
    expect(await say(display(), 'r dispi.XRES=640')).toEqual([
      '#1  0.000 us  mmioWrite  dispi.XRES = 0x280',
    ]);
  });

  it('has no state to look at, and no source of ours, and says so in a line', async () => {
    for (const pane of ['registers', 'queues', 'state', 'walk gpu 0 0', 'hash']) {
      expect(await say(commands(), pane)).toEqual([
        'linux-virtio-gpu is a real machine, whose state was not recorded: there are its events.',
      ]);
    }
    expect(await say(commands(), 'source')).toEqual([
      'The driver is none of ours but of Linux 6.1.0: its source is not here.',
    ]);
  });

  it('has its virtqueues as they were when the guest kicked', async () => {
    const shell = new StepShell([rings()], testEnvironment);
    expect((await shell.run('queues')).lines).toEqual([
      'Virtqueues were recorded at each kick, and there was none before this.',
    ]);
    await shell.run('go 2');
    expect((await shell.run('queues')).lines).toEqual([
      'guest0 queue 0 at kick #1, split, size 4: avail 1 used 0',
      '  not used yet: 0',
      '  0: 0x5000 40 bytes WRITE next 0',
    ]);
    await shell.run('go 3');
    expect((await shell.run('queues')).lines[0]).toBe(
      'guest0 queue 0 at kick #3, split, size 4: avail 2 used 0',
    );
  });

  it('is in lock step with nothing', async () => {
    const [spec] = parseStacks('pv');
    const context = { width: 16, height: 16, frames: 1, seed: 1 };
    const profile = profiles.get('kvm-x86')!;
    const run = await record(
      { spec, scene: scenes.get('nop')!, profile, context },
      testEnvironment,
    );
    expect(() => new StepShell([run, commands()], testEnvironment)).toThrow(
      /^'linux-virtio-gpu' is a real peer, .*: step through it alone\.$/,
    );
  });

  it('is accounted for: what was refused, what is open, what failed', async () => {
    const account = [
      'It is a real machine: what its driver waits for was not watched.',
      'Recorded: 9 events in 0.0 s of wall-clock time, 3 commands.',
      `Refused: 1. First event 5, ${CREATE}: ERR_INVALID_RESOURCE_ID.`,
      `Not answered: 1. First event 8, ${CREATE}.`,
      'The device needed a reset: 1 times. First event 9: The ring is not sound.',
    ];
    expect(peerAccount(commands())).toEqual(account);
    expect(await say(commands(), 'why')).toEqual(account);
    expect(peerAccount(display()).length).toBe(2);
  });

  it('is drawn with its words, each command as long as it took, on tracks of the wall', () => {
    const { traceEvents } = chromeTrace([commands()]);
    const slices = traceEvents.filter((event) => event.ph === 'X');
    expect(slices.length).toBe(9);
    expect(slices.find(({ name }) => name.startsWith('command'))).toMatchObject({
      ...{ name: 'command RESOURCE_CREATE_2D', ts: 1, dur: 1 },
      args: { words: CREATE, request: 1 },
    });
    expect(traceEvents.find((event) => event.ph === 'M')).toMatchObject({
      args: { name: 'linux-virtio-gpu, Linux 6.1.0, wall-clock time' },
    });
  });

  it('is counted by command, in nanoseconds of the wall', () => {
    const [header, none, first] = countsCsv([commands()]).split('\r\n');
    expect(header).toMatch(/^stack,guest,request,call,event,wallNs,/);
    expect(none).toMatch(/^linux-virtio-gpu,0,0,,1,/);
    expect(first).toMatch(/^linux-virtio-gpu,0,1,RESOURCE_CREATE_2D,2,2000,0,0,0,0,1,/);
  });
});
