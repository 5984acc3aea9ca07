import {
  deviceStatus,
  featureSet,
  gpuFlags,
  gpuResponseLayouts,
  decodeEdid,
  virtioFeatures,
  virtioGpuConfig,
  virtioGpuFeatures,
} from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { FakeGpu } from '../fake-gpu.ts';
import {
  attachBacking,
  attachResource,
  command,
  create2d,
  createBuffer,
  createContext,
  createImage,
  everything,
  fence,
  PAGES,
  rect,
  ScriptedDriver,
  settled,
  submit,
} from '../scripted-driver.ts';

const { ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK, DEVICE_NEEDS_RESET } = deviceStatus;
const LIVE = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;

function config(driver: ScriptedDriver) {
  const bytes = new Uint8Array(virtioGpuConfig.size);
  driver.device.readConfig(0, bytes);
  return virtioGpuConfig.decode(bytes);
}

describe('features', () => {
  it('offers contexts only when the renderer takes commands', () => {
    const { VIRGL, CONTEXT_INIT } = virtioGpuFeatures;
    const mask = featureSet(VIRGL, CONTEXT_INIT);
    expect(new ScriptedDriver().device.features & mask).toBe(mask);
    const plain = new ScriptedDriver({}, new FakeGpu([]));
    expect(plain.device.features & mask).toBe(0n);
    expect(config(plain).num_capsets).toBe(0);
  });

  it('does not offer IN_ORDER: fences come back out of order', () => {
    const { features } = new ScriptedDriver().device;
    expect(features & featureSet(virtioFeatures.IN_ORDER)).toBe(0n);
  });

  it.each([
    ['without VERSION_1', 0n],
    ['that were not offered', featureSet(virtioFeatures.VERSION_1, virtioFeatures.IN_ORDER)],
    [
      '5.7.3: with CONTEXT_INIT but without VIRGL',
      featureSet(virtioFeatures.VERSION_1, virtioGpuFeatures.CONTEXT_INIT),
    ],
  ])('2.2.2: does not confirm features %s', (_, features) => {
    const { device } = new ScriptedDriver();
    device.writeStatus(ACKNOWLEDGE);
    device.writeStatus(ACKNOWLEDGE | DRIVER);
    device.driverFeatures = features;
    device.writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    expect(device.status).toBe(ACKNOWLEDGE | DRIVER);
    expect(device.reason).toBe('');
  });

  it('2.2.1: keeps them once they are confirmed', async () => {
    const { device } = await new ScriptedDriver().start();
    device.driverFeatures = 0n;
    expect(device.driverFeatures).toBe(everything);
  });

  it.each([
    ['GET_EDID', virtioGpuFeatures.EDID],
    ['GET_CAPSET_INFO', virtioGpuFeatures.VIRGL],
    ['RESOURCE_ASSIGN_UUID', virtioGpuFeatures.RESOURCE_UUID],
    ['RESOURCE_MAP_BLOB', virtioGpuFeatures.RESOURCE_BLOB],
  ] as const)('does not know %s without its feature', async (name, bit) => {
    const without = everything & ~featureSet(bit, virtioGpuFeatures.CONTEXT_INIT);
    const driver = await new ScriptedDriver().start(without);
    expect(await driver.type(command(name))).toBe('ERR_UNSPEC');
  });

  it('5.7.6.7: knows no rings without CONTEXT_INIT', async () => {
    const without = everything & ~featureSet(virtioGpuFeatures.CONTEXT_INIT);
    const driver = await new ScriptedDriver().start(without);
    const flags = gpuFlags.FENCE | gpuFlags.INFO_RING_IDX;
    const ask = command('GET_DISPLAY_INFO', {}, { flags, fence_id: 5n, ring_idx: 3 });
    const { header } = await driver.ask(ask);
    expect(header).toMatchObject({ flags: gpuFlags.FENCE, fence_id: 5n, ring_idx: 0 });
  });

  it.each(['RESOURCE_CREATE_BLOB', 'SET_SCANOUT_BLOB'] as const)(
    'refuses %s without its feature as QEMU does',
    async (name) => {
      const without = everything & ~featureSet(virtioGpuFeatures.RESOURCE_BLOB);
      const driver = await new ScriptedDriver().start(without);
      expect(await driver.type(command(name))).toBe('ERR_INVALID_PARAMETER');
    },
  );
});

