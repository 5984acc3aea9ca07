import { type GpuCommand, gpuFormats } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import {
  attachBacking,
  attachResource,
  command,
  create2d,
  createBuffer,
  createContext,
  createImage,
  PAGES,
  rect,
  ScriptedDriver,
} from '../scripted-driver.ts';

const on = { resource_id: 1 };
const context = { ctx_id: 1 };
const SIDE = 16;
const BYTES = SIDE * SIDE * 4;

/** Byte n of the backing, which is in three pieces, the last before the others. */
const byteAt = (n: number): number => (n * 31 + (n >> 8)) & 0xff;
const pieces: readonly (readonly [number, number])[] = [
  [PAGES + 0x3000, 100],
  [PAGES + 0x5001, 500],
  [PAGES, 4096],
];
const BACKING_BYTES = 4696;

function fillBacking({ memory }: ScriptedDriver): void {
  let at = 0;
  for (const [address, bytes] of pieces) {
    for (let i = 0; i < bytes; i++) {
      memory.bytes[address + i] = byteAt(at++);
    }
  }
}

function backingBytes({ memory }: ScriptedDriver): number[] {
  return pieces.flatMap(([address, bytes]) => [...memory.bytes.subarray(address, address + bytes)]);
}

async function driverWith(...commands: readonly Uint8Array[]): Promise<ScriptedDriver> {
  const driver = await new ScriptedDriver().start();
  fillBacking(driver);
  for (const bytes of [createContext(1), ...commands]) {
    expect(await driver.type(bytes)).toBe('OK_NODATA');
  }
  return driver;
}
const with2d = (format: number = gpuFormats.R8G8B8A8_UNORM) =>
  driverWith(create2d(1, SIDE, SIDE, format), attachBacking(1, ...pieces));
const withImage = () =>
  driverWith(createImage(1, SIDE, SIDE), attachBacking(1, ...pieces), attachResource(1, 1));
const withBuffer = () =>
  driverWith(createBuffer(1, 64), attachBacking(1, ...pieces), attachResource(1, 1));

type Values = Partial<GpuCommand<'TRANSFER_TO_HOST_2D'>>;
const to2d = (values: Values): Uint8Array =>
  command('TRANSFER_TO_HOST_2D', { ...on, r: rect(0, 0, SIDE, SIDE), ...values });

