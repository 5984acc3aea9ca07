import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ModelChoice } from '../../src/pci-device/model.ts';
import { proxyCommand, proxyHeader, proxyReturn } from '../../src/pci-proxy/messages.ts';
import { PciProxyServer } from '../../src/pci-proxy/server.ts';
import { barAccess, configRead, configWrite, proxyMessage } from './proxy-messages.ts';

/* In QEMU's place: its messages, typed by hand. */
let folder: string;
let listener: Server;
let client: Socket;
let server: PciProxyServer;
let answers: Buffer;
let choice: ModelChoice;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doorbell-'));
  const path = join(folder, 'socket');
  listener = createServer((socket) => {
    server = new PciProxyServer(socket, choice);
  }).listen(path);
  await once(listener, 'listening');
  await start({ kind: 'bochs-display', width: 320, height: 240 });
});

/** Connects to a server of that device. */
async function start(served: ModelChoice): Promise<void> {
  choice = served;
  client = connect(join(folder, 'socket'));
  answers = Buffer.alloc(0);
  client.on('data', (bytes: Buffer) => {
    answers = Buffer.concat([answers, bytes]);
  });
  client.on('error', () => {});
  await once(listener, 'connection');
}

afterEach(async () => {
  server.close();
  client.destroy();
  listener.close();
  await rm(folder, { recursive: true });
});

/** In milliseconds. */
const PATIENCE_MS = 60_000;

/** Sends messages, and gives as many answers. */
async function ask(...messages: Uint8Array[]): Promise<Uint8Array[]> {
  const before = answers.length;
  client.write(Buffer.concat(messages));
  const wanted = before + messages.length * proxyReturn.size;
  await vi.waitFor(() => expect(answers.length).toBe(wanted), PATIENCE_MS);
  return messages.map((_, at) => proxyReturn.decode(answers, before + at * proxyReturn.size).value);
}

const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const value = (bytes: Uint8Array): bigint => Buffer.from(bytes).readBigUInt64LE();
const ones = Uint8Array.of(0xff, 0xff, 0xff, 0xff);

it('answers for configuration space: what it is, and how large its BARs are', async () => {
  const [vendor, device, , size] = await ask(
    configRead(0, 2),
    configRead(2, 2),
    configWrite(0x10, 4, 0xffffffff),
    configRead(0x10, 4),
  );
  expect([vendor, device, size].map(value)).toEqual([0x1234n, 0x1111n, 0xff000008n]);
});

it('decodes absolute addresses as its BARs stand, and only while they decode', async () => {
  const id = barAccess(proxyCommand.BAR_READ, 0xe1000500, new Uint8Array(2));
  const [, before, , after] = await ask(
    configWrite(0x18, 4, 0xe1000000),
    id,
    configWrite(0x04, 2, 2),
    id,
  );
  expect(value(before)).toBe(0xffffn);
  expect(value(after)).toBe(0xb0c5n);
});

it('takes 8 bytes at once, and shows what was drawn', async () => {
  const pixels = Uint8Array.of(3, 2, 1, 0, 6, 5, 4, 0);
  const dispi = (index: number, half: number): Uint8Array =>
    barAccess(proxyCommand.BAR_WRITE, 0xe1000500 + 2 * index, word(half).subarray(0, 2));
  await ask(configWrite(0x10, 4, 0xe0000000), configWrite(0x18, 4, 0xe1000000));
  await ask(configWrite(0x04, 2, 2), dispi(1, 64), dispi(2, 64), dispi(3, 32), dispi(4, 0x41));
  const [, back] = await ask(
    barAccess(proxyCommand.BAR_WRITE, 0xe0000008, pixels),
    barAccess(proxyCommand.BAR_READ, 0xe0000008, new Uint8Array(8)),
  );
  expect(back).toEqual(pixels);
  expect([...server.picture()!.pixels.subarray(8, 16)]).toEqual([1, 2, 3, 255, 4, 5, 6, 255]);
  expect(server.counts).toMatchObject({ mmioWrites: 5, mmioWriteBytes: 16, mmioReads: 1 });
});

it('puts the device back on DEVICE_RESET, and answers nothing to SYNC_SYSMEM and SET_IRQFD', async () => {
  await ask(configWrite(0x10, 4, 0xe0000000));
  client.write(proxyMessage(proxyCommand.SYNC_SYSMEM, new Uint8Array(192)));
  client.write(proxyMessage(proxyCommand.SET_IRQFD, new Uint8Array(0)));
  await ask(proxyMessage(proxyCommand.DEVICE_RESET, new Uint8Array(0)));
  const [bar] = await ask(configRead(0x10, 4));
  expect(value(bar)).toBe(8n);
});

it('puts messages together that come in pieces', async () => {
  const message = configRead(0, 4);
  client.write(message.subarray(0, 7));
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.write(message.subarray(7, 20));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const [ids] = await ask(message.subarray(20));
  expect(value(ids)).toBe(0x11111234n);
});

it('waits once for a QEMU that takes no answers', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  client.pause();
  client.write(Buffer.concat(Array<Uint8Array>(40_000).fill(configRead(0, 4))));
  await new Promise((resolve) => setTimeout(resolve, 100));
  client.resume();
  await vi.waitFor(() => expect(answers.length).toBe(40_000 * proxyReturn.size), PATIENCE_MS);
  process.off('warning', warned);
  expect(warned).not.toHaveBeenCalled();
});

it("runs the device's timers without being asked", async () => {
  server.close();
  await start({ kind: 'edu' });
  const factorial = 0xe0000008;
  await ask(configWrite(0x10, 4, 0xe0000000), configWrite(0x04, 2, 2));
  await ask(barAccess(proxyCommand.BAR_WRITE, factorial, word(10)));
  await vi.waitFor(async () => {
    const [done] = await ask(barAccess(proxyCommand.BAR_READ, factorial, new Uint8Array(4)));
    expect(value(done)).toBe(3628800n);
  }, PATIENCE_MS);
});

describe('a hostile client', () => {
  const big = proxyHeader.encode({ command: proxyCommand.BAR_READ, pad: 0, size: 2 ** 40 });
  const io = barAccess(proxyCommand.BAR_READ, 0x1000, ones);
  io[16 + 20] = 0; // I/O space
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['a command that is none', proxyMessage(99, new Uint8Array(0)), /command 99/],
    ['a RETURN', proxyMessage(proxyCommand.RETURN, new Uint8Array(8)), /command 1 /],
    ['a size beyond the command', big, /1099511627776 bytes/],
    ['a config access of 3 bytes', configRead(0, 3), /3 bytes at 0/],
    ['a config access beyond the end', configRead(254, 4), /4 bytes at 254/],
    ['a BAR access of 5 bytes', barAccess(proxyCommand.BAR_READ, 0, new Uint8Array(5)), /5 bytes/],
    ['a BAR access of I/O space', io, /space 0/],
  ];
  it.each(cases)('ends its connection with %s', async (_, message, reason) => {
    client.write(message);
    await once(client, 'close');
    expect(server.ended).toMatch(reason);
    expect(answers.length).toBe(0);
  });

  it('that goes away is no more than that', async () => {
    client.write(configRead(0, 4).subarray(0, 10));
    client.destroy();
    await vi.waitFor(() => expect(server.ended).toBeDefined(), PATIENCE_MS);
  });
});