describe('addresses that are translated', () => {
  it('6.2: are offered, and a driver that does not accept them is refused', async () => {
    const bit = featureSet(virtioFeatures.ACCESS_PLATFORM);
    const translated = new ScriptedDriver({ translated: true });
    expect(translated.device.features & bit).toBe(bit);
    await translated.start(everything);
    expect(translated.device.status & FEATURES_OK).toBe(0);
    await translated.start(everything | bit);
    expect(translated.device.status).toBe(LIVE);
    expect(new ScriptedDriver().device.features & bit).toBe(0n);
  });
});

describe('memory that it reaches in steps', () => {
  it.each([
    ['2.4.1', 'reset of the device', (driver: ScriptedDriver) => driver.device.writeStatus(0)],
    ['2.6.1', 'reset of the queue', (driver: ScriptedDriver) => driver.device.resetQueue(0)],
  ])('%s: is not asked for after a %s', async (_, _what, reset) => {
    const driver = await new ScriptedDriver().start();
    const { memory } = driver;
    const wanted: (() => boolean)[] = [];
    for (const way of ['fetch', 'store'] as const) {
      const move = memory[way].bind(memory);
      memory[way] = (address: number, bytes: Uint8Array, isWanted?: () => boolean) => {
        wanted.push(isWanted ?? (() => true));
        return move(address, bytes);
      };
    }
    for (const bytes of [
      createContext(1),
      createBuffer(1, 64),
      attachResource(1, 1),
      attachBacking(1, [PAGES, 64]),
      command('TRANSFER_TO_HOST_3D', transfer, { ctx_id: 1 }),
      command('TRANSFER_FROM_HOST_3D', transfer, { ctx_id: 1 }),
    ]) {
      expect(await driver.type(bytes)).toBe('OK_NODATA');
    }
    expect(wanted.length).toBe(6 + 1 + 1 + 6);
    expect(wanted.every((isWanted) => isWanted())).toBe(true);
    reset(driver);
    expect(wanted.some((isWanted) => isWanted())).toBe(false);
  });

  const box = { x: 0, y: 0, z: 0, w: 64, h: 1, d: 1 };
  const transfer = { resource_id: 1, box, offset: 0n };
});

describe('a thread that it shares', () => {
  /** A device whose renderer takes 2 ms for each buffer. */
  async function shared() {
    const driver: ScriptedDriver = new ScriptedDriver({
      breathe: async () => {
        answered.push(driver.order().length);
        await settled();
      },
    });
    const answered: number[] = [];
    await driver.start();
    const create = driver.gpu.createBuffer.bind(driver.gpu);
    driver.gpu.createBuffer = (bytes, placement) => {
      driver.timers.advance(2e6);
      return create(bytes, placement);
    };
    return { driver, answered };
  }

  it('is given away between commands, after some ms of work', async () => {
    const { driver, answered } = await shared();
    for (let id = 1; id <= 7; id++) {
      driver.send(0, createBuffer(id, 64));
    }
    void driver.kick(0);
    await settled();
    await settled();
    await settled();
    expect(answered).toEqual([3, 6]);
    expect(driver.gpu.created).toBe(7);
  });

  it('is kept for a short command, however long nothing came before it', async () => {
    const { driver, answered } = await shared();
    driver.timers.advance(60e9);
    expect(await driver.type(createBuffer(1, 64))).toBe('OK_NODATA');
    expect(answered).toEqual([]);
  });

  it('is given away while what a driver left behind is freed', async () => {
    const { driver, answered } = await shared();
    for (let id = 1; id <= 7; id++) {
      await driver.ask(createBuffer(id, 64));
    }
    answered.length = 0;
    const destroy = driver.gpu.destroy.bind(driver.gpu);
    driver.gpu.destroy = (resource) => {
      driver.timers.advance(6e6);
      return destroy(resource);
    };
    driver.device.writeStatus(0);
    await settled();
    expect(driver.gpu.alive).toBeGreaterThan(0);
    await driver.device.stop();
    expect([driver.gpu.alive, answered.length >= 7]).toEqual([0, true]);
  });
});

