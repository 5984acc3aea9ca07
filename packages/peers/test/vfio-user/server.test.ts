import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PeerRecorder } from '../../src/trace/peer-recorder.ts';
import { vfioRegionInfo, vfioUserHeader } from '../../src/vfio-user/messages.ts';
import { VfioUserServer } from '../../src/vfio-user/server.ts';
import { describeWith } from '../needs.ts';
import { clientMessage, command, regionRead, regionWrite, version } from './client-messages.ts';

const CONFIG = 7;
const ERROR = 0x21;
/** In milliseconds. */
const PATIENCE_MS = 60_000;

/** A client of bytes: what it sends is what a test says. */
class Client {
  readonly socket: Socket;
  received = Buffer.alloc(0);

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
    });
    this.socket.on('error', () => {});
  }

  /** Sends a message, and gives its reply: flags, error and payload. */
  async ask(which: number, payload?: Uint8Array): Promise<[number, number, Uint8Array]> {
    this.received = Buffer.alloc(0);
    this.socket.write(clientMessage(77, which, payload));
    await vi.waitFor(() => {
      expect(this.received.length).toBeGreaterThanOrEqual(vfioUserHeader.size);
      expect(this.received.length).toBe(vfioUserHeader.decode(this.received).size);
    }, PATIENCE_MS);
    const { id, command: replied, flags, error } = vfioUserHeader.decode(this.received);
    expect([id, replied]).toEqual([77, which]);
    return [flags, error, this.received.subarray(vfioUserHeader.size)];
  }
}

