/**
 * One test for each class of vulnerability that was published for virtio-gpu in QEMU, its
 * vhost-user-gpu and virglrenderer: what a guest did there has an architected outcome here.
 */
import {
  bellCapset,
  CommandEncoder,
  ctrlHeader,
  deviceStatus,
  type GpuErrorCode,
} from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import {
  attachBacking,
  attachResource,
  command,
  create2d,
  createBuffer,
  createContext,
  createImage,
  fence,
  PAGES,
  rect,
  ScriptedDriver,
  settled,
  submit,
} from './scripted-driver.ts';

const on = { resource_id: 1 };
const context = { ctx_id: 1 };
const whole = rect(0, 0, 64, 64);
const capset = { capset_id: 48, capset_version: 1 };

async function driverWith(...commands: readonly Uint8Array[]): Promise<ScriptedDriver> {
  const driver = await new ScriptedDriver().start();
  for (const bytes of commands) {
    expect(await driver.type(bytes)).toBe('OK_NODATA');
  }
  return driver;
}
const withImage = () =>
  driverWith(
    createContext(1),
    createImage(1, 64, 64),
    attachBacking(1, [PAGES, 16384]),
    attachResource(1, 1),
  );

describe('memory that is never given back', () => {
  it('CVE-2016-7994: a refused RESOURCE_CREATE_2D leaves nothing behind', async () => {
    const driver = await new ScriptedDriver({ limits: { hostBytes: 16384 } }).start();
    for (let round = 0; round < 50; round++) {
      driver.gpu.failNext('createImage', 'out-of-memory');
      expect(await driver.type(create2d(1, 64, 64))).toBe('ERR_OUT_OF_MEMORY');
      expect(await driver.type(create2d(1, 64, 64, 5))).toBe('ERR_INVALID_PARAMETER');
    }
    expect(driver.gpu.alive).toBe(0);
    expect(await driver.type(create2d(1, 64, 64))).toBe('OK_NODATA');
  });

  it('CVE-2016-9912, CVE-2017-5857, CVE-2021-3544: unref frees a resource that has a backing', async () => {
    const driver = await new ScriptedDriver({ limits: { backingEntries: 1 } }).start();
    for (const make of [create2d(1, 16, 16), createImage(1, 16, 16), createBuffer(1, 16)]) {
      for (let round = 0; round < 20; round++) {
        expect(await driver.type(make)).toBe('OK_NODATA');
        expect(await driver.type(attachBacking(1, [PAGES, 4096]))).toBe('OK_NODATA');
        expect(await driver.type(command('RESOURCE_UNREF', on))).toBe('OK_NODATA');
      }
    }
    expect(driver.gpu.alive).toBe(0);
  });

  it('CVE-2016-10214, CVE-2017-5552, CVE-2017-5578: a backing is attached once', async () => {
    const driver = await new ScriptedDriver({ limits: { backingEntries: 2 } }).start();
    await driver.ask(create2d(1, 16, 16));
    expect(await driver.type(attachBacking(1, [PAGES, 4096]))).toBe('OK_NODATA');
    for (let round = 0; round < 50; round++) {
      expect(await driver.type(attachBacking(1, [PAGES, 4096]))).toBe('ERR_UNSPEC');
      expect(await driver.type(attachBacking(2, [PAGES, 4096]))).toBe('ERR_INVALID_RESOURCE_ID');
    }
    await driver.ask(command('RESOURCE_DETACH_BACKING', on));
    expect(await driver.type(attachBacking(1, [PAGES, 64], [PAGES, 64]))).toBe('OK_NODATA');
  });

  it('CVE-2016-9846: a cursor of the wrong size leaves nothing behind', async () => {
    const driver = await driverWith(create2d(1, 32, 32));
    const { created } = driver.gpu;
    for (let round = 0; round < 50; round++) {
      await driver.cursor(command('UPDATE_CURSOR', on));
    }
    expect(driver.gpu.created).toBe(created);
    expect(driver.device.counts.errors).toBe(50);
  });

  it('CVE-2016-10163: contexts are limited, and a context made twice is refused', async () => {
    const driver = await new ScriptedDriver({ limits: { contexts: 2 } }).start();
    const types = [];
    for (const id of [1, 1, 2, 3]) {
      types.push(await driver.type(createContext(id)));
    }
    expect(types).toEqual([
      'OK_NODATA',
      'ERR_INVALID_CONTEXT_ID',
      'OK_NODATA',
      'ERR_OUT_OF_MEMORY',
    ]);
  });
});