describe('the configuration', () => {
  it('5.7.4: tells scanouts and capsets, and zeros beyond its end', () => {
    const driver = new ScriptedDriver({ scanouts: 3 });
    expect(config(driver)).toEqual({
      events_read: 0,
      events_clear: 0,
      num_scanouts: 3,
      num_capsets: 1,
    });
    const beyond = new Uint8Array(8).fill(9);
    driver.device.readConfig(12, beyond);
    expect([...beyond]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('5.7.4: shows a new mode as an event until the driver clears it', async () => {
    const driver = await new ScriptedDriver().start();
    const { configGeneration } = driver.device;
    driver.device.resize(800, 600);
    expect(config(driver).events_read).toBe(1);
    expect(driver.configChanges).toBe(1);
    expect(driver.device.configGeneration).not.toBe(configGeneration);
    const { bytes } = await driver.ask(command('GET_DISPLAY_INFO'));
    expect(gpuResponseLayouts.OK_DISPLAY_INFO.decode(bytes).pmodes[0].r.width).toBe(800);
    driver.device.writeConfig(4, Uint8Array.of(1, 0, 0, 0));
    expect(config(driver).events_read).toBe(0);
  });

  it('takes no notice of writes elsewhere', async () => {
    const driver = await new ScriptedDriver().start();
    driver.device.resize(800, 600);
    driver.device.writeConfig(0, Uint8Array.of(0, 0, 0, 0));
    driver.device.writeConfig(100, Uint8Array.of(255));
    expect(config(driver).events_read).toBe(1);
  });

  it('has 1 to 16 scanouts', () => {
    expect(() => new ScriptedDriver({ scanouts: 0 })).toThrow('1 to 16');
    expect(() => new ScriptedDriver({ scanouts: 17 })).toThrow('1 to 16');
    expect(() => new ScriptedDriver({ width: 100_000 })).toThrow('detailed timing');
  });
});

describe('what it says of its display', () => {
  it('is one mode on the first scanout', async () => {
    const driver = await new ScriptedDriver({ scanouts: 2 }).start();
    const { bytes, length } = await driver.ask(command('GET_DISPLAY_INFO'));
    expect(length).toBe(408);
    const { pmodes } = gpuResponseLayouts.OK_DISPLAY_INFO.decode(bytes);
    expect(pmodes[0]).toEqual({ r: rect(0, 0, 640, 480), enabled: 1, flags: 0 });
    expect(pmodes[1]).toEqual({ r: rect(0, 0, 0, 0), enabled: 0, flags: 0 });
  });

  it('is an EDID with that mode', async () => {
    const driver = await new ScriptedDriver().start();
    const { bytes } = await driver.ask(command('GET_EDID'));
    const { size, edid } = gpuResponseLayouts.OK_EDID.decode(bytes);
    expect(size).toBe(128);
    expect(decodeEdid(edid.slice(0, size))?.preferred).toMatchObject({ width: 640, height: 480 });
    expect(await driver.type(command('GET_EDID', { scanout: 1 }))).toBe('ERR_INVALID_PARAMETER');
  });
});

describe('its queues', () => {
  it('serves what was there before DRIVER_OK without a notification', async () => {
    const driver = new ScriptedDriver();
    driver.device.writeStatus(ACKNOWLEDGE | DRIVER);
    driver.device.driverFeatures = everything;
    driver.device.writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    [0, 1].forEach((queue) => driver.setUpQueue(queue));
    const tag = driver.send(0, create2d(1, 16, 16));
    await settled();
    expect(driver.answer(tag)).toBeUndefined();
    driver.device.writeStatus(LIVE);
    await settled();
    expect(driver.answer(tag)?.type).toBe('OK_NODATA');
  });

  it('publishes and notifies once for all that it found', async () => {
    const driver = await new ScriptedDriver().start();
    const tags = [1, 2, 3, 4].map((id) => driver.send(0, create2d(id, 16, 16)));
    await driver.kick(0);
    expect(driver.order()).toEqual(tags);
    expect(driver.notified).toEqual([1, 0]);
  });

  it('shows what is done before it waits for the renderer', async () => {
    const driver = await withImage(new ScriptedDriver());
    let finish = (): void => {};
    driver.gpu.read = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const first = driver.send(0, create2d(9, 16, 16));
    const box = { x: 0, y: 0, z: 0, w: 16, h: 16, d: 1 };
    const second = driver.send(
      0,
      command('TRANSFER_FROM_HOST_3D', { resource_id: 1, box }, { ctx_id: 1 }),
    );
    await driver.kick(0);
    expect(driver.order()).toContain(first);
    expect(driver.order()).not.toContain(second);
    finish();
    await settled();
    expect(driver.answer(second)?.type).toBe('OK_NODATA');
  });

  it('2.6.1: a queue that was reset can be set up anew; resources stay', async () => {
    const driver = await new ScriptedDriver().start();
    await driver.ask(create2d(1, 16, 16));
    driver.device.resetQueue(0);
    expect(driver.device.queue(0).enabled).toBe(false);
    const lost = driver.send(0, create2d(2, 16, 16));
    await driver.kick(0);
    expect(driver.answer(lost)).toBeUndefined();
    driver.setUpQueue(0);
    expect(await driver.type(create2d(1, 16, 16))).toBe('ERR_INVALID_RESOURCE_ID');
  });

  it('does not answer on a new queue what came by the old one', async () => {
    const driver = await withImage(new ScriptedDriver());
    driver.gpu.over = 0;
    driver.send(0, submit(1, new Uint32Array(), fence(1)));
    await driver.kick(0);
    driver.device.resetQueue(0);
    driver.setUpQueue(0);
    driver.gpu.finish(1);
    await settled();
    expect(driver.memory.load16(0x1802)).toBe(0); // the new used ring's idx
    expect(await driver.type(create2d(7, 16, 16))).toBe('OK_NODATA');
  });

  it.each([
    ['an unknown size', { size: 3 }],
    ['no entries', { size: 0 }],
    ['more entries than it allows', { size: 512 }],
    ['rings beyond memory', { device: 0x7000_0000 }],
    ['a misaligned ring', { descriptors: 8 }],
  ])('needs a reset for a queue with %s', async (_, wrong) => {
    const driver = new ScriptedDriver();
    driver.device.writeStatus(ACKNOWLEDGE | DRIVER);
    driver.device.driverFeatures = everything;
    driver.device.writeStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK);
    const setup = { size: 16, descriptors: 0x1000, driver: 0x1400, device: 0x1800, ...wrong };
    driver.device.setQueue(0, setup);
    driver.device.enableQueue(0);
    driver.device.writeStatus(LIVE);
    expect(driver.device.status).toBe(LIVE | DEVICE_NEEDS_RESET);
    expect(driver.device.reason).toMatch(/\.$/);
    expect(driver.configChanges).toBe(1);
    expect(driver.events).toContainEqual({ kind: 'needsReset', a: 0, b: 0 });
  });

  it('ignores a set-up of an enabled queue, and queues that there are not', async () => {
    const { device } = await new ScriptedDriver().start();
    const { setup } = device.queue(0);
    device.setQueue(0, { ...setup, size: 4 });
    device.setQueue(7, setup);
    device.enableQueue(7);
    device.resetQueue(7);
    device.notify(7);
    expect(device.queue(0).setup).toEqual(setup);
    expect(device.queue(7)).toMatchObject({ maxSize: 0, enabled: false });
  });

  it('needs a reset when the driver breaks a rule of the ring, and only a reset helps', async () => {
    const driver = await new ScriptedDriver().start();
    driver.publish(0, 99);
    await driver.kick(0);
    expect(driver.device.status).toBe(LIVE | DEVICE_NEEDS_RESET);
    expect(driver.device.reason).toContain('descriptor 99');
    expect(driver.configChanges).toBe(1);
    const lost = driver.send(0, create2d(1, 16, 16));
    await driver.kick(0);
    expect(driver.answer(lost)).toBeUndefined();
    await driver.start();
    expect(driver.device.reason).toBe('');
    expect(await driver.type(create2d(1, 16, 16))).toBe('OK_NODATA');
  });

  it('2.1.2: notifies nobody of an illegal status before DRIVER_OK', () => {
    const driver = new ScriptedDriver();
    driver.device.writeStatus(DRIVER_OK);
    expect(driver.device.status).toBe(DEVICE_NEEDS_RESET);
    expect(driver.configChanges).toBe(0);
  });

  it('needs a reset when a buffer cannot be read, or an answer not be written', async () => {
    for (const refused of ['fetch', 'store'] as const) {
      const driver = await new ScriptedDriver().start();
      driver.memory[refused] = async () => false;
      driver.send(0, create2d(1, 16, 16));
      await driver.kick(0);
      expect(driver.device.reason).toContain('cannot');
    }
  });

  it('polls, and asks for no notifications', async () => {
    const driver = await new ScriptedDriver({ pollNs: 1000 }).start();
    const tag = driver.send(0, create2d(1, 16, 16));
    await settled();
    expect(driver.answer(tag)).toBeUndefined();
    driver.timers.advance(1000);
    await settled();
    expect(driver.answer(tag)?.type).toBe('OK_NODATA');
    expect(driver.memory.load16(0x1800)).toBe(1); // VIRTQ_USED_F_NO_NOTIFY
    await driver.device.stop();
    expect(driver.timers.count).toBe(0);
  });
});

/** A context 1 with an image 1 of 16 by 16 and a backing of 1 KiB. */
async function withImage(driver: ScriptedDriver): Promise<ScriptedDriver> {
  await driver.start();
  await driver.ask(createContext(1));
  await driver.ask(createImage(1, 16, 16));
  await driver.ask(attachBacking(1, [PAGES, 1024]));
  await driver.ask(attachResource(1, 1));
  return driver;
}

describe('its life', () => {
  async function busy(): Promise<ScriptedDriver> {
    const driver = await withImage(new ScriptedDriver());
    await driver.ask(createBuffer(2, 4096));
    await driver.ask(create2d(3, 64, 64));
    await driver.ask(attachBacking(3, [PAGES, 16384]));
    await driver.ask(
      command('SET_SCANOUT', { resource_id: 3, scanout_id: 0, r: rect(8, 8, 16, 16) }),
    );
    expect(driver.gpu.alive).toBe(4); // one is the scanout's own
    return driver;
  }

  it('frees everything at a reset', async () => {
    const driver = await busy();
    driver.device.writeStatus(0);
    expect(driver.device.status).toBe(0);
    await settled();
    expect(driver.gpu.alive).toBe(0);
    await driver.start();
    expect(await driver.type(create2d(3, 64, 64))).toBe('OK_NODATA');
  });

  it('frees everything when it needs a reset', async () => {
    const driver = await busy();
    driver.publish(0, 99);
    await driver.kick(0);
    expect(driver.gpu.alive).toBe(0);
  });

  it('frees everything when it is unplugged, and its tasks end', async () => {
    const driver = await busy();
    await driver.device.stop();
    expect(driver.gpu.alive).toBe(0);
    driver.device.writeStatus(ACKNOWLEDGE);
    expect(driver.device.status).toBe(0);
    expect(driver.failures).toEqual([]);
  });

  it('frees what a command made while the driver reset the device', async () => {
    const driver = await new ScriptedDriver().start();
    const make = driver.gpu.createImage.bind(driver.gpu);
    let go = (): void => {};
    driver.gpu.createImage = async (width, height) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      return make(width, height);
    };
    driver.send(0, create2d(1, 16, 16));
    await driver.kick(0);
    driver.device.writeStatus(0);
    go();
    await settled();
    expect(driver.gpu).toMatchObject({ created: 1, alive: 0 });
  });

  it("writes nothing to the driver's memory once it was reset", async () => {
    const driver = await withImage(new ScriptedDriver());
    let finish = (): void => {};
    driver.gpu.read = async (_, __, into) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      into.fill(7);
    };
    const box = { x: 0, y: 0, z: 0, w: 16, h: 16, d: 1 };
    driver.send(0, command('TRANSFER_FROM_HOST_3D', { resource_id: 1, box }, { ctx_id: 1 }));
    await driver.kick(0);
    driver.device.writeStatus(0);
    const before = driver.memory.bytes.slice();
    finish();
    await settled();
    expect(Buffer.compare(driver.memory.bytes, before)).toBe(0);
  });

  it('waits, when it is unplugged, for work that goes on', async () => {
    const driver = await withImage(new ScriptedDriver());
    driver.gpu.over = 0;
    driver.send(0, submit(1, new Uint32Array(), fence(1)));
    await driver.kick(0);
    let stopped = false;
    const end = driver.device.stop().then(() => {
      stopped = true;
    });
    await settled();
    expect(stopped).toBe(false);
    driver.gpu.finish(1);
    await end;
    expect(driver.gpu.alive).toBe(0);
  });

  it('needs a reset when the renderer is lost', async () => {
    const driver = await new ScriptedDriver().start();
    driver.gpu.failNext('createImage', 'lost');
    driver.send(0, create2d(1, 16, 16));
    await driver.kick(0);
    expect(driver.device.status & DEVICE_NEEDS_RESET).toBe(DEVICE_NEEDS_RESET);
    expect(driver.device.reason).toBe('The renderer is lost.');
  });
});

