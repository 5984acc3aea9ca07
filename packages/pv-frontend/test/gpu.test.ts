import { CommandEncoder, featureSet, GpuError, virtioGpuFeatures } from '@doorbell/abi';
import { describe, expect, test } from 'vitest';
import { Bench, fillWords, readAll } from './bench.ts';

// Each of some runs everything again for each command that could be lost.
describe('the Gpu API', () => {
  for (const ring of ['split', 'packed'] as const) {
    for (const notify of ['interrupt', 'event-idx', 'poll'] as const) {
      for (const batch of [1, 16]) {
        test(`what was written, filled and copied is read (${ring}, ${notify}, batch ${batch})`, async () => {
          const bench = new Bench();
          const driver = await bench.probe({ ring, notify, batch });
          const gpu = await driver.open();
          const buffer = await gpu.createBuffer(256, 'device');
          const image = await gpu.createImage(16, 4);
          await gpu.write(buffer, 0, new Uint8Array(256).fill(7));
          await gpu.submit(fillWords(buffer.handle, 16, 4, 0x01020304));
          await gpu.write(buffer, 200, Uint8Array.of(9));
          const expected = new Uint8Array(256).fill(7);
          expected.set([4, 3, 2, 1, 4, 3, 2, 1, 4, 3, 2, 1, 4, 3, 2, 1], 16);
          expected[200] = 9;
          expect(await readAll(gpu, buffer, 256)).toEqual(expected);
          await gpu.write(image, 3, Uint8Array.of(1, 2, 3));
          const pixels = new Uint8Array(256);
          pixels.set([1, 2, 3], 3);
          expect(await readAll(gpu, image, 256)).toEqual(pixels);
          await gpu.present(image);
          await gpu.close();
          expect(bench.device.shown).toEqual([pixels]);
          expect(bench.device.resources.size + bench.device.contexts.size).toBe(0);
          await driver.remove();
          expect(bench.memory.leaks()).toEqual([]);
          expect(bench.memory.refused).toEqual([]);
          expect(bench.device.status).toBe(0);
        });
      }
    }
  }
});

