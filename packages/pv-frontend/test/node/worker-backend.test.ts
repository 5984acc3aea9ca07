import { deviceStatus, type Display } from '@doorbell/abi';
import { workerProgram } from '@doorbell/pv-backend/node';
import { afterEach, expect, test, vi } from 'vitest';
import { hostClock, startWorkerBackend, type WorkerBackend } from '../../src/node/index.ts';
import { ECHO_WORD, TIMER_WORD } from './echo-device.ts';

const setup = { size: 8, descriptors: 4096, driver: 8192, device: 12288 };
const device = new URL('./echo-device.ts', import.meta.url).href;
const noDisplay: Display = { flip: () => {} };
const running: WorkerBackend[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((backend) => backend.close()));
});

async function start(
  then?: string,
  display = noDisplay,
): Promise<{ backend: WorkerBackend; ram: Int32Array }> {
  const ram = new SharedArrayBuffer(16384);
  const options = { then };
  const backend = await startWorkerBackend({
    program: workerProgram,
    device,
    options,
    ram,
    display,
  });
  running.push(backend);
  return { backend, ram: new Int32Array(ram) };
}

/** Rings queue `queue`; resolves when the device has rung it, or its configuration has changed. */
type Ring = () => Promise<'used' | 'config'>;

/** Enables a queue, once. */
async function ringer({ transport }: WorkerBackend, queue: number): Promise<Ring> {
  let seen: 'used' | 'config' | undefined;
  const waiting = hostClock().waitQueue();
  await transport.enableQueue(queue, setup, () => {
    seen ??= 'used';
    waiting.wake();
  });
  transport.onConfigChange(() => {
    seen ??= 'config';
    waiting.wake();
  });
  return async () => {
    seen = undefined;
    transport.notify(queue);
    await waiting.until(() => seen !== undefined, 'queue', 20e9);
    return seen!;
  };
}

async function ring(backend: WorkerBackend, queue: number): Promise<'used' | 'config'> {
  return (await ringer(backend, queue))();
}

test('registers are messages: features, status, configuration, queues, counters', async () => {
  const { backend, ram } = await start();
  const { transport } = backend;
  expect(transport.deviceId).toBe(16);
  expect(await transport.deviceFeatures()).toBe((1n << 32n) | 5n);
  await transport.setDriverFeatures(5n);
  await transport.writeStatus(deviceStatus.ACKNOWLEDGE);
  expect(await transport.readStatus()).toBe(deviceStatus.ACKNOWLEDGE);
  expect(await transport.readConfig(3, 2)).toEqual(Uint8Array.of(3, 3));
  await transport.writeConfig(8, Uint8Array.of(99));
  expect(ram[2]).toBe(99);
  expect(await transport.maxQueueSize(1)).toBe(128);
  expect(await transport.maxQueueSize(2)).toBe(0);
  expect(await transport.deviceCounts()).toMatchObject({ driverFeatures: 5 });
});

test('a doorbell is answered by a doorbell, and what was stored before it is seen', async () => {
  const { backend, ram } = await start();
  const echo = await ringer(backend, 0);
  for (let round = 1; round <= 100; round++) {
    expect(await echo()).toBe('used');
    expect(ram[ECHO_WORD / 4]).toBe(round);
  }
  // No message but those that set queues up: the rings are where they were.
  const { messagesSent } = backend.transport.counts;
  backend.transport.notify(0);
  expect(backend.transport.counts.messagesSent).toBe(messagesSent);
});

test('2.1.2: a device that is not reset when it was told to be is lost', async () => {
  const { backend } = await start('stay');
  await backend.transport.writeStatus(deviceStatus.ACKNOWLEDGE);
  await backend.transport.writeStatus(0);
  expect(backend.transport.lost).toMatch(/reads 1 after a reset/);
});

test("frames arrive before the doorbell that follows them, on the driver's display", async () => {
  const flip = vi.fn();
  const { backend } = await start('frame', { flip });
  await ring(backend, 1);
  expect(flip).toHaveBeenCalledExactlyOnceWith(
    Uint8Array.from({ length: 24 }, (_, i) => i),
    2,
    2,
    12,
  );
});

test('2.1.2: a device that needs a reset says so by a configuration change', async () => {
  const { backend } = await start('break');
  expect(await ring(backend, 1)).toBe('config');
  expect(await backend.transport.readStatus()).toBe(deviceStatus.DEVICE_NEEDS_RESET);
  expect(backend.transport.reason).toBe('as asked');
  await backend.transport.writeStatus(0);
  expect(await backend.transport.readStatus()).toBe(0);
});

test.each([
  ['throw', /a bug of the device/],
  ['exit', /ended, code 3/],
])('a thread that dies (%s) is a device that needs a reset', async (then, why) => {
  const { backend } = await start(then);
  const { transport } = backend;
  expect(await ring(backend, 1)).toBe('config');
  expect(await transport.readStatus()).toBe(deviceStatus.DEVICE_NEEDS_RESET);
  expect(transport.lost).toMatch(why);
  await expect(transport.deviceFeatures()).rejects.toThrow(why);
  await transport.writeStatus(0); // nothing is left to reset
});

test('timers run on both sides while they wait for doorbells', async () => {
  const { backend, ram } = await start('spin');
  await hostClock().sleep(50e6);
  expect(await ring(backend, 0)).toBe('used');
  expect(ram[TIMER_WORD / 4]).toBeGreaterThan(0);
});

test('a device that cannot be loaded is named', async () => {
  await expect(
    startWorkerBackend({
      program: workerProgram,
      device: new URL('./no-device.ts', import.meta.url).href,
      ram: new SharedArrayBuffer(4096),
      display: noDisplay,
    }),
  ).rejects.toThrow(/lost: The backend's thread failed: .*no-device/);
});