describe('bytes of the host that a guest sees', () => {
  it("CVE-2016-9845, CVE-2021-3545: each byte of GET_CAPSET_INFO's response is set", async () => {
    const driver = await new ScriptedDriver().start();
    const { bytes, length } = await driver.ask(command('GET_CAPSET_INFO'));
    expect(length).toBe(40);
    const words = [...new Uint32Array(bytes.buffer)];
    expect(words).toEqual([0x1102, 0, 0, 0, 0, 0, 48, 1, 48, 0]);
    const unknown = await driver.ask(command('GET_CAPSET_INFO', { capset_index: 9 }));
    expect(unknown).toMatchObject({ type: 'ERR_INVALID_PARAMETER', length: 24 });
  });

  it("CVE-2016-9908: each byte of GET_CAPSET's response is the capset's", async () => {
    const driver = await new ScriptedDriver().start();
    const first = await driver.ask(command('GET_CAPSET', capset));
    const second = await driver.ask(command('GET_CAPSET', capset));
    expect(first.bytes).toEqual(second.bytes);
    const decoded = bellCapset.decode(first.bytes, ctrlHeader.size);
    expect([...bellCapset.encode(decoded)]).toEqual([...first.bytes.subarray(ctrlHeader.size)]);
  });

  it('CVE-2022-0175: a new resource is zeros, not what was there before', async () => {
    const driver = await withImage();
    driver.memory.bytes.fill(0x77, PAGES, PAGES + 16384);
    const box = { x: 0, y: 0, z: 0, w: 64, h: 64, d: 1 };
    expect(await driver.type(command('TRANSFER_FROM_HOST_3D', { ...on, box }, context))).toBe(
      'OK_NODATA',
    );
    expect(driver.memory.bytes.subarray(PAGES, PAGES + 16384).every((byte) => byte === 0)).toBe(
      true,
    );
  });
});