describe('transfers', () => {
  test('5.7.6.7: move the dirty rectangles only', async () => {
    const bench = new Bench();
    const gpu = await (await bench.probe()).open();
    const image = await gpu.createImage(64, 64);
    await gpu.write(image, 256 * 3 + 8, new Uint8Array(600).fill(1));
    await gpu.read(image, 0, new Uint8Array(4));
    const transfers = bench.commands().filter((name) => name.startsWith('TRANSFER'));
    expect(transfers).toEqual([
      'TRANSFER_TO_HOST_3D',
      'TRANSFER_TO_HOST_3D',
      'TRANSFER_TO_HOST_3D',
      'TRANSFER_FROM_HOST_3D',
    ]);
  });

  test('part of a pixel leaves the rest of it as the device has it', async () => {
    const bench = new Bench();
    const gpu = await (await bench.probe()).open();
    const image = await gpu.createImage(16, 1);
    await gpu.submit(fillWords(image.handle, 0, 16, 0x44332211));
    await gpu.write(image, 5, Uint8Array.of(9, 9, 9, 9, 9));
    expect(await readAll(gpu, image, 12)).toEqual(
      Uint8Array.of(0x11, 0x22, 0x33, 0x44, 0x11, 9, 9, 9, 9, 9, 0x33, 0x44),
    );
    await gpu.write(image, 1, Uint8Array.of(8));
    expect(await readAll(gpu, image, 4)).toEqual(Uint8Array.of(0x11, 8, 0x33, 0x44));
  });

  test('backing is attached when it is needed, once, in pieces, and pages where memory is short of more', async () => {
    const bench = new Bench();
    const gpu = await (await bench.probe()).open();
    const buffer = await gpu.createBuffer(200_000, 'device');
    expect(bench.commands()).not.toContain('RESOURCE_ATTACH_BACKING');
    bench.memory.longest = 4096;
    const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i * 7);
    await gpu.write(buffer, 0, bytes);
    await gpu.write(buffer, 5, Uint8Array.of(1));
    bytes[5] = 1;
    expect(await readAll(gpu, buffer, 200_000)).toEqual(bytes);
    const attached = bench.device.received.filter(({ name }) => name === 'RESOURCE_ATTACH_BACKING');
    expect(attached).toHaveLength(1);
    expect(new DataView(attached[0].bytes.buffer).getUint32(28, true)).toBe(49);
  });

  test('a write waits only for transfers of the same bytes', async () => {
    const bench = new Bench();
    bench.device.commandNs = 1_000_000;
    const gpu = await (await bench.probe()).open();
    const buffer = await gpu.createBuffer(64, 'device');
    await gpu.write(buffer, 0, new Uint8Array(32).fill(1));
    const before = bench.clock.now();
    await gpu.write(buffer, 32, new Uint8Array(32).fill(2));
    expect(bench.clock.now()).toBe(before);
    await gpu.write(buffer, 31, new Uint8Array(2).fill(3));
    expect(bench.clock.now()).toBeGreaterThan(before);
    const expected = new Uint8Array(64).fill(1).fill(2, 32).fill(3, 31, 33);
    expect(await readAll(gpu, buffer, 64)).toEqual(expected);
  });

  test('calls that are not awaited take effect in order', async () => {
    const bench = new Bench();
    const gpu = await (await bench.probe({ batch: 4 })).open();
    const buffer = await gpu.createBuffer(16, 'device');
    const seen = [new Uint8Array(16), new Uint8Array(16), new Uint8Array(16)];
    await Promise.all([
      gpu.write(buffer, 0, new Uint8Array(16).fill(1)),
      gpu.read(buffer, 0, seen[0]),
      gpu.submit(fillWords(buffer.handle, 0, 4, 0x02020202)),
      gpu.read(buffer, 0, seen[1]),
      gpu.write(buffer, 0, new Uint8Array(16).fill(3)),
      gpu.read(buffer, 0, seen[2]),
      gpu.destroy(buffer),
    ]);
    expect(seen.map((bytes) => [...new Set(bytes)])).toEqual([[1], [2], [3]]);
  });

  test('wait for memory that destroyed resources give back', async () => {
    const bench = new Bench();
    const gpu = await (await bench.probe({ batch: 64 })).open();
    const first = await gpu.createBuffer(1 << 20, 'device');
    const second = await gpu.createBuffer(1 << 20, 'device');
    bench.memory.limit = bench.memory.used + (1 << 20) + 4096;
    await gpu.write(first, 0, Uint8Array.of(1));
    await gpu.destroy(first);
    await gpu.write(second, 0, Uint8Array.of(2));
    const third = await gpu.createBuffer(1 << 20, 'device');
    await expect(gpu.write(third, 0, Uint8Array.of(3))).rejects.toMatchObject({
      code: 'out-of-memory',
    });
    expect(await readAll(gpu, second, 1)).toEqual(Uint8Array.of(2));
    await gpu.close();
  });
});

describe('calls that are wrong', () => {
  const wrong: readonly [
    string,
    string,
    (gpu: Awaited<ReturnType<typeof open>>) => Promise<unknown>,
  ][] = [
    ['an empty buffer', 'bad-range', ({ gpu }) => gpu.createBuffer(0, 'device')],
    ['a huge buffer', 'bad-range', ({ gpu }) => gpu.createBuffer(2 ** 40, 'device')],
    ['a broken size', 'bad-range', ({ gpu }) => gpu.createBuffer(1.5, 'device')],
    ['a wide image', 'bad-range', ({ gpu }) => gpu.createImage(5000, 1)],
    ['no such handle', 'bad-handle', ({ gpu }) => gpu.destroy({ handle: 99, bytes: 1 })],
    ['beyond the end', 'bad-range', ({ gpu, buffer }) => gpu.write(buffer, 60, new Uint8Array(5))],
    ['before the start', 'bad-range', ({ gpu, buffer }) => gpu.read(buffer, -1, new Uint8Array(1))],
    ['no such fence', 'bad-range', ({ gpu }) => gpu.wait(1)],
    ['an unknown command', 'bad-command', ({ gpu }) => gpu.submit({ words: Uint32Array.of(0xff) })],
    [
      'a stream that reaches too far',
      'bad-range',
      ({ gpu, buffer }) => gpu.submit(fillWords(buffer.handle, 0, 17, 0)),
    ],
    ['a stream with a dead handle', 'bad-handle', ({ gpu }) => gpu.submit(fillWords(77, 0, 1, 0))],
  ];
  async function open() {
    const bench = new Bench();
    const gpu = await (await bench.probe()).open();
    return { bench, gpu, buffer: await gpu.createBuffer(64, 'device') };
  }
  test.each(wrong)('%s is a `%s`, and no command', async (_what, code, call) => {
    const opened = await open();
    const before = opened.bench.commands().length;
    await expect(call(opened)).rejects.toMatchObject({ name: 'GpuError', code });
    await opened.gpu.read(opened.buffer, 0, new Uint8Array(1));
    expect(opened.bench.commands().slice(before)).toEqual([
      'RESOURCE_ATTACH_BACKING',
      'TRANSFER_FROM_HOST_3D',
    ]);
  });

  test('a buffer is not presented, and nothing is called on a Gpu that is closed', async () => {
    const { gpu, buffer } = await open();
    const image = { ...buffer, width: 1, height: 1, stride: 4 };
    await expect(gpu.present(image)).rejects.toMatchObject({ code: 'bad-handle' });
    await gpu.close();
    await expect(gpu.createImage(1, 1)).rejects.toBeInstanceOf(GpuError);
    await gpu.close();
  });
});

