import type { Gpu, GpuBuffer } from '@doorbell/abi';
import { describe, expect, test } from 'vitest';
import type { FrontendOptions, VirtioGpuDriver } from '../src/index.ts';
import { TransportLost } from '../src/register-requests.ts';
import { Bench, fillWords, readAll } from './bench.ts';
import { failure } from './test-device.ts';

async function opened(
  options: Partial<FrontendOptions> = {},
): Promise<{ bench: Bench; driver: VirtioGpuDriver; gpu: Gpu }> {
  const bench = new Bench();
  const driver = await bench.probe(options);
  return { bench, driver, gpu: await driver.open() };
}

describe('counts', () => {
  test('are the same before and after the driver is removed', async () => {
    const { driver, gpu } = await opened();
    await gpu.close();
    const before = driver.counts;
    expect(before.commands).toBeGreaterThan(0);
    await driver.remove();
    expect(driver.counts).toEqual(before);
  });

  test('are the same before and after a loss for good', async () => {
    const { bench, driver, gpu } = await opened({ recover: true });
    const { commands } = driver.counts;
    bench.device.absent = Infinity;
    bench.device.lose();
    await expect(gpu.createBuffer(4, 'device')).rejects.toMatchObject({ code: 'lost' });
    expect(driver.counts.commands).toBe(commands);
  });

  test('go on after a recovery', async () => {
    const { bench, driver, gpu } = await opened({ recover: true });
    const { commands } = driver.counts;
    bench.device.lose();
    await gpu.createBuffer(4, 'device');
    expect(driver.counts.commands).toBeGreaterThan(commands + 4);
  });
});

describe('what was done, and cannot be done again on another device', () => {
  test.each([
    ['a stream', 'SUBMIT_3D'],
    ['a creation', 'RESOURCE_CREATE_3D'],
  ])('loses the device for good: %s', async (_, command) => {
    const { bench, driver, gpu } = await opened({ recover: true });
    const buffer = await gpu.createBuffer(64, 'device');
    await gpu.wait(await gpu.submit(fillWords(buffer.handle, 0, 16, 0x55555555)));
    bench.device.script = ({ name }) =>
      name === command ? failure('ERR_OUT_OF_MEMORY') : undefined;
    bench.device.lose();
    const reading = expect(readAll(gpu, buffer, 64)).rejects;
    await reading.toMatchObject({ code: 'lost', message: expect.stringMatching(/done again/) });
    await driver.remove();
    expect(bench.memory.leaks()).toEqual([]);
  });

  test('loses it likewise when it is from before a checkpoint', async () => {
    const { bench, gpu } = await opened({ recover: true });
    const buffer = await gpu.createBuffer(64, 'device');
    for (let round = 0; round < 40; round++) {
      await gpu.wait(await gpu.submit(fillWords(buffer.handle, 0, 16, round)));
    }
    bench.device.script = ({ name }) =>
      name === 'RESOURCE_CREATE_3D' ? failure('ERR_OUT_OF_MEMORY') : undefined;
    bench.device.lose();
    await expect(readAll(gpu, buffer, 64)).rejects.toThrow(/done again/);
  });
});

async function failToDestroy({ device }: Bench, gpu: Gpu, buffer: GpuBuffer): Promise<void> {
  device.script = ({ name }) => (name === 'RESOURCE_UNREF' ? failure('ERR_UNSPEC') : undefined);
  await gpu.destroy(buffer);
  await gpu.createBuffer(4, 'device');
  await expect(gpu.createBuffer(4, 'device')).rejects.toMatchObject({ code: 'fault' });
}

describe('after a recovery, work that had failed', () => {
  test('is not done: a write that was refused', async () => {
    const { bench, gpu } = await opened({ recover: true });
    const buffer = await gpu.createBuffer(4, 'device');
    const { limit } = bench.memory;
    bench.memory.limit = bench.memory.used;
    await expect(gpu.write(buffer, 0, new Uint8Array(4).fill(9))).rejects.toMatchObject({
      code: 'out-of-memory',
    });
    bench.memory.limit = limit;
    bench.device.lose();
    expect(await readAll(gpu, buffer, 4)).toEqual(new Uint8Array(4));
  });

  test('is done when it takes something away', async () => {
    const { bench, gpu } = await opened({ recover: true });
    const buffer = await gpu.createBuffer(4, 'device');
    await failToDestroy(bench, gpu, buffer);
    bench.device.script = undefined;
    bench.device.lose();
    await gpu.createBuffer(4, 'device');
    expect(bench.device.resources.has(buffer.handle)).toBe(false);
  });

  test('may fail again', async () => {
    const { bench, gpu } = await opened({ recover: true });
    await failToDestroy(bench, gpu, await gpu.createBuffer(4, 'device'));
    bench.device.lose();
    await gpu.createBuffer(4, 'device');
    await gpu.createBuffer(4, 'device');
  });
});

test('a driver that is removed during a recovery leaves no device in use behind', async () => {
  const { bench, driver, gpu } = await opened({ recover: true });
  bench.clock.mayBeIdle = true;
  const features = bench.device.deviceFeatures.bind(bench.device);
  let reached = (): void => {};
  let goOn = (): void => {};
  const probing = new Promise<void>((resolve) => (reached = resolve));
  const held = new Promise<void>((resolve) => (goOn = resolve));
  bench.device.deviceFeatures = async () => {
    reached();
    await held;
    return features();
  };
  bench.device.lose();
  const creating = expect(gpu.createBuffer(4, 'device')).rejects.toThrow(/driver was removed/);
  await probing;
  await driver.remove();
  goOn();
  await creating;
  expect([bench.device.status, bench.memory.leaks()]).toEqual([0, []]);
  await expect(gpu.createBuffer(4, 'device')).rejects.toThrow(
    /^virtio-gpu: the driver was removed/,
  );
});

test('a driver that is removed between two attempts makes no more of them', async () => {
  const { bench, driver, gpu } = await opened({ recover: true });
  bench.device.absent = 9;
  bench.device.lose();
  const creating = expect(gpu.createBuffer(4, 'device')).rejects.toThrow(/driver was removed/);
  while (bench.device.absent > 7) {
    await bench.clock.sleep(1000);
  }
  await driver.remove();
  await creating;
  await bench.clock.sleep(1e9);
  expect(bench.device.absent).toBe(7);
});

describe('a configuration that cannot be read', () => {
  test('is a loss, although the status says nothing', async () => {
    const { bench, gpu } = await opened();
    bench.device.readConfig = () => Promise.reject(new Error('It never stands still.'));
    bench.device.plug();
    const creating = expect(gpu.createBuffer(4, 'device')).rejects;
    await creating.toMatchObject({ code: 'lost', message: expect.stringMatching(/stands still/) });
  });

  test('because the device went away just then is looked at again', async () => {
    const { bench, gpu } = await opened();
    bench.device.readConfig = () => {
      bench.device.lose();
      return Promise.reject(new TransportLost('gone'));
    };
    bench.device.plug();
    await expect(gpu.createBuffer(4, 'device')).rejects.toThrow(/needs a reset/);
  });
});