describe('TRANSFER_TO_HOST_2D', () => {
  it("5.7.6.8: takes a rectangle's rows as far apart as the resource has them", async () => {
    const driver = await with2d();
    const r = rect(3, 5, 7, 4);
    const offset = 5 * 64 + 3 * 4;
    expect(await driver.type(to2d({ r, offset: BigInt(offset) }))).toBe('OK_NODATA');
    const image = driver.gpu.bytesOf(1);
    for (let at = 0; at < BYTES; at++) {
      const [x, y] = [(at >> 2) % SIDE, ((at >> 2) / SIDE) >> 0];
      const isIn = x >= 3 && x < 10 && y >= 5 && y < 9;
      expect(image[at]).toBe(isIn ? byteAt(at) : 0);
    }
  });

  it('takes the offset as it is, whatever the rectangle', async () => {
    const driver = await with2d();
    await driver.ask(to2d({ r: rect(1, 1, 2, 2), offset: 1000n }));
    const image = driver.gpu.bytesOf(1);
    expect([...image.subarray(68, 76)]).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => byteAt(1000 + n)),
    );
    expect([...image.subarray(132, 140)]).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => byteAt(1064 + n)),
    );
  });

  it("fetches the rectangle's bytes alone", async () => {
    const driver = await with2d();
    const before = driver.device.counts.bytesFetched;
    await driver.ask(to2d({ r: rect(3, 5, 7, 4) }));
    expect(driver.device.counts.bytesFetched - before).toBe(56 + 7 * 4 * 4);
    expect(driver.gpu.writes.map(({ bytes }) => bytes)).toEqual([28, 28, 28, 28]);
  });

  it('writes full rows at once', async () => {
    const driver = await with2d();
    await driver.ask(to2d({ r: rect(0, 4, SIDE, 8), offset: 256n }));
    expect(driver.gpu.writes).toEqual([{ handle: 1, offset: 256, bytes: 512 }]);
  });

  it('converts on the way', async () => {
    const driver = await with2d(gpuFormats.B8G8R8X8_UNORM);
    await driver.ask(to2d({}));
    expect([...driver.gpu.bytesOf(1).subarray(0, 4)]).toEqual([
      byteAt(2),
      byteAt(1),
      byteAt(0),
      255,
    ]);
  });

  it('does nothing for an empty rectangle', async () => {
    const driver = await with2d();
    expect(await driver.type(to2d({ r: rect(4, 4, 0, 3) }))).toBe('OK_NODATA');
    expect(driver.gpu.writes).toEqual([]);
  });

  it.each([
    [{ resource_id: 9 }, 'ERR_INVALID_RESOURCE_ID'],
    [{ r: rect(1, 0, SIDE, 1) }, 'ERR_INVALID_PARAMETER'],
    [{ r: rect(0, 1, 1, SIDE) }, 'ERR_INVALID_PARAMETER'],
    [{ r: rect(2 ** 32 - 1, 0, 2, 1) }, 'ERR_INVALID_PARAMETER'],
    [{ r: rect(0, 2 ** 32 - 8, 1, 16) }, 'ERR_INVALID_PARAMETER'],
    [{ offset: BigInt(BACKING_BYTES - BYTES + 1) }, 'ERR_INVALID_PARAMETER'],
    [{ offset: 2n ** 32n }, 'ERR_INVALID_PARAMETER'],
    [{ offset: 2n ** 64n - 4n }, 'ERR_INVALID_PARAMETER'],
  ] as const)('refuses %o', async (values, type) => {
    const driver = await with2d();
    expect(await driver.type(to2d(values))).toBe(type);
    expect(driver.gpu.writes).toEqual([]);
  });

  it('refuses a resource without a backing, and a buffer', async () => {
    const driver = await driverWith(
      create2d(1, SIDE, SIDE),
      createBuffer(2, 64),
      attachBacking(2, ...pieces),
    );
    expect(await driver.type(to2d({}))).toBe('ERR_UNSPEC');
    expect(await driver.type(to2d({ resource_id: 2 }))).toBe('ERR_INVALID_PARAMETER');
  });

  it('refuses a page that is gone, and goes on', async () => {
    const driver = await with2d();
    const fetch = driver.memory.fetch.bind(driver.memory);
    driver.memory.fetch = async (address, into) => address < PAGES && fetch(address, into);
    expect(await driver.type(to2d({}))).toBe('ERR_UNSPEC');
    driver.memory.fetch = fetch;
    expect(await driver.type(to2d({}))).toBe('OK_NODATA');
  });
});

type Box = GpuCommand<'TRANSFER_TO_HOST_3D'>['box'];
const box = (x: number, y: number, w: number, h: number, more: Partial<Box> = {}): Box => ({
  ...{ x, y, z: 0, w, h, d: 1 },
  ...more,
});