describeWith(['koffi'], 'a server', () => {
  let folder: string;
  let server: VfioUserServer;
  const clients: Client[] = [];
  const connected = (): Client => {
    const client = new Client(server.path);
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'doorbell-'));
    const choice = { kind: 'bochs-display', width: 320, height: 240 } as const;
    server = await VfioUserServer.start({ path: join(folder, 'socket'), choice });
  });

  afterEach(async () => {
    await server.close();
    clients.splice(0).forEach(({ socket }) => socket.destroy());
    await rm(folder, { recursive: true });
  });

  it('records what clients do, one after the other, when it is asked to', async () => {
    expect(await server.recorded()).toBeUndefined();
    const choice = { kind: 'bochs-display', width: 320, height: 240 } as const;
    const path = join(folder, 'recorded');
    const recording = await VfioUserServer.start({ path, choice, records: true });
    try {
      for (const value of [2, 3]) {
        const client = new Client(path);
        clients.push(client);
        await client.ask(command.VERSION, version);
        await client.ask(command.REGION_WRITE, regionWrite(CONFIG, 4, [value, 0]));
        client.socket.destroy();
        await vi.waitFor(() => expect(recording.endings.length).toBe(value - 1), PATIENCE_MS);
      }
      const recorder = new PeerRecorder();
      recorder.load((await recording.recorded())!);
      const writes = [...recorder.events].filter(({ kind }) => kind === 'configWrite');
      expect(writes.map(({ a, b }) => [a, b])).toEqual([
        [4, 2],
        [4, 3],
      ]);
    } finally {
      await recording.close();
    }
  });

  it('serves a client, tells of its device, and counts', async () => {
    const client = connected();
    await client.ask(command.VERSION, version);
    const [flags, error, payload] = await client.ask(command.REGION_READ, regionRead(CONFIG, 0, 4));
    expect([flags, error]).toEqual([1, 0]);
    expect([...payload.subarray(16)]).toEqual([0x34, 0x12, 0x11, 0x11]);
    await client.ask(command.REGION_WRITE, regionWrite(CONFIG, 4, [2, 0]));
    expect((await server.config())?.[4]).toBe(2);
    expect(await server.counts()).toMatchObject({ configReads: 1, configWrites: 1 });
    expect(await server.picture()).toBeUndefined();
  });

  it('refuses what cannot be with an errno, and goes on', async () => {
    const client = connected();
    await client.ask(command.VERSION, version);
    expect(await client.ask(command.REGION_READ, regionRead(9, 0, 4))).toEqual([
      ERROR,
      22,
      Buffer.alloc(0),
    ]);
    expect(await client.ask(command.DEVICE_FEATURE)).toEqual([ERROR, 95, Buffer.alloc(0)]);
    expect((await client.ask(command.REGION_READ, regionRead(CONFIG, 0, 1)))[0]).toBe(1);
    expect(server.endings).toEqual([]);
  });

  it('answers nothing to what wants no reply', async () => {
    const client = connected();
    await client.ask(command.VERSION, version);
    const quiet = 0x10;
    client.socket.write(clientMessage(5, command.REGION_WRITE, regionWrite(CONFIG, 4, [6]), quiet));
    const [, , payload] = await client.ask(command.REGION_READ, regionRead(CONFIG, 4, 1));
    expect(payload.at(-1)).toBe(6);
  });

  it.each([
    [
      'a command before the version',
      clientMessage(1, command.DEVICE_RESET),
      'VERSION is the first',
    ],
    [
      'a message of 3 bytes',
      Uint8Array.of(0, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      '3 bytes',
    ],
    ['a message of 4 GiB', clientMessage(1, 1).fill(255, 4, 8), '4294967295 bytes'],
    ['a reply', clientMessage(1, command.VERSION, version, 1), 'no command'],
    ['a version that is no JSON', clientMessage(1, 1, Buffer.from('\0\0\0\0{')), 'no JSON'],
  ])('ends a connection with %s, and serves the next client', async (_, bytes, reason) => {
    const hostile = connected();
    hostile.socket.write(bytes);
    await once(hostile.socket, 'close');
    await vi.waitFor(
      () => expect(server.endings).toEqual([expect.stringContaining(reason)]),
      PATIENCE_MS,
    );
    const client = connected();
    expect((await client.ask(command.VERSION, version))[0]).toBe(1);
  });

  it('gives each client a device of its own, which has forgotten the one before', async () => {
    const first = connected();
    await first.ask(command.VERSION, version);
    await first.ask(command.REGION_WRITE, regionWrite(CONFIG, 4, [2, 0]));
    first.socket.destroy();
    await vi.waitFor(() => expect(server.endings).toEqual([undefined]), PATIENCE_MS);
    expect((await server.config())?.[4]).toBe(2); // what it was last
    const second = connected();
    await second.ask(command.VERSION, version);
    const [, , payload] = await second.ask(command.REGION_READ, regionRead(CONFIG, 4, 1));
    expect(payload.at(-1)).toBe(0);
  });

  it('waits for a client that takes no replies, and holds no more of them than one', async () => {
    const client = connected();
    await client.ask(command.VERSION, version);
    await client.ask(command.REGION_WRITE, regionWrite(CONFIG, 4, [2, 0]));
    client.socket.pause();
    client.received = Buffer.alloc(0);
    const one = clientMessage(1, command.REGION_READ, regionRead(0, 0, 0x10000));
    client.socket.write(Buffer.concat(Array<Uint8Array>(100).fill(one)));
    await vi.waitFor(
      async () => expect((await server.counts()).mmioReads).toBeGreaterThan(0),
      PATIENCE_MS,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await server.counts()).mmioReads).toBeLessThan(50);
    client.socket.resume();
    await vi.waitFor(() => expect(client.received.length).toBe(100 * (0x10000 + 32)), PATIENCE_MS);
  });

  it('waits for a client that takes no descriptors, too, and can be closed meanwhile', async () => {
    const client = connected();
    await client.ask(command.VERSION, version);
    client.socket.pause();
    client.received = Buffer.alloc(0);
    const info = { argsz: 32, flags: 0, index: 0, capOffset: 0, size: 0, offset: 0 };
    const one = clientMessage(1, command.DEVICE_GET_REGION_INFO, vfioRegionInfo.encode(info));
    client.socket.write(Buffer.concat(Array<Uint8Array>(4000).fill(one)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await server.config()).toHaveLength(256); // it is not held up
    client.socket.resume();
    await vi.waitFor(() => expect(client.received.length).toBe(4000 * one.length), PATIENCE_MS);
  });

  it('can be closed whatever its client does, and leaves nothing behind', async () => {
    const before = (await readdir('/proc/self/fd')).length;
    const other = await VfioUserServer.start({
      path: join(folder, 'other'),
      choice: { kind: 'edu' },
    });
    const silent = new Client(other.path);
    silent.socket.write(Uint8Array.of(1, 2, 3));
    await once(silent.socket, 'connect');
    await other.close();
    await vi.waitFor(() => expect(silent.socket.destroyed).toBe(true), PATIENCE_MS);
    expect(await other.picture()).toBeUndefined();
    await vi.waitFor(
      async () => expect((await readdir('/proc/self/fd')).length).toBe(before),
      PATIENCE_MS,
    );
  });

  it('says why it cannot listen', async () => {
    const choice = { kind: 'edu' } as const;
    await expect(VfioUserServer.start({ path: server.path, choice })).rejects.toThrow('EADDRINUSE');
  });
});
