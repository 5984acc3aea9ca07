import {
  type CommandBuffer,
  CommandEncoder,
  type Gpu,
  type GpuBuffer,
  type GpuImage,
  NONE,
  type Placement,
} from '@doorbell/abi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BellDriver, probeBell } from '../../src/bell/driver.ts';
import { BellBench, VRAM_BYTES } from './bell-bench.ts';

let bench: BellBench;
let driver: BellDriver;
let gpu: Gpu;

async function setUp(ramBytes?: number): Promise<void> {
  bench = new BellBench(ramBytes);
  driver = await probeBell(bench.port);
  gpu = await driver.open();
}
beforeEach(() => setUp());
afterEach(() => {
  // No wait ended because the driver lost its patience and asked the device.
  expect(bench.device.clock.now()).toBeLessThan(1e9);
});

const at = (resource: { handle: number }, offset = 0): { handle: number; offset: number } => ({
  handle: resource.handle,
  offset,
});

async function bytesOf(
  resource: GpuBuffer | GpuImage,
  offset: number,
  count: number,
): Promise<Uint8Array> {
  const into = new Uint8Array(count).fill(0xee);
  await gpu.read(resource, offset, into);
  return into;
}

/** Bytes that repeat at no power of two. */
function pattern(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    bytes[index] = (index * 7 + (index >> 8)) % 251;
  }
  return bytes;
}

/** -1 when they are equal. (Comparing large arrays with `toEqual` takes seconds.) */
function firstDifference(actual: Uint8Array, expected: Uint8Array): number {
  expect(actual.length).toBe(expected.length);
  let index = 0;
  while (index < actual.length && actual[index] === expected[index]) {
    index++;
  }
  return index < actual.length ? index : -1;
}

function fillWords(target: GpuBuffer | GpuImage, words: number, value: number): CommandEncoder {
  const area = { stride: words * 4, width: words, height: 1, value };
  return new CommandEncoder().fill({ dst: at(target), ...area });
}

/** Fills of one word each, in turn at each of the first 1024 words, with 1, 2, 3 and so on. */
function manyFills(target: GpuBuffer, count: number, first = 1): CommandBuffer {
  const encoder = new CommandEncoder();
  for (let index = 0; index < count; index++) {
    const dst = at(target, (index % 1024) * 4);
    encoder.fill({ dst, stride: 4, width: 1, height: 1, value: first + index });
  }
  return encoder.finish();
}

