/** A device whose pictures are shown by somebody else: told of scanouts, in the driver's format. */
import { gpuFormats, viewOf } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import type { PixelFormat, Rect, ScanoutSink, VirtioGpuParts } from '../../src/index.ts';
import { FakeGpu } from '../fake-gpu.ts';
import { attachBacking, command, PAGES, rect, ScriptedDriver } from '../scripted-driver.ts';

const SIDE = 32;
const whole = rect(0, 0, SIDE, SIDE);
const on = { resource_id: 1 };
const flush = (r: Rect = whole): Uint8Array => command('RESOURCE_FLUSH', { ...on, r });
const transfer = command('TRANSFER_TO_HOST_2D', { ...on, r: whole });
const show = (r: Rect = whole): Uint8Array => command('SET_SCANOUT', { ...on, r });

class Sink implements ScanoutSink {
  readonly said: unknown[] = [];
  isNow = true;
  format: PixelFormat | undefined;

  configure(scanout: number, width: number, height: number, format: PixelFormat): void {
    this.said.push(['configure', scanout, width, height]);
    this.format = format;
  }

  flushed(scanout: number, part: Rect): boolean {
    this.said.push(['flushed', scanout, part]);
    return this.isNow;
  }
}

async function driverWith(
  parts: Partial<VirtioGpuParts>,
  gpu = new FakeGpu(),
): Promise<ScriptedDriver> {
  const driver = await new ScriptedDriver(parts, gpu).start();
  driver.memory.bytes.set([1, 2, 3, 4], PAGES);
  await driver.ask(
    command('RESOURCE_CREATE_2D', {
      ...{ ...on, width: SIDE, height: SIDE, format: gpuFormats.B8G8R8A8_UNORM },
    }),
  );
  await driver.ask(attachBacking(1, [PAGES, SIDE * SIDE * 4]));
  await driver.ask(transfer);
  return driver;
}

const firstPixels = ({ gpu }: ScriptedDriver): number[][] =>
  gpu.shown.map(({ pixels }) => [...pixels.subarray(0, 4)]);

describe('a device that is shown elsewhere', () => {
  it('says what a scanout shows, what was flushed of it, and that it is off', async () => {
    const sink = new Sink();
    const driver = await driverWith({ onScanout: sink });
    await driver.ask(flush());
    await driver.ask(show(rect(4, 8, 16, 20)));
    await driver.ask(flush(rect(0, 0, 10, 10)));
    await driver.ask(flush(rect(0, 0, 2, 2)));
    await driver.ask(show());
    await driver.ask(command('SET_SCANOUT', { r: whole, resource_id: 0 }));
    await driver.ask(command('SET_SCANOUT', { r: whole, resource_id: 0 }));
    expect(sink.said).toEqual([
      ['configure', 0, 16, 20],
      ['flushed', 0, rect(0, 0, 6, 2)],
      ['configure', 0, SIDE, SIDE],
      ['configure', 0, 0, 0],
    ]);
  });

  it('converts pixels, unless it is to keep them', async () => {
    for (const [keepsPixels, pixel, red] of [
      [false, [3, 2, 1, 4], 0],
      [true, [1, 2, 3, 4], 16],
    ] as const) {
      const sink = new Sink();
      const driver = await driverWith({ onScanout: sink, keepsPixels });
      await driver.ask(show());
      await driver.ask(flush());
      expect(firstPixels(driver)).toEqual([pixel]);
      expect(sink.format?.red).toBe(red);
    }
  });

  it('shows later what is put off: as it was flushed, though it changes', async () => {
    const sink = new Sink();
    sink.isNow = false;
    const driver = await driverWith({ onScanout: sink, keepsPixels: true });
    await driver.ask(show());
    await driver.ask(flush());
    expect(firstPixels(driver)).toEqual([]);
    driver.memory.bytes.set([5, 6, 7, 8], PAGES);
    await driver.ask(transfer);
    expect(firstPixels(driver)).toEqual([[1, 2, 3, 4]]);
    await driver.device.refresh();
    expect(driver.gpu.shown).toHaveLength(1);
    await driver.ask(flush());
    await driver.device.refresh();
    await driver.device.refresh();
    expect(firstPixels(driver)).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
  });

  it('writes whole rows to an image that lies here, without the renderer', async () => {
    const gpu = new FakeGpu();
    const driver = await driverWith(
      { keepsPixels: true, bytesOf: ({ handle }) => gpu.bytesOf(handle) },
      gpu,
    );
    expect(gpu.writes).toEqual([]);
    await driver.ask(show());
    await driver.ask(flush());
    expect(firstPixels(driver)).toEqual([[1, 2, 3, 4]]);
    driver.memory.bytes.set([9, 9, 9, 9], PAGES);
    const part = command('TRANSFER_TO_HOST_2D', { ...on, r: rect(0, 0, 1, 1) });
    expect(await driver.type(part)).toBe('OK_NODATA');
    expect(gpu.writes).toHaveLength(1);
  });

  it('shows nothing that was put off and is gone', async () => {
    const sink = new Sink();
    sink.isNow = false;
    const driver = await driverWith({ onScanout: sink });
    await driver.ask(show());
    await driver.ask(flush());
    await driver.ask(command('RESOURCE_UNREF', on));
    await driver.device.refresh();
    expect(driver.gpu.shown).toEqual([]);
  });

  it('asks before it says what the display is like', async () => {
    let width = 700;
    const driver: ScriptedDriver = await new ScriptedDriver({
      beforeDisplayInfo: async () => {
        driver.device.resize(width++, 500);
      },
    }).start();
    for (const expected of [700, 701]) {
      const { bytes } = await driver.ask(command('GET_DISPLAY_INFO', {}));
      expect(viewOf(bytes).getUint32(32, true)).toBe(expected);
    }
  });
});

describe('a queue that is stopped', () => {
  it('is not served, keeps what the driver has made, and says where to go on', async () => {
    const driver = await driverWith({});
    expect(await driver.device.stopQueue(0, 1e9)).toBe(3);
    expect(driver.device.queue(0).enabled).toBe(false);
    expect(driver.gpu.alive).toBe(1);
    expect(await driver.device.stopQueue(0, 1e9)).toBe(0);
  });

  it('says where it stopped by itself, when the driver broke a rule', async () => {
    const driver = await driverWith({});
    driver.publish(0, 99);
    await driver.kick(0);
    expect(driver.device.reason).toContain('descriptor 99');
    expect(await driver.device.stopQueue(0, 1e9)).toBe(3);
    expect(await driver.device.stopQueue(0, 1e9)).toBe(0);
  });

  it('says where it was to begin, when it never was served', async () => {
    const { device } = await driverWith({});
    const { setup } = device.queue(0);
    await device.stopQueue(0, 1e9);
    device.setQueue(0, { ...setup, size: 3 });
    device.enableQueue(0, 3);
    expect(device.reason).not.toBe('');
    expect(await device.stopQueue(0, 1e9)).toBe(3);
  });

  it('goes on from there', async () => {
    const driver = await driverWith({});
    const { setup } = driver.device.queue(0);
    const next = await driver.device.stopQueue(0, 1e9);
    driver.device.setQueue(0, setup);
    driver.device.enableQueue(0, next);
    expect(await driver.type(transfer)).toBe('OK_NODATA');
    expect(await driver.device.stopQueue(0, 1e9)).toBe(next + 1);
  });
});
