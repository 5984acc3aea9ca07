import { type GpuCommand, gpuFormats } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { FakeGpu } from '../fake-gpu.ts';
import {
  attachBacking,
  command,
  create2d,
  createBuffer,
  createImage,
  entries,
  PAGES,
  rect,
  ScriptedDriver,
} from '../scripted-driver.ts';

const on = { resource_id: 1 };
const SIDE = 32;
const whole = rect(0, 0, SIDE, SIDE);

const show = (values: Partial<GpuCommand<'SET_SCANOUT'>> = {}): Uint8Array =>
  command('SET_SCANOUT', { ...on, r: whole, ...values });
const flush = (r = whole, resource_id = 1): Uint8Array =>
  command('RESOURCE_FLUSH', { resource_id, r });

/** Pixel n of the backing, as R, G, B, A. */
const pixel = (n: number): number[] => [n & 0xff, n >> 8, 7, 9];

async function shown(gpu = new FakeGpu(), scanouts = 1): Promise<ScriptedDriver> {
  const driver = await new ScriptedDriver({ scanouts }, gpu).start();
  for (let n = 0; n < SIDE * SIDE; n++) {
    driver.memory.bytes.set(pixel(n), PAGES + 4 * n);
  }
  await driver.ask(create2d(1, SIDE, SIDE));
  await driver.ask(attachBacking(1, [PAGES, SIDE * SIDE * 4]));
  await driver.ask(command('TRANSFER_TO_HOST_2D', { ...on, r: whole }));
  return driver;
}

const lastFrame = ({ gpu }: ScriptedDriver) => gpu.shown[gpu.shown.length - 1];
const pixelOf = ({ gpu }: ScriptedDriver, n: number): number[] => [
  ...gpu.shown[gpu.shown.length - 1].pixels.subarray(4 * n, 4 * n + 4),
];