describe('resources', () => {
  it.each([
    [5, 'device'],
    [4096, 'device'],
    [300_001, 'device'],
    [5, 'host'],
    [300_001, 'host'],
  ] as [number, Placement][])(
    'a buffer of %i bytes on the %s is zero, and has that size',
    async (bytes, placement) => {
      // Whoever had the memory before left something there.
      const old = await gpu.createBuffer(1 << 20, 'device');
      await gpu.write(old, 0, new Uint8Array(1 << 20).fill(0xab));
      await gpu.destroy(old);
      const buffer = await gpu.createBuffer(bytes, placement);
      expect(buffer.bytes).toBe(bytes);
      expect((await bytesOf(buffer, 0, bytes)).every((byte) => byte === 0)).toBe(true);
    },
  );

  it('an image is zero, and its rows follow one another', async () => {
    const image = await gpu.createImage(33, 50);
    expect(image).toMatchObject({ width: 33, height: 50, stride: 132 });
    expect((await bytesOf(image, 0, 33 * 50 * 4)).every((byte) => byte === 0)).toBe(true);
  });

  it('handles are small, positive and not used again', async () => {
    const first = await gpu.createBuffer(1, 'device');
    await gpu.destroy(first);
    const second = await gpu.createImage(1, 1);
    expect([first.handle, second.handle]).toEqual([1, 2]);
  });

  it.each([0, -1, 1.5, NaN, VRAM_BYTES + 1])('no buffer has %d bytes', async (bytes) => {
    await expect(gpu.createBuffer(bytes, 'device')).rejects.toMatchObject({ code: 'bad-range' });
  });

  it.each([
    [0, 1],
    [1, 0],
    [4097, 1],
    [1, 2.5],
  ])('no image is %d by %d', async (width, height) => {
    await expect(gpu.createImage(width, height)).rejects.toMatchObject({ code: 'bad-range' });
  });

  it('a destroyed resource is dead at once', async () => {
    const buffer = await gpu.createBuffer(16, 'device');
    await gpu.destroy(buffer);
    const dead = { code: 'bad-handle' };
    await expect(gpu.destroy(buffer)).rejects.toMatchObject(dead);
    await expect(gpu.write(buffer, 0, new Uint8Array(1))).rejects.toMatchObject(dead);
    await expect(gpu.read(buffer, 0, new Uint8Array(1))).rejects.toMatchObject(dead);
    await expect(gpu.submit(fillWords(buffer, 1, 0).finish())).rejects.toMatchObject(dead);
  });

  it('its memory lives until the work that uses it is done', async () => {
    const source = await gpu.createBuffer(1 << 20, 'host');
    const target = await gpu.createBuffer(1 << 20, 'device');
    await gpu.write(source, 0, pattern(1 << 20));
    const copy = { dstStride: 1 << 20, srcStride: 1 << 20, rowBytes: 1 << 20, rows: 1 };
    const stream = new CommandEncoder().copy({ dst: at(target), src: at(source), ...copy });
    await gpu.submit(stream.finish());
    await gpu.destroy(source);
    expect(firstDifference(await bytesOf(target, 0, 1 << 20), pattern(1 << 20))).toBe(-1);
    expect(bench.refused).toEqual([]);
  });

  it('waits for memory that is on its way back, and says so when there is none', async () => {
    const half = VRAM_BYTES / 2 + 4096;
    const first = await gpu.createBuffer(half, 'device');
    await gpu.submit(fillWords(first, half / 4, 1).finish());
    await gpu.destroy(first);
    const second = await gpu.createBuffer(half, 'device');
    await expect(gpu.createBuffer(half, 'device')).rejects.toMatchObject({
      code: 'out-of-memory',
      message: `bell: no ${half} bytes of VRAM in a row are free.`,
    });
    await expect(gpu.createImage(1024, 1024)).rejects.toMatchObject({ code: 'out-of-memory' });
    await gpu.destroy(second);
    await gpu.createBuffer(half, 'device');
  });

  it('says so when RAM runs out', async () => {
    await setUp(64 * 4096);
    const held = bench.leaks();
    await expect(gpu.createBuffer(64 * 4096, 'host')).rejects.toMatchObject({
      code: 'out-of-memory',
    });
    expect(bench.leaks()).toEqual(held);
  });

  it('churns without losing a page', async () => {
    const held = bench.leaks();
    const whole = await gpu.createBuffer(VRAM_BYTES - 16 * 4096, 'device');
    await gpu.destroy(whole);
    const alive: GpuBuffer[] = [];
    for (let round = 0; round < 300; round++) {
      const placement = round % 3 === 0 ? 'host' : 'device';
      const buffer = await gpu.createBuffer(1 + ((round * 7919) % 40_000), placement);
      await gpu.write(buffer, 0, pattern(Math.min(buffer.bytes, 5000)));
      await gpu.submit(fillWords(buffer, 1 + ((buffer.bytes - 1) >> 2 ? 0 : -1), round).finish());
      alive.push(buffer);
      if (round % 2 === 1) {
        await gpu.destroy(alive.splice((round * 31) % alive.length, 1)[0]);
      }
    }
    for (const buffer of alive) {
      await gpu.destroy(buffer);
    }
    await gpu.wait(await gpu.submit(new CommandEncoder().finish()));
    expect(bench.leaks()).toEqual(held);
    await gpu.createBuffer(VRAM_BYTES - 16 * 4096, 'device');
  });
});