describe('counts', () => {
  it('are plain numbers of what happened', async () => {
    const driver = await new ScriptedDriver().start();
    await driver.ask(create2d(1, 16, 16));
    await driver.ask(create2d(1, 16, 16));
    const { counts } = driver.device;
    expect(counts).toEqual({
      commands: { RESOURCE_CREATE_2D: 2 },
      kicks: 2,
      chains: 2,
      descriptors: 4,
      suppressed: 0,
      bytesFetched: 80,
      bytesStored: 48,
      errors: 1,
    });
    driver.device.writeStatus(0);
    expect(driver.device.counts).toEqual(counts);
  });

  it('count notifications that the driver did not want', async () => {
    const driver = await new ScriptedDriver().start();
    driver.memory.store16(0x1400, 1); // VIRTQ_AVAIL_F_NO_INTERRUPT
    await driver.ask(create2d(1, 16, 16));
    expect(driver.device.counts.suppressed).toBe(1);
    expect(driver.notified).toEqual([0, 0]);
  });

  it('are traced: the command, and the chain that came back', async () => {
    const driver = await new ScriptedDriver().start();
    await driver.ask(create2d(5, 16, 16));
    expect(driver.events).toEqual([
      { kind: 'command', a: 0x101, b: 5 },
      { kind: 'used', a: 0, b: 24 },
    ]);
  });
});