describe('a scanout', () => {
  it('shows a whole image when it is flushed', async () => {
    const driver = await shown();
    expect(await driver.type(show())).toBe('OK_NODATA');
    expect(driver.gpu.shown).toEqual([]);
    expect(await driver.type(flush(rect(1, 1, 2, 2)))).toBe('OK_NODATA');
    expect(lastFrame(driver)).toMatchObject({ width: SIDE, height: SIDE });
    expect(pixelOf(driver, 77)).toEqual(pixel(77));
    expect(driver.gpu.alive).toBe(1);
  });

  it.each([
    ['copies', new FakeGpu()],
    ['has no commands', new FakeGpu([])],
  ])('shows a part of it, by an image of its own, when the renderer %s', async (_, gpu) => {
    const driver = await shown(gpu);
    expect(await driver.type(show({ r: rect(8, 4, 16, 20) }))).toBe('OK_NODATA');
    await driver.ask(flush(rect(9, 5, 1, 1))); // the first flush brings all of it
    expect(lastFrame(driver)).toMatchObject({ width: 16, height: 20 });
    expect(pixelOf(driver, 0)).toEqual(pixel(4 * SIDE + 8));
    expect(pixelOf(driver, 16 * 20 - 1)).toEqual(pixel(23 * SIDE + 23));
    expect(driver.gpu.alive).toBe(2);
  });

  it('brings only what is flushed later on', async () => {
    const driver = await shown();
    await driver.ask(show({ r: rect(8, 8, 16, 16) }));
    await driver.ask(flush());
    driver.memory.bytes.fill(0xaa, PAGES, PAGES + SIDE * SIDE * 4);
    await driver.ask(command('TRANSFER_TO_HOST_2D', { ...on, r: whole }));
    await driver.ask(flush(rect(10, 10, 1, 1)));
    expect(pixelOf(driver, 2 * 16 + 2)).toEqual([0xaa, 0xaa, 0xaa, 0xaa]);
    expect(pixelOf(driver, 2 * 16 + 3)).toEqual(pixel(10 * SIDE + 11));
  });

  it('shows nothing for a flush beside it, or of another resource', async () => {
    const driver = await shown();
    await driver.ask(create2d(2, SIDE, SIDE));
    await driver.ask(show({ r: rect(16, 16, 16, 16) }));
    expect(await driver.type(flush(rect(0, 0, 16, 32)))).toBe('OK_NODATA');
    expect(await driver.type(flush(whole, 2))).toBe('OK_NODATA');
    expect(driver.gpu.shown).toEqual([]);
  });

  it('has no display but the first', async () => {
    const driver = await shown(new FakeGpu(), 2);
    expect(await driver.type(show({ scanout_id: 1 }))).toBe('OK_NODATA');
    await driver.ask(flush());
    expect(driver.gpu.shown).toEqual([]);
  });

  it('is turned off', async () => {
    const driver = await shown();
    await driver.ask(show({ r: rect(0, 0, 16, 16) }));
    expect(driver.gpu.alive).toBe(2);
    expect(await driver.type(show({ resource_id: 0 }))).toBe('OK_NODATA');
    expect(driver.gpu.alive).toBe(1);
    await driver.ask(flush());
    expect(driver.gpu.shown).toEqual([]);
  });

  it('gives its own image back when it shows another rectangle', async () => {
    const driver = await shown();
    for (const x of [1, 2, 3]) {
      await driver.ask(show({ r: rect(x, 0, 16, 16) }));
    }
    expect(driver.gpu.alive).toBe(2);
  });

  it.each([
    [{ scanout_id: 1 }, 'ERR_INVALID_SCANOUT_ID'],
    [{ scanout_id: 2 ** 32 - 1, resource_id: 0 }, 'ERR_INVALID_SCANOUT_ID'],
    [{ resource_id: 9 }, 'ERR_INVALID_RESOURCE_ID'],
    [{ r: rect(0, 0, 15, 16) }, 'ERR_INVALID_PARAMETER'],
    [{ r: rect(0, 0, 16, 15) }, 'ERR_INVALID_PARAMETER'],
    [{ r: rect(17, 0, 16, 16) }, 'ERR_INVALID_PARAMETER'],
    [{ r: rect(2 ** 32 - 16, 0, 32, 16) }, 'ERR_INVALID_PARAMETER'],
  ] as const)('refuses %o', async (wrong, type) => {
    const driver = await shown();
    expect(await driver.type(show(wrong))).toBe(type);
  });

  it('refuses, as QEMU does, a 2D resource without a backing; a 3D image needs none', async () => {
    const driver = await new ScriptedDriver().start();
    await driver.ask(create2d(1, SIDE, SIDE));
    await driver.ask(createImage(2, SIDE, SIDE));
    await driver.ask(createBuffer(3, 4096));
    expect(await driver.type(show())).toBe('ERR_UNSPEC');
    expect(await driver.type(show({ resource_id: 2 }))).toBe('OK_NODATA');
    expect(await driver.type(show({ resource_id: 3 }))).toBe('ERR_INVALID_PARAMETER');
  });

  it.each([
    [rect(1, 0, SIDE, 1), 1, 'ERR_INVALID_PARAMETER'],
    [rect(0, 2 ** 32 - 1, 1, 2), 1, 'ERR_INVALID_PARAMETER'],
    [whole, 9, 'ERR_INVALID_RESOURCE_ID'],
  ] as const)('refuses to flush %o of resource %i', async (r, id, type) => {
    const driver = await shown();
    await driver.ask(show());
    expect(await driver.type(flush(r, id))).toBe(type);
  });

  it('passes on what the renderer reports', async () => {
    const driver = await shown();
    await driver.ask(show());
    for (const [code, type] of [
      ['hang', 'ERR_UNSPEC'],
      ['fault', 'ERR_UNSPEC'],
      ['out-of-memory', 'ERR_OUT_OF_MEMORY'],
      ['bad-handle', 'ERR_INVALID_RESOURCE_ID'],
      ['bad-range', 'ERR_INVALID_PARAMETER'],
      ['bad-command', 'ERR_INVALID_PARAMETER'],
    ] as const) {
      driver.gpu.failNext('present', code);
      expect(await driver.type(flush())).toBe(type);
    }
    expect(await driver.type(flush())).toBe('OK_NODATA');
  });
});