describe('write and read', () => {
  it.each(
    (['device', 'host'] as const).flatMap((placement) =>
      [1, 3, 4, 100, 4095, 4096, 4097, 300_000].map((size) => [size, placement] as const),
    ),
  )('%i bytes anywhere on the %s come back, and no others changed', async (size, placement) => {
    for (const offset of [0, 1, 5, 4094]) {
      const buffer = await gpu.createBuffer(size + offset + 9, placement);
      await gpu.write(buffer, offset, pattern(size));
      const expected = new Uint8Array(size + offset + 9);
      expected.set(pattern(size), offset);
      expect(firstDifference(await bytesOf(buffer, 0, expected.length), expected)).toBe(-1);
      expect(firstDifference(await bytesOf(buffer, offset, size), pattern(size))).toBe(-1);
    }
  });

  it('an image takes bytes as a buffer does', async () => {
    const image = await gpu.createImage(200, 100);
    await gpu.write(image, 0, pattern(80_000));
    await gpu.write(image, 800, Uint8Array.of(9, 8, 7));
    const expected = pattern(80_000);
    expected.set([9, 8, 7], 800);
    expect(firstDifference(await bytesOf(image, 0, 80_000), expected)).toBe(-1);
  });

  it('nothing is nothing', async () => {
    const buffer = await gpu.createBuffer(8, 'device');
    await gpu.write(buffer, 8, new Uint8Array());
    await gpu.read(buffer, 8, new Uint8Array());
  });

  it.each([
    [-1, 1],
    [8, 1],
    [0, 9],
    [0.5, 1],
    [NaN, 1],
  ])('refuses an offset of %d with %i bytes of 8', async (offset, count) => {
    const buffer = await gpu.createBuffer(8, 'device');
    const bad = { code: 'bad-range' };
    await expect(gpu.write(buffer, offset, new Uint8Array(count))).rejects.toMatchObject(bad);
    await expect(gpu.read(buffer, offset, new Uint8Array(count))).rejects.toMatchObject(bad);
  });

  it('cuts what is larger than a staging buffer, and needs RAM for one piece only', async () => {
    await setUp(6 << 20);
    const buffer = await gpu.createBuffer(7 << 20, 'device');
    await gpu.write(buffer, 0, pattern(7 << 20));
    expect(firstDifference(await bytesOf(buffer, 0, 7 << 20), pattern(7 << 20))).toBe(-1);
  });

  it('maps staging for each request, and lets go of it', async () => {
    const held = bench.leaks();
    const buffer = await gpu.createBuffer(1 << 20, 'device');
    await gpu.write(buffer, 0, pattern(1 << 20));
    await bytesOf(buffer, 0, 1 << 20);
    expect(bench.leaks()).toEqual(held);
    expect(bench.refused).toEqual([]);
  });

  it('a small write to a resource at rest needs no GPU', async () => {
    const buffer = await gpu.createBuffer(4096, 'device');
    bench.log.length = 0;
    await gpu.write(buffer, 0, pattern(4096));
    expect(bench.log).toEqual(['BAR2 block 0x2000+4096']);
  });

  it('says when RAM is too short for staging', async () => {
    await setUp(40 * 4096);
    const buffer = await gpu.createBuffer(1 << 20, 'device');
    const short = { code: 'out-of-memory' };
    await expect(gpu.write(buffer, 0, new Uint8Array(1 << 20))).rejects.toMatchObject(short);
    await expect(gpu.read(buffer, 0, new Uint8Array(1 << 20))).rejects.toMatchObject(short);
    await gpu.write(buffer, 0, new Uint8Array(20_000).fill(5));
    expect(await bytesOf(buffer, 19_999, 2)).toEqual(Uint8Array.of(5, 0));
  });
});

