/** A front-end that breaks rules: the connection ends and says why, nothing stays open, no other is harmed. */
import { fstatSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Libc, loadLibc } from '../../src/native/libc.ts';
import { gpuHeader } from '../../src/vhost-user/gpu-messages.ts';
import {
  configAccess,
  messageHeader,
  vringAddresses,
  vringState,
} from '../../src/vhost-user/messages.ts';
import { serveVhostUser, type VhostUserConnection } from '../../src/vhost-user/server.ts';
import { describeWith } from '../needs.ts';
import { commandsFor, nameOf } from './commands.ts';
import { ScriptedFrontEnd, USER_ADDRESS } from './front-end.ts';
import { type PlainBackend, plainBackend } from './plain-backend.ts';

const say = commandsFor(64, 32);
const state = (index: number, num: number): Uint8Array => vringState.encode({ index, num });
const config = (offset: number, size: number, bytes: number): Uint8Array => {
  const payload = new Uint8Array(configAccess.size + bytes);
  configAccess.encode({ offset, size, flags: 0 }, payload);
  return payload;
};
const header = (request: number, flags: number, size: number): Uint8Array =>
  messageHeader.encode({ request, flags, size });
const addresses = (index: number, flags: number, at: bigint): Uint8Array =>
  vringAddresses.encode({ index, flags, descriptor: at, used: at, available: at, log: 0n });

function openDescriptors(): number {
  return Array.from({ length: 512 }, (_, index) => index).filter((descriptor) => {
    try {
      fstatSync(descriptor);
      return true;
    } catch {
      return false;
    }
  }).length;
}

interface Connected {
  readonly frontEnd: ScriptedFrontEnd;
  readonly backend: PlainBackend;
  readonly connection: VhostUserConnection;
}

