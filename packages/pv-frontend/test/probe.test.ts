import { featureSet, hasFeature, virtioFeatures, virtioGpuFeatures } from '@doorbell/abi';
import { describe, expect, test } from 'vitest';
import { Bench } from './bench.ts';

const { VERSION_1, RING_PACKED, EVENT_IDX, INDIRECT_DESC, IN_ORDER, ACCESS_PLATFORM } =
  virtioFeatures;
const { VIRGL, CONTEXT_INIT, EDID, RESOURCE_BLOB } = virtioGpuFeatures;

describe('probe', () => {
  test('3.1.1: goes in order: reset, ACKNOWLEDGE, DRIVER, features, FEATURES_OK, queues, DRIVER_OK', async () => {
    const bench = new Bench();
    await bench.probe();
    expect(bench.device.log.slice(0, 9)).toEqual([
      'status 0',
      'status 1',
      'status 3',
      'features?',
      'features',
      'status 11',
      'queue 0',
      'queue 1',
      'status 15',
    ]);
  });

  test('3.1.1: does not notify before DRIVER_OK', async () => {
    const bench = new Bench();
    await bench.probe();
    const { log } = bench.device;
    expect(log.indexOf('notify 0')).toBeGreaterThan(log.indexOf('status 15'));
  });

  test('3.1.1: gives up with FAILED when the device does not keep FEATURES_OK', async () => {
    const bench = new Bench();
    bench.device.refusesFeatures = true;
    await expect(bench.probe()).rejects.toMatchObject({ name: 'ProbeError' });
    expect(bench.device.log.at(-1)).toBe('status 131');
    expect(bench.memory.leaks()).toEqual([]);
    expect(bench.device.released).toBe(1);
  });

  test('6.1: refuses a legacy device, which does not offer VERSION_1', async () => {
    const bench = new Bench();
    bench.device.offered = featureSet(EVENT_IDX, INDIRECT_DESC);
    await expect(bench.probe()).rejects.toThrow(/VIRTIO_F_VERSION_1/);
  });

  test.each([
    [{ ring: 'packed' } as const, RING_PACKED, /VIRTIO_F_RING_PACKED/],
    [{ notify: 'event-idx' } as const, EVENT_IDX, /VIRTIO_F_EVENT_IDX/],
  ])('%o is refused where the device cannot', async (options, bit, message) => {
    const bench = new Bench();
    bench.device.offered &= ~featureSet(bit);
    await expect(bench.probe(options)).rejects.toThrow(message);
  });

  test('2.2.1: accepts only what is offered, and what it understands', async () => {
    const bench = new Bench();
    bench.device.offered |= featureSet(IN_ORDER, RESOURCE_BLOB, ACCESS_PLATFORM);
    await bench.probe();
    expect(bench.device.driverFeatures).toBe(
      featureSet(VERSION_1, INDIRECT_DESC, ACCESS_PLATFORM, VIRGL, CONTEXT_INIT, EDID),
    );
  });

  test('event index and packed rings are negotiated when they are asked for', async () => {
    const bench = new Bench();
    await bench.probe({ ring: 'packed', notify: 'event-idx' });
    expect(hasFeature(bench.device.driverFeatures, RING_PACKED)).toBe(true);
    expect(hasFeature(bench.device.driverFeatures, EVENT_IDX)).toBe(true);
  });

  test('5.7.3: without CONTEXT_INIT there is no VIRGL', async () => {
    const bench = new Bench();
    bench.device.offered &= ~featureSet(CONTEXT_INIT);
    const driver = await bench.probe();
    expect(hasFeature(bench.device.driverFeatures, VIRGL)).toBe(false);
    expect((await driver.open()).features.commands.size).toBe(0);
  });

  test('2.2.1: CONTEXT_INIT is not accepted of a device that does not offer VIRGL, which it needs', async () => {
    const bench = new Bench();
    bench.device.offered &= ~featureSet(VIRGL);
    const driver = await bench.probe();
    expect(hasFeature(bench.device.driverFeatures, CONTEXT_INIT)).toBe(false);
    expect((await driver.open()).features.commands.size).toBe(0);
  });

  test('refuses a device of another kind, and one without queues', async () => {
    const bench = new Bench();
    bench.device.deviceId = 2;
    await expect(bench.probe()).rejects.toThrow(/kind 2/);
    const other = new Bench();
    other.device.maxSize = 2;
    await expect(other.probe()).rejects.toThrow(/2 entries/);
    expect(other.memory.leaks()).toEqual([]);
  });

  test.each([{ batch: 0 }, { batch: 1.5 }, { pollNs: 0 }])('refuses %o', async (options) => {
    await expect(new Bench().probe(options)).rejects.toMatchObject({ name: 'ProbeError' });
  });

  test('uses queues of four entries and no indirect descriptors where there is no more', async () => {
    const bench = new Bench();
    bench.device.maxSize = 4;
    bench.device.offered &= ~featureSet(INDIRECT_DESC);
    const driver = await bench.probe({ batch: 64 });
    const gpu = await driver.open();
    const buffer = await gpu.createBuffer(1 << 20, 'device');
    for (let i = 0; i < 20; i++) {
      await gpu.write(buffer, i * 8, Uint8Array.of(i));
    }
    const into = new Uint8Array(160);
    await gpu.read(buffer, 0, into);
    expect(into[19 * 8]).toBe(19);
  });

  test('a device that never answers is given up after ten seconds, and gets its memory taken', async () => {
    const bench = new Bench();
    bench.device.script = () => 'silent';
    await expect(bench.probe()).rejects.toMatchObject({ code: 'lost' });
    expect(bench.clock.now()).toBeLessThan(20_000_000_000);
    expect(bench.memory.leaks()).toEqual([]);
    expect(bench.device.status).toBe(0);
  });

  test('remove undoes probe: memory, mappings, transport; the device is reset first', async () => {
    const bench = new Bench();
    const driver = await bench.probe();
    const gpu = await driver.open();
    const image = await gpu.createImage(64, 64);
    await gpu.write(image, 0, new Uint8Array(64 * 64 * 4));
    await driver.remove();
    await driver.remove();
    expect(bench.memory.leaks()).toEqual([]);
    expect(bench.device.released).toBe(1);
    expect(bench.device.status).toBe(0);
    await expect(gpu.createImage(4, 4)).rejects.toMatchObject({ code: 'lost' });
    await gpu.close();
  });
});

