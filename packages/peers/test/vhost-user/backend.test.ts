import { ctrlHeader, displayOne } from '@doorbell/abi';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Libc, loadLibc } from '../../src/native/libc.ts';
import {
  CURSOR_BYTES,
  gpuDisplayInfo,
  gpuRequests,
  gpuScanout,
  gpuUpdate,
} from '../../src/vhost-user/gpu-messages.ts';
import { configAccess, u64Payload } from '../../src/vhost-user/messages.ts';
import { serveVhostUser, type VhostUserConnection } from '../../src/vhost-user/server.ts';
import { describeWith } from '../needs.ts';
import { commandsFor, nameOf } from './commands.ts';
import { type GpuMessage, ScriptedFrontEnd } from './front-end.ts';
import { type PlainBackend, plainBackend } from './plain-backend.ts';

const WIDTH = 64;
const HEIGHT = 32;
const PIXELS_AT = 0x10_0000;
const say = commandsFor(WIDTH, HEIGHT);

describeWith(['koffi'], 'a vhost-user-gpu backend', () => {
  let libc: Libc;
  let frontEnd: ScriptedFrontEnd;
  let backend: PlainBackend;
  let connection: VhostUserConnection;

  beforeAll(async () => {
    libc = await loadLibc();
  });
  beforeEach(() => {
    frontEnd = new ScriptedFrontEnd(libc);
    backend = plainBackend();
    connection = serveVhostUser({ socket: frontEnd.backendSocket, libc, backend });
  });
  afterEach(async () => {
    frontEnd.close();
    await connection.closed;
    expect(backend.errors).toEqual([]);
    expect(backend.isClosed).toBe(true);
    expect(backend.renderer.alive).toBe(0);
  });

  /** The next message that shows something. */
  async function shown(): Promise<GpuMessage> {
    for (;;) {
      const message = await frontEnd.gpuMessage();
      if (message.request === gpuRequests.GET_PROTOCOL_FEATURES) {
        frontEnd.replyGpu(message.request, new Uint8Array(8));
      } else if (message.request !== gpuRequests.SET_PROTOCOL_FEATURES) {
        return message;
      }
    }
  }

  async function command(bytes: Uint8Array): Promise<string> {
    return nameOf(await frontEnd.command(bytes));
  }

  async function attach(): Promise<string> {
    const list = frontEnd.entry(PIXELS_AT, WIDTH * HEIGHT * 4);
    return command(Buffer.concat([say.attach, list]));
  }

  function paint(seed: number): Uint8Array {
    const pixels = frontEnd.ram.subarray(PIXELS_AT, PIXELS_AT + WIDTH * HEIGHT * 4);
    pixels.forEach((_, index) => {
      pixels[index] = (index * 7 + seed) & 0xff;
    });
    return pixels.slice();
  }

  /** As a driver does at first. */
  async function begin(): Promise<void> {
    await frontEnd.begin();
    frontEnd.openGpuSocket();
    await frontEnd.startQueues();
    expect(await command(say.create)).toBe('OK_NODATA');
    expect(await attach()).toBe('OK_NODATA');
    expect(await command(say.scanout)).toBe('OK_NODATA');
  }

  it('offers what vhost-user can carry, and the features of the protocol', async () => {
    // VERSION_1 32, PROTOCOL_FEATURES 30, EVENT_IDX 29, INDIRECT_DESC 28, EDID 1.
    expect(await frontEnd.askU64('GET_FEATURES')).toBe(0x1_7000_0002n);
    // MQ 0, REPLY_ACK 3, CONFIG 9, RESET_DEVICE 13.
    expect(await frontEnd.askU64('GET_PROTOCOL_FEATURES')).toBe(0x2209n);
    expect(await frontEnd.askU64('GET_QUEUE_NUM')).toBe(2n);
  });

  it('acknowledges whoever waits for it, though nobody has settled that', async () => {
    expect(u64Payload.decode(await frontEnd.ask('SET_OWNER', undefined, [], 9)).value).toBe(0n);
  });

  it('shows its configuration', async () => {
    const request = new Uint8Array(configAccess.size + 16);
    configAccess.encode({ offset: 0, size: 16, flags: 0 }, request);
    const reply = await frontEnd.ask('GET_CONFIG', request);
    // No capsets, whatever the renderer has: VIRGL is not offered.
    expect(reply).toHaveLength(28);
    expect([...reply.subarray(12)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('shows what is flushed, the first time all of it, and then what changed', async () => {
    await begin();
    const pixels = paint(1);
    await command(say.transfer());
    await command(say.flush({ x: 0, y: 0, width: 8, height: 8 }));
    const scanout = await shown();
    expect(scanout.request).toBe(gpuRequests.SCANOUT);
    expect(gpuScanout.decode(scanout.payload)).toEqual({
      scanout: 0,
      width: WIDTH,
      height: HEIGHT,
    });
    const first = await shown();
    expect(first.request).toBe(gpuRequests.UPDATE);
    expect(gpuUpdate.decode(first.payload)).toEqual({
      ...{ scanout: 0, x: 0, y: 0, width: WIDTH, height: HEIGHT },
    });
    expect(Buffer.from(first.payload.subarray(gpuUpdate.size)).equals(pixels)).toBe(true);

    const changed = paint(2);
    const part = { x: 5, y: 6, width: 7, height: 8 };
    await command(say.transfer(part));
    await command(say.flush(part));
    const second = await shown();
    expect(gpuUpdate.decode(second.payload)).toEqual({ scanout: 0, ...part });
    const row = (y: number): Uint8Array =>
      changed.subarray(4 * ((6 + y) * WIDTH + 5), 4 * ((6 + y) * WIDTH + 12));
    const expected = Buffer.concat(Array.from({ length: 8 }, (_, y) => row(y)));
    expect(Buffer.from(second.payload.subarray(gpuUpdate.size)).equals(expected)).toBe(true);
  });

  it('shows a flush as it was when it was flushed, and the last of many', async () => {
    await begin();
    await shown();
    paint(1);
    await command(say.transfer());
    await command(say.flush());
    await shown();
    for (let seed = 2; seed < 40; seed++) {
      paint(seed);
      await command(say.transfer());
      await command(say.flush());
    }
    const flushed = paint(39);
    paint(77);
    await command(say.transfer());
    let isTaken = false;
    const taken = connection.taken().then(() => {
      isTaken = true;
    });
    let last: Uint8Array = new Uint8Array();
    while (!isTaken) {
      if ((await libc.pollLater([frontEnd.gpuSocket], 20)).length > 0) {
        const { request, payload } = await frontEnd.gpuMessage();
        if (request === gpuRequests.GET_PROTOCOL_FEATURES) {
          frontEnd.replyGpu(request, new Uint8Array(8));
        } else if (request === gpuRequests.UPDATE) {
          last = payload;
        }
      }
    }
    await taken;
    expect(Buffer.from(last.subarray(gpuUpdate.size)).equals(flushed)).toBe(true);
    expect(connection.counts.frames).toBe(39);
  });

  it('knows when the front-end has taken what it was sent', async () => {
    await begin();
    await shown();
    let isTaken = false;
    const taken = connection.taken().then(() => {
      isTaken = true;
    });
    let { request } = await frontEnd.gpuMessage();
    while (request === gpuRequests.SET_PROTOCOL_FEATURES) {
      ({ request } = await frontEnd.gpuMessage());
    }
    expect(request).toBe(gpuRequests.GET_PROTOCOL_FEATURES);
    expect(isTaken).toBe(false);
    frontEnd.replyGpu(request, new Uint8Array(8));
    await taken;
  });

  it('says nothing twice when it is quiet, for a front-end that waits for a message in vain', async () => {
    await begin();
    expect((await shown()).request).toBe(gpuRequests.SCANOUT);
    for (const before of ['the first', 'the second']) {
      const { request, payload } = await frontEnd.gpuMessage();
      expect([request, ...payload], before).toEqual([
        gpuRequests.SET_PROTOCOL_FEATURES,
        ...new Uint8Array(8),
      ]);
    }
  });

  it('says that a scanout was disabled', async () => {
    await begin();
    await shown();
    await command(say.disable);
    const { request, payload } = await shown();
    expect(request).toBe(gpuRequests.SCANOUT);
    expect(gpuScanout.decode(payload)).toEqual({ scanout: 0, width: 0, height: 0 });
  });

  it('shows the pointer, moves it and hides it', async () => {
    const cursor = commandsFor(64, 64);
    await frontEnd.begin();
    frontEnd.openGpuSocket();
    await frontEnd.startQueues();
    await command(cursor.create);
    await command(Buffer.concat([cursor.attach, frontEnd.entry(PIXELS_AT, CURSOR_BYTES)]));
    frontEnd.ram.fill(0x5a, PIXELS_AT, PIXELS_AT + CURSOR_BYTES);
    await command(cursor.transfer());
    for (const [resourceId, request] of [
      [1, gpuRequests.CURSOR_UPDATE],
      [0, gpuRequests.CURSOR_POS_HIDE],
    ] as const) {
      frontEnd.add(1, say.cursor(resourceId), 0);
      frontEnd.kick(1);
      await frontEnd.used(1);
      const message = await shown();
      expect(message.request).toBe(request);
      const words = new Uint32Array(message.payload.slice().buffer);
      expect([...words.subarray(0, 3)]).toEqual([0, 10, 20]);
      if (resourceId === 1) {
        expect([...words.subarray(3, 6)]).toEqual([3, 4, 0x5a5a5a5a]);
        expect(message.payload).toHaveLength(20 + CURSOR_BYTES);
      }
    }
  });

  it.each([
    [800, 600, 800, 600],
    [0, 0, 640, 480],
    [0xffff_ffff, 1, 640, 480],
  ])('is told of a display of %i by %i, and tells the guest', async (width, height, w, h) => {
    await frontEnd.begin();
    frontEnd.openGpuSocket();
    await frontEnd.startQueues();
    frontEnd.add(0, say.displayInfo, gpuDisplayInfo.size);
    frontEnd.kick(0);
    expect((await shown()).request).toBe(gpuRequests.GET_DISPLAY_INFO);
    const info = new Uint8Array(gpuDisplayInfo.size);
    const r = { x: 0, y: 0, width, height };
    displayOne.encode({ r, enabled: 1, flags: 0 }, info, ctrlHeader.size);
    frontEnd.replyGpu(gpuRequests.GET_DISPLAY_INFO, info);
    const answer = gpuDisplayInfo.decode(await frontEnd.used(0));
    expect(answer.pmodes[0].r).toEqual({ x: 0, y: 0, width: w, height: h });
  });

  it('answers though the front-end never says what its display is like', async () => {
    await frontEnd.begin();
    frontEnd.openGpuSocket();
    await frontEnd.startQueues();
    const answer = gpuDisplayInfo.decode(await frontEnd.command(say.displayInfo, 408));
    expect(answer.pmodes[0].r).toEqual({ x: 0, y: 0, width: 640, height: 480 });
  });

  it('stops at an index, and goes on from there with what the driver had', async () => {
    await begin();
    expect(await frontEnd.stopQueue(0)).toBe(3);
    expect(await frontEnd.stopQueue(1)).toBe(0);
    frontEnd.openGpuSocket();
    await frontEnd.startQueues([3, 0], false);
    expect(await command(say.create)).toBe('ERR_INVALID_RESOURCE_ID');
    paint(3);
    await command(say.transfer());
    await command(say.flush());
    expect((await shown()).request).toBe(gpuRequests.SCANOUT);
    expect((await shown()).request).toBe(gpuRequests.UPDATE);
    expect(await frontEnd.stopQueue(0)).toBe(6);
  });

  it('has nothing of a driver before, when one begins at the start', async () => {
    await begin();
    await frontEnd.stopQueue(0);
    await frontEnd.stopQueue(1);
    await frontEnd.startQueues([0, 0]);
    expect(await command(say.create)).toBe('OK_NODATA');
  });

  it('is reset on demand', async () => {
    await begin();
    frontEnd.send('RESET_DEVICE');
    await frontEnd.startQueues([0, 0]);
    expect(await command(say.create)).toBe('OK_NODATA');
  });

  it('begins where another backend has stopped', async () => {
    await begin();
    await frontEnd.stopQueue(0);
    await frontEnd.stopQueue(1);
    frontEnd.memory.store16(frontEnd.availIdx(0), 65535);
    await frontEnd.startQueues([65535, 0], false);
    expect(await frontEnd.stopQueue(0)).toBe(65535);
  });

  it('leaves a disabled queue alone, and finds what came meanwhile', async () => {
    await begin();
    await frontEnd.enable(0, false);
    frontEnd.add(0, say.unref, 24);
    frontEnd.kick(0);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(backend.renderer.alive).toBe(1);
    await frontEnd.enable(0, true);
    expect(nameOf(await frontEnd.used(0))).toBe('OK_NODATA');
    expect(backend.renderer.alive).toBe(0);
  });

  it('signals the error descriptor when a driver breaks a rule of the ring', async () => {
    await begin();
    const err = libc.eventfd();
    frontEnd.sendU64('SET_VRING_ERR', 0n, [err]);
    await frontEnd.askU64('GET_QUEUE_NUM');
    frontEnd.memory.store16(frontEnd.availIdx(0), 1000);
    libc.signal(frontEnd.kicks[0]);
    expect(await libc.pollLater([err], 60_000)).toEqual([err]);
    libc.close(err);
    expect(backend.device.reason).toMatch('advanced the available idx');
    expect(await frontEnd.stopQueue(0)).toBe(3);
    expect(await frontEnd.stopQueue(1)).toBe(0);
  });

  it('serves on while nobody reads the GPU socket', async () => {
    const large = commandsFor(1024, 1024);
    await frontEnd.begin();
    frontEnd.openGpuSocket();
    await frontEnd.startQueues();
    await command(large.create);
    await command(Buffer.concat([large.attach, frontEnd.entry(PIXELS_AT, 1 << 22)]));
    await command(large.scanout);
    for (let n = 0; n < 20; n++) {
      await command(large.transfer());
      await command(large.flush());
      await new Promise((resolve) => setTimeout(resolve, 17));
    }
    expect(connection.counts.frames).toBe(20);
    expect(connection.counts.updates).toBeLessThan(3);
  });

  it('counts', async () => {
    await begin();
    const { messages, kicks, calls, device } = connection.counts;
    expect(messages).toBeGreaterThan(15);
    expect({ kicks, calls }).toEqual({ kicks: 3, calls: 3 });
    expect(device.kicks).toBeGreaterThanOrEqual(3);
    frontEnd.close();
    expect(await connection.closed).toBe('the other side has closed it');
    expect(connection.counts.kicks).toBe(3);
  });
});