describe('TRANSFER_TO_HOST_3D and TRANSFER_FROM_HOST_3D', () => {
  const names = ['TRANSFER_TO_HOST_3D', 'TRANSFER_FROM_HOST_3D'] as const;

  it('move ranges of buffers, in bytes', async () => {
    const driver = await withBuffer();
    await driver.ask(
      command('TRANSFER_TO_HOST_3D', { ...on, box: box(3, 0, 21, 1), offset: 90n }, context),
    );
    const buffer = driver.gpu.bytesOf(1);
    expect([...buffer]).toEqual(
      Array.from({ length: 64 }, (_, at) => (at >= 3 && at < 24 ? byteAt(90 + at - 3) : 0)),
    );
    await driver.ask(
      command('TRANSFER_FROM_HOST_3D', { ...on, box: box(0, 0, 24, 1), offset: 2000n }, context),
    );
    expect(backingBytes(driver).slice(2000, 2024)).toEqual([...buffer.subarray(0, 24)]);
    expect(backingBytes(driver)[2024]).toBe(byteAt(2024));
  });

  it('move boxes of images with a stride', async () => {
    const driver = await withImage();
    const values = { ...on, box: box(2, 3, 5, 2), offset: 96n, stride: 40 };
    await driver.ask(command('TRANSFER_TO_HOST_3D', values, context));
    const image = driver.gpu.bytesOf(1);
    expect(image[3 * 64 + 8]).toBe(byteAt(96));
    expect(image[4 * 64 + 8 + 19]).toBe(byteAt(96 + 40 + 19));
    const back = { ...values, offset: 3000n, stride: 0 };
    await driver.ask(command('TRANSFER_FROM_HOST_3D', back, context));
    expect(backingBytes(driver).slice(3000, 3040)).toEqual([
      ...image.subarray(3 * 64 + 8, 3 * 64 + 28),
      ...image.subarray(4 * 64 + 8, 4 * 64 + 28),
    ]);
    expect(backingBytes(driver)[3040]).toBe(byteAt(3040));
  });

  it('bring pixels back in the format that the driver chose', async () => {
    const driver = await with2d(gpuFormats.A8R8G8B8_UNORM);
    await driver.ask(attachResource(1, 1));
    await driver.ask(to2d({}));
    const values = { ...on, box: box(0, 0, SIDE, SIDE), offset: 2048n };
    await driver.ask(command('TRANSFER_FROM_HOST_3D', values, context));
    const all = backingBytes(driver);
    expect(all.slice(2048, 2048 + BYTES)).toEqual(all.slice(0, BYTES));
  });

  describe.each(names)('%s', (name) => {
    it.each([
      [{ box: box(60, 0, 5, 1) }, 'ERR_INVALID_PARAMETER'],
      [{ box: box(2 ** 32 - 1, 0, 2, 1) }, 'ERR_INVALID_PARAMETER'],
      [{ box: box(0, 1, 4, 1) }, 'ERR_INVALID_PARAMETER'],
      [{ box: box(0, 0, 4, 2) }, 'ERR_INVALID_PARAMETER'],
      [{ box: box(0, 0, 4, 1, { z: 1 }) }, 'ERR_INVALID_PARAMETER'],
      [{ box: box(0, 0, 4, 1, { d: 2 }) }, 'ERR_INVALID_PARAMETER'],
      [{ level: 1 }, 'ERR_INVALID_PARAMETER'],
      [{ offset: BigInt(BACKING_BYTES - 3) }, 'ERR_INVALID_PARAMETER'],
      [{ offset: 2n ** 64n - 1n }, 'ERR_INVALID_PARAMETER'],
      [{ resource_id: 9 }, 'ERR_INVALID_RESOURCE_ID'],
    ] as const)('refuses %o of a buffer', async (wrong, type) => {
      const driver = await withBuffer();
      const before = backingBytes(driver);
      const values = { ...on, box: box(0, 0, 4, 1), ...wrong };
      expect(await driver.type(command(name, values, context))).toBe(type);
      expect(driver.gpu.writes).toEqual([]);
      expect(backingBytes(driver)).toEqual(before);
    });

    it.each([
      { box: box(1, 0, SIDE, 1) },
      { box: box(0, 1, 1, SIDE) },
      { box: box(0, 0, 1, 1, { z: 1 }) },
      { box: box(0, 0, 1, 1, { d: 0 }) },
      { box: box(0, 0, 5, 2), stride: 19 },
      { box: box(0, 0, SIDE, SIDE), stride: 2 ** 32 - 1 },
      { box: box(0, 0, SIDE, SIDE), offset: BigInt(BACKING_BYTES - BYTES + 1) },
    ])('refuses %o of an image', async (wrong) => {
      const driver = await withImage();
      expect(await driver.type(command(name, { ...on, ...wrong }, context))).toBe(
        'ERR_INVALID_PARAMETER',
      );
    });

    it('refuses what the context may not name', async () => {
      const driver = await driverWith(createBuffer(1, 64), attachBacking(1, ...pieces));
      const bytes = command(name, { ...on, box: box(0, 0, 4, 1) }, context);
      expect(await driver.type(bytes)).toBe('ERR_INVALID_RESOURCE_ID');
      const elsewhere = command(name, { ...on, box: box(0, 0, 4, 1) }, { ctx_id: 2 });
      expect(await driver.type(elsewhere)).toBe('ERR_INVALID_CONTEXT_ID');
    });

    it('refuses a resource without a backing', async () => {
      const driver = await driverWith(createBuffer(1, 64), attachResource(1, 1));
      const bytes = command(name, { ...on, box: box(0, 0, 4, 1) }, context);
      expect(await driver.type(bytes)).toBe('ERR_UNSPEC');
    });

    it('does nothing for an empty box', async () => {
      const driver = await withBuffer();
      const bytes = command(name, { ...on, box: box(64, 0, 0, 1) }, context);
      expect(await driver.type(bytes)).toBe('OK_NODATA');
    });
  });
});