describe('a blob on a scanout', () => {
  const STRIDE = SIDE * 4 + 16;
  const OFFSET = 8;
  const BLOB_BYTES = OFFSET + STRIDE * SIDE;
  const showBlob = (wrong: Partial<GpuCommand<'SET_SCANOUT_BLOB'>> = {}): Uint8Array =>
    command('SET_SCANOUT_BLOB', {
      ...{ ...on, r: whole, width: SIDE, height: SIDE, format: gpuFormats.B8G8R8X8_UNORM },
      ...{ strides: [STRIDE, 0, 0, 0], offsets: [OFFSET, 0, 0, 0] },
      ...wrong,
    });

  async function blob(): Promise<ScriptedDriver> {
    const driver = await new ScriptedDriver().start();
    for (let n = 0; n < SIDE * SIDE; n++) {
      const [r, g, b] = pixel(n);
      const at = PAGES + OFFSET + Math.floor(n / SIDE) * STRIDE + 4 * (n % SIDE);
      driver.memory.bytes.set([b, g, r, 0], at);
    }
    const values = { ...on, blob_mem: 1, nr_entries: 1, size: BigInt(BLOB_BYTES) };
    await driver.ask(command('RESOURCE_CREATE_BLOB', values, {}, entries([PAGES, BLOB_BYTES])));
    return driver;
  }

  it("is fetched from the driver's pages when it is flushed", async () => {
    const driver = await blob();
    expect(await driver.type(showBlob({ r: rect(4, 2, 16, 20) }))).toBe('OK_NODATA');
    expect(await driver.type(flush())).toBe('OK_NODATA');
    expect(lastFrame(driver)).toMatchObject({ width: 16, height: 20 });
    expect(pixelOf(driver, 0)).toEqual([...pixel(2 * SIDE + 4).slice(0, 3), 255]);
    expect(pixelOf(driver, 319)).toEqual([...pixel(21 * SIDE + 19).slice(0, 3), 255]);
  });

  it('shows at the next flush what the driver wrote meanwhile, where it was flushed', async () => {
    const driver = await blob();
    await driver.ask(showBlob());
    await driver.ask(flush());
    driver.memory.bytes.fill(0x55, PAGES, PAGES + BLOB_BYTES);
    await driver.ask(flush(rect(0, 0, 1, 1)));
    expect(pixelOf(driver, 0)).toEqual([0x55, 0x55, 0x55, 255]);
    expect(pixelOf(driver, 1)).toEqual([...pixel(1).slice(0, 3), 255]);
  });

  it('has nothing to transfer, and takes no harm from it', async () => {
    const driver = await blob();
    const bytes = command('TRANSFER_TO_HOST_2D', { ...on, r: whole });
    expect(await driver.type(bytes)).toBe('OK_NODATA');
  });

  it('is not shown once its pages are detached', async () => {
    const driver = await blob();
    await driver.ask(showBlob());
    await driver.ask(command('RESOURCE_DETACH_BACKING', on));
    expect(await driver.type(flush())).toBe('ERR_UNSPEC');
  });

  it.each([
    [{ scanout_id: 1 }, 'ERR_INVALID_SCANOUT_ID'],
    [{ resource_id: 9 }, 'ERR_INVALID_RESOURCE_ID'],
    [{ format: 5 }, 'ERR_INVALID_PARAMETER'],
    [{ r: rect(0, 0, SIDE + 1, SIDE) }, 'ERR_INVALID_PARAMETER'],
    [{ strides: [SIDE * 4 - 1, 0, 0, 0] }, 'ERR_INVALID_PARAMETER'],
    [{ strides: [2 ** 32 - 1, 0, 0, 0] }, 'ERR_INVALID_PARAMETER'],
    [{ offsets: [OFFSET + 17, 0, 0, 0] }, 'ERR_INVALID_PARAMETER'],
    [{ offsets: [2 ** 32 - 1, 0, 0, 0] }, 'ERR_INVALID_PARAMETER'],
    [{ height: 2 ** 32 - 1, r: rect(0, 2 ** 32 - 17, 16, 16) }, 'ERR_INVALID_PARAMETER'],
  ] as const)('refuses %o', async (wrong, type) => {
    const driver = await blob();
    expect(await driver.type(showBlob(wrong as object))).toBe(type);
    expect(driver.gpu.alive).toBe(0);
  });

  it('is no image, and an image is no blob', async () => {
    const driver = await blob();
    expect(await driver.type(show())).toBe('ERR_INVALID_PARAMETER');
    await driver.ask(create2d(2, SIDE, SIDE));
    expect(await driver.type(showBlob({ resource_id: 2 }))).toBe('ERR_INVALID_PARAMETER');
    expect(await driver.type(showBlob({ resource_id: 0 }))).toBe('OK_NODATA');
  });
});