describe('streams', () => {
  test('long ones go in several pieces', async () => {
    const bench = new Bench();
    const gpu = await (await bench.probe()).open();
    const buffer = await gpu.createBuffer(64, 'device');
    const encoder = new CommandEncoder();
    const dst = { handle: buffer.handle, offset: 0 };
    for (let i = 0; i < 100_000; i++) {
      encoder.fill({ dst, stride: 4, width: 1, height: 1, value: 7 });
    }
    const commands = encoder.finish();
    await gpu.wait(await gpu.submit(commands));
    const sent = bench.device.received.find(({ name }) => name === 'SUBMIT_3D');
    expect(new Uint32Array(sent!.bytes.slice(32).buffer)).toEqual(commands.words);
    await gpu.close();
  });

  test('an empty one is a fence', async () => {
    const gpu = await (await new Bench().probe()).open();
    await gpu.wait(await gpu.submit({ words: new Uint32Array() }));
  });
});

describe('presenting', () => {
  test('5.7.6.7: sets the scanout only when it changed, and turns it off with its image', async () => {
    const bench = new Bench();
    const gpu = await (await bench.probe()).open();
    const first = await gpu.createImage(4, 4);
    const second = await gpu.createImage(4, 4);
    for (const image of [first, first, second]) {
      await gpu.present(image);
    }
    await gpu.destroy(second);
    await gpu.read(first, 0, new Uint8Array(4));
    const names = bench.commands().filter((name) => /SCANOUT|FLUSH/.test(name));
    expect(names).toEqual([
      'SET_SCANOUT',
      'RESOURCE_FLUSH',
      'RESOURCE_FLUSH',
      'SET_SCANOUT',
      'RESOURCE_FLUSH',
      'SET_SCANOUT',
    ]);
    expect(bench.device.scanout).toBe(0);
  });
});

test('two Gpus of one driver have contexts and handles of their own', async () => {
  const bench = new Bench();
  const driver = await bench.probe();
  const [first, second] = [await driver.open(), await driver.open()];
  const [one, two] = [
    await first.createBuffer(4, 'device'),
    await second.createBuffer(4, 'device'),
  ];
  await expect(first.write(two, 0, new Uint8Array(1))).rejects.toMatchObject({
    code: 'bad-handle',
  });
  await first.close();
  await second.write(two, 0, Uint8Array.of(5));
  expect(await readAll(second, two, 1)).toEqual(Uint8Array.of(5));
  expect(one.handle).not.toBe(two.handle);
  await second.close();
});

describe('a device that knows images alone', () => {
  test('shows what is written, and refuses streams and buffers', async () => {
    const bench = new Bench();
    bench.device.offered &= ~featureSet(virtioGpuFeatures.VIRGL);
    bench.device.capsets = [4];
    const driver = await bench.probe();
    const gpu = await driver.open();
    expect(gpu.features.commands.size).toBe(0);
    await expect(gpu.createBuffer(4, 'device')).rejects.toMatchObject({ code: 'bad-range' });
    const image = await gpu.createImage(20, 20);
    await expect(gpu.submit({ words: new Uint32Array() })).rejects.toMatchObject({
      code: 'bad-command',
    });
    await gpu.write(image, 80 + 3, new Uint8Array(200).fill(6));
    await gpu.present(image);
    const pixels = new Uint8Array(1600).fill(6, 83, 283);
    expect(await readAll(gpu, image, 1600)).toEqual(pixels);
    await gpu.close();
    expect(bench.device.shown).toEqual([pixels]);
    expect(bench.commands()).toContain('RESOURCE_CREATE_2D');
    expect(bench.commands()).toContain('TRANSFER_TO_HOST_2D');
    await driver.remove();
    expect(bench.memory.leaks()).toEqual([]);
  });
});
