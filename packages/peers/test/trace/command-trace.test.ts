/** What is recorded of a guest that is played by hand, over vhost-user. */
import { type EventKind, gpuCommands, gpuResponses, splitDesc } from '@doorbell/abi';
import type { TraceEvent } from '@doorbell/hypervisor';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { MappedMemory } from '../../src/memory/mapped-memory.ts';
import { type Libc, loadLibc } from '../../src/native/libc.ts';
import { CommandTrace } from '../../src/trace/command-trace.ts';
import { PeerRecorder } from '../../src/trace/peer-recorder.ts';
import { serveVhostUser, type VhostUserConnection } from '../../src/vhost-user/server.ts';
import { describeWith } from '../needs.ts';
import { commandsFor } from '../vhost-user/commands.ts';
import { ScriptedFrontEnd } from '../vhost-user/front-end.ts';
import { plainBackend } from '../vhost-user/plain-backend.ts';

const WIDTH = 64;
const HEIGHT = 32;
const PIXELS_AT = 0x10_0000;
const say = commandsFor(WIDTH, HEIGHT);

it('tells apart commands that are answered while others are served', async () => {
  const recorder = new PeerRecorder();
  const trace = new CommandTrace(recorder);
  const memory = trace.follow(new MappedMemory());
  const begin = (chain: number): number => {
    trace.taken(0, chain);
    trace.sent(say.create);
    return trace.event('command', gpuCommands.RESOURCE_CREATE_2D, 1);
  };
  const end = (chain: number): void => {
    trace.answered(0, chain, 'OK_NODATA');
    trace.event('used', 0, 24);
    trace.called(0);
  };
  const first = begin(7);
  const second = begin(8);
  const stored = trace.answering(0, 7, () => memory.store(0x1000, new Uint8Array(24)));
  const fetched = memory.fetch(0x2000, new Uint8Array(4));
  await Promise.all([stored, fetched]);
  end(7);
  end(8);
  const causes = [...recorder.events].map(({ kind, request, cause }) => [kind, request, cause]);
  expect(causes.slice(2)).toEqual([
    ['dmaRefused', 1, first],
    ['dmaRefused', 2, second],
    ['used', 1, first],
    ['queueInterrupt', 1, 5],
    ['used', 2, second],
    ['queueInterrupt', 2, 7],
  ]);
});

describeWith(['koffi'], 'the trace of a guest', () => {
  let libc: Libc;
  let frontEnd: ScriptedFrontEnd;
  let recorder: PeerRecorder;
  let connection: VhostUserConnection;

  beforeAll(async () => {
    libc = await loadLibc();
  });
  beforeEach(async () => {
    frontEnd = new ScriptedFrontEnd(libc);
    recorder = new PeerRecorder();
    const backend = plainBackend();
    connection = serveVhostUser({ socket: frontEnd.backendSocket, libc, backend, recorder });
    await frontEnd.begin();
    await frontEnd.startQueues();
  });
  afterEach(async () => {
    frontEnd.close();
    await connection.closed;
  });

  function events(kind?: EventKind): TraceEvent[] {
    return [...recorder.events].filter((event) => kind === undefined || event.kind === kind);
  }

  async function attach(): Promise<void> {
    const list = frontEnd.entry(PIXELS_AT, WIDTH * HEIGHT * 4);
    await frontEnd.command(Buffer.concat([say.attach, list]));
  }

  it('has each step of a command, with its cause, as one request', async () => {
    await frontEnd.command(say.create);
    const [kick, fetched, command, stored, used, interrupt, ...more] = events();
    expect(more).toEqual([]);
    expect(kick).toMatchObject({ kind: 'kick', a: 0, request: 0, cause: 0 });
    expect(fetched).toMatchObject({ kind: 'dmaRead', b: 40, request: 1, cause: kick.id });
    expect(command).toMatchObject({ kind: 'command', a: gpuCommands.RESOURCE_CREATE_2D, b: 1 });
    expect(command).toMatchObject({ request: 1, cause: kick.id });
    expect(recorder.words.get(command.id)).toBe('RESOURCE_CREATE_2D resource 1, 64x32 B8G8R8X8');
    expect(stored).toMatchObject({ kind: 'dmaWrite', b: 24, request: 1, cause: command.id });
    expect(used).toMatchObject({ kind: 'used', a: 0, b: 24, c: gpuResponses.OK_NODATA });
    expect(used).toMatchObject({ request: 1, cause: command.id });
    expect(interrupt).toMatchObject({ kind: 'queueInterrupt', a: 0, request: 1, cause: used.id });
  });

  it('tells apart the commands of one kick, and what each moved', async () => {
    await frontEnd.command(say.create);
    await attach();
    await frontEnd.command(say.scanout);
    await frontEnd.command(say.transfer());
    const commands = events('command');
    expect(commands.map(({ request }) => request)).toEqual([1, 2, 3, 4]);
    const pixels = events('dmaRead').filter(({ a }) => a === PIXELS_AT);
    expect(pixels).toEqual([expect.objectContaining({ b: WIDTH * HEIGHT * 4, request: 4 })]);
    expect(pixels[0].cause).toBe(commands[3].id);
  });

  it('has what was refused, and why the device gave up', async () => {
    await frontEnd.command(say.create);
    await frontEnd.command(say.create);
    const [, second] = events('used');
    expect(second.c).toBe(gpuResponses.ERR_INVALID_RESOURCE_ID);
    // An available index that is further than the queue is long.
    frontEnd.memory.store16(frontEnd.availIdx(0), 0x4000);
    libc.signal(frontEnd.kicks[0]);
    await expect.poll(() => events('needsReset').length).toBe(1);
    const [failure] = events('needsReset');
    expect(failure.a).toBe(0);
    await expect.poll(() => recorder.words.get(failure.id)).toMatch(/2\.7/);
  });

  it('has the virtqueue as it was at each kick', async () => {
    await frontEnd.command(say.create);
    await frontEnd.command(say.displayInfo, 408);
    const { rings } = recorder.rings;
    expect(rings.map(({ event }) => event)).toEqual(events('kick').map(({ id }) => id));
    const [first, second] = rings;
    expect(first).toMatchObject({ queue: 0, size: 64, descriptors: 0x1000 });
    const descriptor = new Uint8Array(16);
    for (const { at, bytes } of first.changes.filter((change) => change.at < 16)) {
      descriptor.set(bytes.subarray(0, 16 - at), at);
    }
    expect(splitDesc.decode(descriptor)).toMatchObject({ addr: 0x1_0000n, len: 40 });
    // One more available, one more used: and not the whole ring again.
    const bytes = second.changes.reduce((sum, change) => sum + change.bytes.length, 0);
    expect(bytes).toBeGreaterThan(4);
    expect(bytes).toBeLessThan(100);
  });

  it('goes on with the requests of the connection before', async () => {
    await frontEnd.command(say.create);
    frontEnd.close();
    await connection.closed;
    frontEnd = new ScriptedFrontEnd(libc);
    const backend = plainBackend();
    connection = serveVhostUser({ socket: frontEnd.backendSocket, libc, backend, recorder });
    await frontEnd.begin();
    await frontEnd.startQueues();
    await frontEnd.command(say.create);
    expect(events('command').map(({ request }) => request)).toEqual([1, 2]);
  });
});