describe('reads and writes beyond an end', () => {
  it('CVE-2016-10028: GET_CAPSET of a capset without bytes reads nothing', async () => {
    const driver = await new ScriptedDriver().start();
    for (const capset_id of [0, 1, 2, 47, 49, 2 ** 32 - 1]) {
      const bytes = command('GET_CAPSET', { ...capset, capset_id });
      expect(await driver.type(bytes)).toBe('ERR_INVALID_PARAMETER');
    }
  });

  it('CVE-2021-3546: a capset is not written beyond the room for it', async () => {
    const driver = await new ScriptedDriver().start();
    for (const room of [0, 1, 24, 25, 71]) {
      const tag = driver.send(0, command('GET_CAPSET', capset), room);
      const end = driver.commandAt + 0x800 + room;
      await driver.kick(0);
      expect(driver.answer(tag)?.length).toBe(room);
      expect([...driver.memory.bytes.subarray(end, end + 64)]).toEqual(new Array(64).fill(0xee));
    }
  });

  it('CVE-2016-10029: a scanout that there is not is refused', async () => {
    const driver = await withImage();
    for (const scanout_id of [1, 16, 2 ** 31, 2 ** 32 - 1]) {
      for (const resource_id of [0, 1]) {
        const bytes = command('SET_SCANOUT', { resource_id, scanout_id, r: whole });
        expect(await driver.type(bytes)).toBe('ERR_INVALID_SCANOUT_ID');
      }
      const pos = { scanout_id, x: 0, y: 0, padding: 0 };
      await driver.cursor(command('UPDATE_CURSOR', { pos }));
    }
    expect(driver.device.counts.errors).toBe(12);
  });

  it('CVE-2019-18389, CVE-2019-18391, CVE-2022-0135: boxes whose sums overflow 32 bits are refused', async () => {
    const driver = await withImage();
    const most = 2 ** 32 - 1;
    const boxes = [
      { x: most, w: 2 },
      { x: 2 ** 31, w: 2 ** 31 },
      { y: most, h: 65 },
      { w: most },
      { h: most },
      { w: 2 ** 30, h: 4 },
      { z: 1 },
      { d: most },
      { d: 0 },
    ];
    for (const wrong of boxes) {
      const box = { ...{ x: 0, y: 0, z: 0, w: 1, h: 1, d: 1 }, ...wrong };
      for (const name of ['TRANSFER_TO_HOST_3D', 'TRANSFER_FROM_HOST_3D'] as const) {
        expect(await driver.type(command(name, { ...on, box }, context))).toBe(
          'ERR_INVALID_PARAMETER',
        );
      }
    }
    expect(driver.gpu.writes).toEqual([]);
  });

  it('CVE-2019-18390, CVE-2017-5956: a stream that reads beyond a resource is refused', async () => {
    const driver = await withImage();
    const at = (offset: number) => ({ handle: 1, offset });
    const size = { dstStride: 256, dstWidth: 4, dstHeight: 4, srcWidth: 4, srcHeight: 4 };
    const streams = [
      new CommandEncoder().blit({
        ...{ ...size, dst: at(0), src: at(16380), srcStride: 256, filter: 0, blend: 0 },
      }),
      new CommandEncoder().blit({
        ...{ ...size, dst: at(0), src: at(0), srcStride: 2 ** 32 - 1, filter: 0, blend: 0 },
      }),
      new CommandEncoder().draw({
        ...{ vertices: at(0), vertexCount: 2 ** 32 - 1, indices: at(0), indexCount: 3, flags: 0 },
      }),
    ];
    for (const encoder of streams) {
      expect(await driver.type(submit(1, encoder.finish().words))).toBe('ERR_INVALID_PARAMETER');
    }
    expect(driver.gpu.submitted).toEqual([]);
  });

  it('CVE-2017-5957: a command longer, or shorter, than its fields is refused', async () => {
    const driver = await withImage();
    for (const words of [0, 1, 3, 6, 8, 255, 65535]) {
      const stream = new Uint32Array(8);
      stream[0] = ((words << 16) | 0x10) >>> 0;
      expect(await driver.type(submit(1, stream))).toBe('ERR_INVALID_PARAMETER');
    }
  });

  it('an image whose size overflows 32 bits is not made (as CVE-2017-6355, an overflow in a size)', async () => {
    const driver = await new ScriptedDriver().start();
    for (const [width, height] of [
      [2 ** 16, 2 ** 16],
      [2 ** 31, 2],
      [2 ** 30, 1],
      [2 ** 32 - 1, 2 ** 32 - 1],
    ] as const) {
      expect(await driver.type(create2d(1, width, height))).toBe('ERR_OUT_OF_MEMORY');
      expect(await driver.type(createImage(1, width, height))).toBe('ERR_OUT_OF_MEMORY');
    }
    expect(driver.gpu.created).toBe(0);
  });
});

describe('what is used after it was freed, or freed twice', () => {
  it('CVE-2020-8003: a resource that could not be made is not freed', async () => {
    const driver = await new ScriptedDriver().start();
    driver.gpu.failNext('createImage', 'out-of-memory');
    await driver.ask(createImage(1, 64, 64));
    expect(await driver.type(command('RESOURCE_UNREF', on))).toBe('ERR_INVALID_RESOURCE_ID');
    driver.device.writeStatus(0);
    await settled();
    expect(driver.gpu).toMatchObject({ created: 0, destroyed: 0 });
    expect(driver.failures).toEqual([]);
  });

  it('a scanout does not show a resource that was unreferenced', async () => {
    for (const r of [whole, rect(8, 8, 16, 16)]) {
      const driver = await withImage();
      await driver.ask(command('SET_SCANOUT', { ...on, r }));
      await driver.ask(command('RESOURCE_UNREF', on));
      expect(driver.gpu.alive).toBe(0);
      expect(await driver.type(command('RESOURCE_FLUSH', { ...on, r: whole }))).toBe(
        'ERR_INVALID_RESOURCE_ID',
      );
      await driver.ask(createImage(1, 64, 64));
      expect(await driver.type(command('RESOURCE_FLUSH', { ...on, r: whole }))).toBe('OK_NODATA');
      expect(driver.gpu.shown).toEqual([]);
    }
  });

  it('a context does not name a resource that was unreferenced, nor its successor', async () => {
    const driver = await withImage();
    await driver.ask(command('RESOURCE_UNREF', on));
    await driver.ask(createImage(1, 64, 64));
    const dst = { handle: 1, offset: 0 };
    const { words } = new CommandEncoder()
      .fill({ dst, stride: 0, width: 1, height: 1, value: 1 })
      .finish();
    expect(await driver.type(submit(1, words))).toBe('ERR_INVALID_RESOURCE_ID');
  });

  it('a backing that was detached is not reached', async () => {
    const driver = await withImage();
    await driver.ask(command('RESOURCE_DETACH_BACKING', on));
    driver.memory.fetch = ((fetch) => async (address: number, into: Uint8Array) => {
      expect(address).toBeLessThan(PAGES);
      return fetch(address, into);
    })(driver.memory.fetch.bind(driver.memory));
    const bytes = command('TRANSFER_TO_HOST_2D', { ...on, r: whole });
    expect(await driver.type(bytes)).toBe('ERR_UNSPEC');
  });
});