describe('the driver', () => {
  test('5.7.6.7: reads displays and EDID', async () => {
    const driver = await new Bench().probe();
    expect(await driver.displayInfo()).toEqual([
      { scanout: 0, r: { x: 0, y: 0, width: 640, height: 480 }, enabled: true },
    ]);
    expect(await driver.edid()).toMatchObject({ name: 'Doorbell' });
  });

  test('5.7.4: acknowledges a display event by writing it to events_clear', async () => {
    const bench = new Bench();
    const driver = await bench.probe();
    bench.device.plug();
    await driver.displayInfo();
    expect(bench.device.log).toContain('config 4 1');
  });

  test('5.7.6.8: the cursor queue takes cursor commands', async () => {
    const bench = new Bench();
    const driver = await bench.probe();
    const at = { x: 5, y: 6, hotX: 0, hotY: 0 };
    await driver.updateCursor(undefined, at);
    await driver.moveCursor(at);
    expect(bench.commands().slice(-2)).toEqual(['UPDATE_CURSOR', 'MOVE_CURSOR']);
    expect(bench.device.log).toContain('notify 1');
  });

  test('counts kicks, descriptors and commands; a batch takes one kick', async () => {
    const kicks = async (batch: number): Promise<number> => {
      const bench = new Bench();
      bench.device.commandNs = 1_000_000;
      const driver = await bench.probe({ batch });
      const gpu = await driver.open();
      const buffer = await gpu.createBuffer(64, 'device');
      await gpu.write(buffer, 0, new Uint8Array(64));
      await gpu.read(buffer, 0, new Uint8Array(4));
      const before = driver.counts;
      for (let i = 0; i < 16; i++) {
        await gpu.write(buffer, i * 4, Uint8Array.of(i));
      }
      const { kicks: after, suppressedKicks, commands, descriptors } = driver.counts;
      expect(descriptors).toBeGreaterThan(commands);
      return after + suppressedKicks - before.kicks - before.suppressedKicks;
    };
    expect(await kicks(1)).toBe(16);
    expect(await kicks(16)).toBe(1);
  });
});