describeWith(['koffi'], 'a hostile front-end', () => {
  let libc: Libc;
  let before: number;
  let event: number;
  let hostile: Connected;
  let other: Connected;

  beforeAll(async () => {
    libc = await loadLibc();
  });
  beforeEach(() => {
    event = libc.eventfd();
    before = openDescriptors();
    [hostile, other] = [connect(), connect()];
  });
  /** Whatever happened, the other connection works, and nothing is left. */
  afterEach(async () => {
    await other.frontEnd.begin();
    await other.frontEnd.startQueues();
    expect(nameOf(await other.frontEnd.command(say.create))).toBe('OK_NODATA');
    for (const { frontEnd, connection, backend } of [hostile, other]) {
      frontEnd.close();
      await connection.closed;
      expect(backend.isClosed).toBe(true);
      expect(backend.errors).toEqual([]);
    }
    expect(openDescriptors()).toBe(before);
    libc.close(event);
  });

  function connect(): Connected {
    const frontEnd = new ScriptedFrontEnd(libc);
    const backend = plainBackend();
    const connection = serveVhostUser({ socket: frontEnd.backendSocket, libc, backend });
    return { frontEnd, backend, connection };
  }

  it.each<[string, (frontEnd: ScriptedFrontEnd) => void, RegExp]>([
    ['an unknown request', (to) => to.sendRaw(header(99, 1, 0)), /Request 99 is not known/],
    ['no version', (to) => to.sendRaw(header(1, 0, 0)), /version 0/],
    ['another version', (to) => to.sendRaw(header(1, 2, 0)), /version 2/],
    ['a reply', (to) => to.sendRaw(header(1, 5, 0)), /marked as a reply/],
    ['4 GiB', (to) => to.sendRaw(header(5, 1, 0xffff_ffff)), /payload of 4294967295 bytes/],
    ['513 bytes', (to) => to.sendRaw(header(5, 1, 513)), /payload of 513 bytes/],
    ['a payload cut short', (to) => to.send('SET_FEATURES', new Uint8Array(4)), /4 bytes, not 8/],
    [
      'features that were not offered',
      (to) => to.sendU64('SET_FEATURES', 1n << 34n),
      /not offered/,
    ],
    ['protocol features likewise', (to) => to.sendU64('SET_PROTOCOL_FEATURES', 2n), /not offered/],
    ['queue 2', (to) => to.send('SET_VRING_NUM', state(2, 64)), /There is no queue 2/],
    ['queue 2^32 - 1', (to) => to.send('GET_VRING_BASE', state(0xffff_ffff, 0)), /no queue/],
    ['a queue of 0 entries', (to) => to.send('SET_VRING_NUM', state(0, 0)), /not a power of two/],
    ['a queue of 48', (to) => to.send('SET_VRING_NUM', state(0, 48)), /not a power of two/],
    [
      'a queue of 2^20',
      (to) => to.send('SET_VRING_NUM', state(0, 1 << 20)),
      /power of two up to 256/,
    ],
    ['a base of 17 bits', (to) => to.send('SET_VRING_BASE', state(0, 0x10000)), /16 bits/],
    ['rings at no memory', (to) => to.send('SET_VRING_ADDR', addresses(0, 0, 1n)), /No region/],
    ['a log', (to) => to.send('SET_VRING_ADDR', addresses(0, 1, 0n)), /cannot be logged/],
    ['enabling by 2', (to) => to.send('SET_VRING_ENABLE', state(0, 2)), /by 1 and disabled by 0/],
    ['a kick without a descriptor', (to) => to.sendU64('SET_VRING_KICK', 0n), /0 descriptors/],
    ['a kick to be polled', (to) => to.sendU64('SET_VRING_KICK', 0x100n), /have to be polled/],
    [
      'a configuration too long',
      (to) => to.send('GET_CONFIG', config(0, 400, 400)),
      /400 bytes at 0/,
    ],
    [
      'a configuration beyond',
      (to) => to.send('GET_CONFIG', config(0xffff_fff0, 16, 16)),
      /16 bytes at/,
    ],
    [
      'a configuration of another size',
      (to) => to.send('GET_CONFIG', config(0, 4, 8)),
      /4 bytes at 0/,
    ],
    ['no GPU socket', (to) => to.send('GPU_SET_SOCKET'), /one descriptor/],
  ])('%s', async (_, attack, why) => {
    attack(hostile.frontEnd);
    expect(await hostile.connection.closed).toMatch(why);
  });

  it('nine descriptors', async () => {
    hostile.frontEnd.sendU64('SET_VRING_CALL', 0n, new Array<number>(9).fill(event));
    expect(await hostile.connection.closed).toMatch('at most 8 descriptors');
  });

  it('descriptors with a request that has none are closed', async () => {
    hostile.frontEnd.send('SET_OWNER', undefined, [event, event, event]);
    await hostile.frontEnd.askU64('GET_QUEUE_NUM');
    expect(openDescriptors()).toBeLessThan(before + 40);
  });

  it('half a message, and then nothing', async () => {
    hostile.frontEnd.sendRaw(header(2, 1, 8).subarray(0, 7), [event]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    hostile.frontEnd.close();
    expect(await hostile.connection.closed).toBe('the other side has closed it');
  });

  it('a message a byte at a time is a message', async () => {
    const bytes = Buffer.concat([header(17, 1, 0), header(3, 1, 0)]);
    for (const byte of bytes) {
      hostile.frontEnd.sendRaw(new Uint8Array([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await hostile.frontEnd.askU64('GET_QUEUE_NUM').catch(() => 0n)).not.toBe(0n);
  });

  it('a front-end that does not read its replies', async () => {
    for (let n = 0; n < 50; n++) {
      const many = Buffer.concat(Array.from({ length: 200 }, () => header(17, 1, 0)));
      try {
        hostile.frontEnd.sendRaw(many);
      } catch {
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(await hostile.connection.closed).toMatch('does not read its replies');
  });

  it.each(['SET_VRING_KICK', 'SET_VRING_CALL', 'SET_VRING_ERR'] as const)(
    '%s with what is no eventfd',
    async (name) => {
      const [ours, theirs] = libc.socketPair();
      hostile.frontEnd.sendU64(name, 0n, [theirs]);
      expect(await hostile.connection.closed).toMatch(`${name}: It came with a descriptor that`);
      libc.close(ours);
      libc.close(theirs);
    },
  );

  it('a started queue that is set up again', async () => {
    await hostile.frontEnd.begin();
    await hostile.frontEnd.startQueues();
    hostile.frontEnd.send('SET_VRING_NUM', state(0, 64));
    expect(await hostile.connection.closed).toBe('SET_VRING_NUM: Queue 0 is started.');
  });

  it('memory that goes away under a started queue', async () => {
    await hostile.frontEnd.begin();
    await hostile.frontEnd.startQueues();
    hostile.frontEnd.send('SET_MEM_TABLE', new Uint8Array(8));
    expect(await hostile.connection.closed).toMatch('taken away from a queue that is started');
  });

  it('memory that goes away under a backing is refused to its commands alone', async () => {
    const { frontEnd } = hostile;
    await frontEnd.begin();
    await frontEnd.startQueues();
    await frontEnd.command(say.create);
    await frontEnd.command(Buffer.concat([say.attach, frontEnd.entry(9 << 20, 64 * 32 * 4)]));
    const lower = frontEnd.memoryPayload(2).subarray(0, 40);
    lower[0] = 1;
    await frontEnd.ask('SET_MEM_TABLE', lower, [frontEnd.file], 9);
    expect(nameOf(await frontEnd.command(say.transfer()))).toBe('ERR_UNSPEC');
    expect(nameOf(await frontEnd.command(say.flush()))).toBe('OK_NODATA');
  });

  it('rings at the end of memory', async () => {
    const { frontEnd, connection } = hostile;
    await frontEnd.begin();
    frontEnd.send('SET_VRING_NUM', state(0, 64));
    const last = USER_ADDRESS + BigInt(frontEnd.ram.length - 16);
    frontEnd.send('SET_VRING_ADDR', addresses(0, 0, last));
    frontEnd.sendU64('SET_VRING_KICK', 0n, [frontEnd.kicks[0]]);
    await frontEnd.ask('SET_VRING_ENABLE', state(0, 1), [], 9).catch(() => {});
    expect(hostile.backend.device.reason).not.toBe('');
    await connection.close();
  });

  it('a GPU socket that says what nobody asked', async () => {
    hostile.frontEnd.openGpuSocket();
    hostile.frontEnd.replyGpu(3, new Uint8Array(408));
    expect(await hostile.connection.closed).toMatch('for which nobody asked');
  });

  it('a GPU socket that answers with 4 GiB', async () => {
    hostile.frontEnd.openGpuSocket();
    const reply = gpuHeader.encode({ request: 1, flags: 4, size: 0xffff_ffff });
    libc.send(hostile.frontEnd.gpuSocket, reply);
    expect(await hostile.connection.closed).toMatch('for which nobody asked');
  });

  it('any bytes at all', async () => {
    let seed = 12345;
    const random = (): number => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0);
    for (let n = 0; n < 60; n++) {
      const { frontEnd, connection } = connect();
      const bytes = new Uint8Array(400).map(() => random() >>> 16);
      for (let at = 0; at + 60 < bytes.length; at += 60) {
        bytes.set(header(random() % 40, 1 | (random() & 8), [0, 8, 40, 72][random() % 4]), at);
      }
      frontEnd.sendRaw(bytes, [event, frontEnd.file]);
      frontEnd.close();
      expect(typeof (await connection.closed)).toBe('string');
    }
  });
});