describe('what means nothing', () => {
  it('CVE-2019-18388, CVE-2020-8002, CVE-2017-5937, CVE-2017-6210: commands without what they need are refused', async () => {
    const driver = await withImage();
    const none = { handle: 0, offset: 0 };
    const { words } = new CommandEncoder()
      .draw({ vertices: none, vertexCount: 3, indices: none, indexCount: 3, flags: 0 })
      .finish();
    // No target, no vertices: for the renderer to refuse, which it does without a crash.
    driver.gpu.failNext('submit', 'bad-command');
    expect(await driver.type(submit(1, words))).toBe('ERR_INVALID_PARAMETER');
    const codes: readonly GpuErrorCode[] = ['fault', 'hang'];
    for (const [index, code] of codes.entries()) {
      driver.gpu.breakWork(index + 1, code);
      expect(await driver.type(submit(1, words, fence(index + 1)))).toBe('ERR_UNSPEC');
    }
    expect(await driver.type(create2d(9, 16, 16))).toBe('OK_NODATA');
  });
});

describe('a device that reaches itself', () => {
  it("CVE-2024-3446: DMA to the device's own registers begins nothing anew", async () => {
    const driver = await withImage();
    const { device, memory } = driver;
    let depth = 0;
    let deepest = 0;
    const present = driver.gpu.read.bind(driver.gpu);
    driver.gpu.read = async (resource, offset, into) => {
      deepest = Math.max(deepest, ++depth);
      await present(resource, offset, into);
      depth--;
    };
    // What the device writes to its pages is, here, a write to its doorbells, then to its status.
    const store = memory.store.bind(memory);
    memory.store = async (address, bytes) => {
      if (address >= PAGES) {
        device.notify(0);
        device.notify(1);
        if (memory.bytes[PAGES - 1] === 1) {
          device.writeStatus(0);
        }
      }
      return store(address, bytes);
    };
    const box = { x: 0, y: 0, z: 0, w: 64, h: 64, d: 1 };
    const transfer = command('TRANSFER_FROM_HOST_3D', { ...on, box }, context);
    const tags = [driver.send(0, transfer), driver.send(0, transfer)];
    await driver.kick(0);
    expect(tags.map((tag) => driver.answer(tag)?.type)).toEqual(['OK_NODATA', 'OK_NODATA']);
    expect(deepest).toBe(1);

    memory.bytes[PAGES - 1] = 1;
    const lost = driver.send(0, transfer);
    await driver.kick(0);
    expect(driver.answer(lost)).toBeUndefined();
    expect(device.status).toBe(0);
    expect(driver.gpu.alive).toBe(0);
    expect(driver.failures).toEqual([]);
  });

  it("a command that lies in the ring's own memory is refused, and the ring is not written", async () => {
    const driver = await new ScriptedDriver().start();
    const before = driver.memory.bytes.slice(0x1000, 0x1400);
    driver.offer(0, [
      { address: 0x1000, bytes: 64, write: false },
      { address: 0x20000, bytes: 24, write: true },
    ]);
    await driver.kick(0);
    expect(driver.device.status & deviceStatus.DEVICE_NEEDS_RESET).toBe(0);
    expect(driver.device.counts.errors).toBe(1);
    expect([...driver.memory.bytes.subarray(0x1020, 0x1400)]).toEqual([...before.subarray(0x20)]);
  });
});