describe('order', () => {
  it('calls take effect in the order in which they were made, awaited or not', async () => {
    for (const placement of ['device', 'host'] as const) {
      const buffer = await gpu.createBuffer(64 << 10, placement);
      const seen = Array.from({ length: 4 }, () => new Uint8Array(8));
      const one = Uint8Array.of(1, 1, 1, 1);
      await Promise.all([
        gpu.submit(fillWords(buffer, 16 << 10, 0x03030303).finish()),
        gpu.read(buffer, 0, seen[0]),
        gpu.write(buffer, 0, one),
        gpu.read(buffer, 0, seen[1]),
        gpu.write(buffer, 0, pattern(50_000)),
        gpu.read(buffer, 0, seen[2]),
        gpu.submit(fillWords(buffer, 16 << 10, 0x04040404).finish()),
        gpu.write(buffer, 4, one),
        gpu.read(buffer, 0, seen[3]),
        gpu.submit(fillWords(buffer, 16 << 10, 0x05050505).finish()),
      ]);
      expect(seen.map((bytes) => [...bytes])).toEqual([
        [3, 3, 3, 3, 3, 3, 3, 3],
        [1, 1, 1, 1, 3, 3, 3, 3],
        [...pattern(8)],
        [4, 4, 4, 4, 1, 1, 1, 1],
      ]);
    }
  });

  it('a write that waits for its turn is before a read that finds the resource at rest', async () => {
    const [mine, other] = [
      await gpu.createBuffer(4, 'host'),
      await gpu.createBuffer(4 << 20, 'device'),
    ];
    const first = await gpu.submit(fillWords(mine, 1, 0x0101).finish());
    await gpu.submit(fillWords(other, 1 << 20, 2).finish());
    const writing = gpu.write(mine, 0, Uint8Array.of(7));
    await gpu.wait(first);
    expect(await bytesOf(mine, 0, 2)).toEqual(Uint8Array.of(7, 1));
    await writing;
  });

  it('what has no room, ever, does not hold up what is behind it', async () => {
    await setUp(40 * 4096);
    const buffer = await gpu.createBuffer(1 << 20, 'device');
    const outcomes = await Promise.allSettled([
      gpu.submit(fillWords(buffer, 1 << 18, 1).finish()),
      gpu.write(buffer, 0, new Uint8Array(1 << 20)),
      gpu.write(buffer, 0, Uint8Array.of(9)),
      gpu.submit({ words: manyFills(buffer, 100_000).words }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
    ]);
    expect(await bytesOf(buffer, 0, 2)).toEqual(Uint8Array.of(9, 0));
  });

  it('present shows what was submitted before it, and nothing of what came after', async () => {
    const image = await gpu.createImage(256, 256);
    await Promise.all(
      [1, 2, 3].flatMap((value) => [
        gpu.submit(fillWords(image, 65_536, value).finish()),
        gpu.present(image),
      ]),
    );
    expect(bench.frames.map(({ pixels }) => [pixels[0], pixels.at(-4)])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it('fences count submissions from 1, and earlier ones are done when later ones are', async () => {
    const buffer = await gpu.createBuffer(1 << 20, 'device');
    const fences = [
      await gpu.submit(fillWords(buffer, 1 << 18, 1).finish()),
      await gpu.submit(new CommandEncoder().finish()),
      await gpu.submit(fillWords(buffer, 1 << 18, 2).finish()),
    ];
    expect(fences).toEqual([1, 2, 3]);
    await gpu.wait(3);
    bench.log.length = 0;
    await gpu.wait(1);
    expect(bench.log).toEqual([]);
  });

  it.each([0, -1, 1.5, 2])('no submission has fence %d', async (fence) => {
    await gpu.submit(new CommandEncoder().finish());
    await expect(gpu.wait(fence)).rejects.toMatchObject({ code: 'bad-range' });
  });

  it('thousands of submissions go round the ring, whether it is full or empty', async () => {
    const counter = await gpu.createBuffer(4, 'host');
    const all: Promise<number>[] = [];
    for (let value = 1; value <= 1500; value++) {
      all.push(gpu.submit(fillWords(counter, 1, value).finish()));
    }
    expect((await Promise.all(all)).at(-1)).toBe(1500);
    await gpu.wait(1500);
    expect(new Uint32Array((await bytesOf(counter, 0, 4)).buffer)[0]).toBe(1500);
    for (let value = 1; value <= 500; value++) {
      await gpu.wait(await gpu.submit(fillWords(counter, 1, value).finish()));
    }
    expect(new Uint32Array((await bytesOf(counter, 0, 4)).buffer)[0]).toBe(500);
  });

  it('a caller that is too quick waits until there is room in the ring', async () => {
    const counter = await gpu.createBuffer(4, 'host');
    for (let value = 1; value <= 1000; value++) {
      await gpu.submit(fillWords(counter, 1, value).finish());
      // An INDIRECT and a FENCE take 24 bytes of 4096.
      expect(bench.bell.counts.fences).toBeGreaterThanOrEqual(value - 170);
    }
  });

  it('streams of any length go round the command area', async () => {
    const buffer = await gpu.createBuffer(4 << 10, 'device');
    const held = bench.leaks();
    let done = 0;
    const all: Promise<number>[] = [];
    for (const length of [1, 700, 1300, 3, 5000, 900, 1365, 2, 1366, 1200, 20_000, 1]) {
      all.push(gpu.submit(manyFills(buffer, length, done + 1)));
      done += length;
    }
    await gpu.wait((await Promise.all(all)).at(-1) ?? 0);
    const words = new Uint32Array((await bytesOf(buffer, 0, 4096)).buffer);
    expect(words[0]).toBe(done);
    expect(words[(20_000 - 1) % 1024]).toBe(done - 1);
    for (let round = 0; round < 5; round++) {
      // Half of the area, each time from another place.
      await gpu.wait(await gpu.submit(manyFills(buffer, 1365)));
    }
    expect(bench.refused).toEqual([]);
    expect(bench.leaks()).toEqual(held);
  });
});

describe('command streams', () => {
  it('fills, copies between device and host, and blends', async () => {
    const [a, b] = [await gpu.createImage(8, 8), await gpu.createBuffer(256, 'host')];
    const stream = new CommandEncoder()
      .fill({ dst: at(a), stride: 32, width: 8, height: 8, value: 0xff0000ff })
      .fill({ dst: at(a, 32 * 2 + 8), stride: 32, width: 2, height: 2, value: 0xff00ff00 })
      .copy({ dst: at(b), dstStride: 32, src: at(a), srcStride: 32, rowBytes: 32, rows: 8 });
    await gpu.wait(await gpu.submit(stream.finish()));
    const pixels = new Uint32Array((await bytesOf(b, 0, 256)).buffer);
    expect(pixels[0]).toBe(0xff0000ff);
    expect([...pixels.subarray(17, 21)]).toEqual([0xff0000ff, 0xff00ff00, 0xff00ff00, 0xff0000ff]);
  });

  it('draws a triangle', async () => {
    const target = await gpu.createImage(16, 16);
    const vertices = await gpu.createBuffer(3 * 36, 'device');
    const indices = await gpu.createBuffer(12, 'host');
    const floats = new Float32Array(27);
    const bytes = new Uint8Array(floats.buffer);
    // The upper left half of the target: y is down.
    [
      [-1, -1],
      [-1, 1],
      [1, -1],
    ].forEach(([x, y], vertex) => {
      floats.set([x, y, 0.5, 0, 0, 1, 0, 0], vertex * 9);
      bytes.set([10, 20, 30, 255], vertex * 36 + 32);
    });
    await gpu.write(vertices, 0, bytes);
    await gpu.write(indices, 0, new Uint8Array(Uint32Array.of(0, 1, 2).buffer));
    const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    const stream = new CommandEncoder()
      .setTarget({
        color: at(target),
        colorStride: 64,
        depth: NONE,
        depthStride: 0,
        width: 16,
        height: 16,
      })
      .setViewport({ x: 0, y: 0, width: 16, height: 16 })
      .setScissor({ x: 0, y: 0, width: 16, height: 16 })
      .setTransform(identity, [0, 0, 0, 1])
      .draw({
        vertices: at(vertices),
        vertexCount: 3,
        indices: at(indices),
        indexCount: 3,
        flags: 0,
      });
    await gpu.wait(await gpu.submit(stream.finish()));
    const pixels = new Uint32Array((await bytesOf(target, 0, 1024)).buffer);
    const colour = 0xff1e140a;
    expect(pixels[0]).toBe(colour);
    expect(pixels[15 * 16 + 15]).toBe(0);
    for (let y = 0; y < 16; y++) {
      for (let x = 0; x < 16; x++) {
        if (x + y < 15) {
          expect(pixels[y * 16 + x]).toBe(colour);
        } else if (x + y > 15) {
          expect(pixels[y * 16 + x]).toBe(0);
        }
      }
    }
  });

  it('refuses streams that mean nothing, before the GPU sees them', async () => {
    bench.log.length = 0;
    const bad = { code: 'bad-command' };
    await expect(gpu.submit({ words: Uint32Array.of(0x0001_00ee) })).rejects.toMatchObject(bad);
    await expect(gpu.submit({ words: Uint32Array.of(0x0006_0010) })).rejects.toMatchObject(bad);
    expect(bench.log).toEqual([]);
    expect(await gpu.submit(new CommandEncoder().finish())).toBe(1);
  });

  it('refuses references beyond a resource', async () => {
    const buffer = await gpu.createBuffer(4096, 'device');
    const range = { code: 'bad-range' };
    await expect(gpu.submit(fillWords(buffer, 1025, 0).finish())).rejects.toMatchObject(range);
    const rows = { stride: 4096, width: 1, height: 0xffffffff, value: 0 };
    const tall = new CommandEncoder().fill({ dst: at(buffer), ...rows });
    await expect(gpu.submit(tall.finish())).rejects.toMatchObject(range);
    await gpu.submit(fillWords(buffer, 1024, 0).finish());
  });
});

describe('present', () => {
  it('takes an image and nothing else', async () => {
    const buffer = await gpu.createBuffer(4096, 'device');
    const image = { ...buffer, width: 32, height: 32, stride: 128 };
    await expect(gpu.present(image)).rejects.toMatchObject({ code: 'bad-handle' });
  });

  it('turns the screen off when the image on it is freed', async () => {
    const image = await gpu.createImage(32, 32);
    await gpu.present(image);
    expect(bench.bell.barRead(0, 0x100, 4)).toBe(1);
    await gpu.destroy(image);
    expect(bench.bell.barRead(0, 0x100, 4)).toBe(0);
  });

  it('a frame costs one doorbell, one interrupt (a read and a write) and one flip', async () => {
    const images = [await gpu.createImage(64, 64), await gpu.createImage(64, 64)];
    const frame = async (value: number): Promise<void> => {
      const image = images[value % 2];
      await gpu.submit(fillWords(image, 4096, value).finish());
      await gpu.present(image);
    };
    await frame(0);
    await frame(1);
    bench.log.length = 0;
    for (let value = 2; value < 12; value++) {
      await frame(value);
    }
    const accesses = bench.log.map((line) => line.replace(/ = .*/, ''));
    const one = [
      'BAR1 write 0x0', // doorbell
      'BAR0 read 0x4028', // INTERRUPT
      'BAR0 write 0x4028',
      'BAR0 write 0x10c', // SCANOUT_PAGE, since there are two images
      'BAR0 write 0x110', // SCANOUT_FLIP
    ];
    expect(accesses).toEqual(Array.from({ length: 10 }, () => one).flat());
    expect(bench.frames).toHaveLength(12);
  });
});
