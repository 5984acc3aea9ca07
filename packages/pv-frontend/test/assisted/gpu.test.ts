import { CommandEncoder, type Gpu, GpuError, PAGE_BYTES } from '@doorbell/abi';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProbeError } from '../../src/index.ts';
import { fillWords, readAll } from '../bench.ts';
import { ChannelRig } from './channel-rig.ts';

async function open(options = {}) {
  const rig = new ChannelRig();
  const driver = await rig.probe(options);
  const gpu = await driver.open();
  return { rig, driver, gpu, end: () => ended(rig, gpu, driver) };
}

async function ended(
  rig: ChannelRig,
  gpu: Gpu,
  driver: { remove(): void | Promise<void> },
): Promise<void> {
  await gpu.close();
  await driver.remove();
  expect(rig.gpu.channels.size).toBe(0);
  expect(rig.memory.leaks()).toEqual([]);
  expect(rig.memory.refused).toEqual([]);
}

/** A stream of one fill, `times` over. */
function fills(handle: number, value: number, times: number): { words: Uint32Array } {
  const encoder = new CommandEncoder();
  for (let left = times; left > 0; left--) {
    const dst = { handle, offset: 0 };
    encoder.fill({ dst, stride: 4, width: 1, height: 1, value });
  }
  return encoder.finish();
}

describe('a Gpu on a channel', () => {
  test.each(['interrupt', 'event-idx', 'poll'] as const)(
    'writes, draws, reads and shows, and gives all back (%s)',
    async (notify) => {
      const { rig, gpu, end } = await open({ notify });
      const buffer = await gpu.createBuffer(100, 'host');
      expect(await readAll(gpu, buffer, 100)).toEqual(new Uint8Array(100));
      await gpu.write(buffer, 3, Uint8Array.of(1, 2, 3));
      await gpu.wait(await gpu.submit(fillWords(buffer.handle, 40, 2, 0x07)));
      const read = await readAll(gpu, buffer, 100);
      expect([...read.subarray(2, 7), ...read.subarray(39, 49)]).toEqual([
        ...[0, 1, 2, 3, 0],
        ...[0, 7, 7, 7, 7, 7, 7, 7, 7, 0],
      ]);
      const image = await gpu.createImage(16, 16);
      await gpu.submit(fillWords(image.handle, 0, 256, 0x55));
      await gpu.present(image);
      await gpu.destroy(buffer);
      await end();
      expect(rig.gpu.shown).toEqual([0x55]);
      expect(rig.gpu.interrupts > 0).toBe(notify !== 'poll');
    },
  );

  test('asks the host for nothing when it submits', async () => {
    const { rig, gpu, driver, end } = await open();
    const buffer = await gpu.createBuffer(64, 'device');
    const before = { ...driver.counts };
    for (let value = 1; value <= 50; value++) {
      await gpu.wait(await gpu.submit(fillWords(buffer.handle, 0, 1, value)));
    }
    expect(driver.counts).toEqual(before);
    expect(rig.gpu.doorbells).toBeGreaterThanOrEqual(50);
    expect((await readAll(gpu, buffer, 64))[0]).toBe(50);
    await end();
  });

  test('keeps the order of calls that are not awaited', async () => {
    const { rig, gpu, end } = await open();
    const image = await gpu.createImage(16, 16);
    const calls: Promise<unknown>[] = [];
    for (let value = 1; value <= 5; value++) {
      calls.push(gpu.submit(fillWords(image.handle, 0, 256, value)), gpu.present(image));
    }
    const into = new Uint8Array(4);
    calls.push(gpu.write(image, 0, Uint8Array.of(9)), gpu.read(image, 0, into));
    await Promise.all(calls);
    expect([...into]).toEqual([9, 5, 5, 5]);
    await end();
    expect(rig.gpu.shown).toEqual([1, 2, 3, 4, 5]);
  });

  test('moves bytes of any size and place, through an area that is smaller', async () => {
    const { rig, gpu, end } = await open();
    const bytes = 700_000;
    const buffer = await gpu.createBuffer(bytes, 'device');
    const model = new Uint8Array(bytes);
    const range = fc.record({ at: fc.nat(bytes), length: fc.nat(400_000), seed: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(range, { maxLength: 6 }), async (ranges) => {
        rig.gpu.isHeld = false;
        await Promise.all(
          ranges.map(({ at, length, seed }) => {
            const part = Uint8Array.from(
              { length: Math.min(length, bytes - at) },
              (_, index) => seed + index * 7 + (index >> 8),
            );
            model.set(part, at);
            return gpu.write(buffer, at, part);
          }),
        );
        const read = await readAll(gpu, buffer, bytes);
        expect(Buffer.compare(read, model)).toBe(0);
      }),
      { numRuns: 15 },
    );
    await end();
  });

  test('runs streams that are longer than what passes through the area', async () => {
    const { rig, gpu, end } = await open({ batch: 4 });
    const buffer = await gpu.createBuffer(64, 'device');
    await gpu.submit(fills(buffer.handle, 1, 10));
    const long = await gpu.submit(fills(buffer.handle, 2, 30_000));
    await gpu.submit(fills(buffer.handle, 3, 10));
    await gpu.wait(long);
    expect((await readAll(gpu, buffer, 4))[0]).toBe(3);
    expect(rig.gpu.streams).toEqual([60, 180_000, 60]);
    await end();
  });

  test('waits for room in the ring, and hears of it, with a thousand small writes', async () => {
    const { rig, gpu, end } = await open();
    const buffer = await gpu.createBuffer(4096, 'device');
    rig.gpu.isHeld = true;
    const writes = Array.from({ length: 1000 }, (_, index) =>
      gpu.write(buffer, index * 4, Uint8Array.of(index & 0xff)),
    );
    rig.clock.after(100, () => rig.gpu.release());
    await Promise.all(writes);
    const read = await readAll(gpu, buffer, 4096);
    expect(Array.from({ length: 1000 }, (_, index) => read[index * 4])).toEqual(
      Array.from({ length: 1000 }, (_, index) => index & 0xff),
    );
    expect(rig.clock.now()).toBeLessThan(1e9); // no wait ended by a timeout
    expect(rig.gpu.interrupts).toBeLessThan(200);
    await end();
  });

  test('does not change an image before the host has shown it', async () => {
    const { rig, gpu, end } = await open({ batch: 16 });
    const [shown, other] = [await gpu.createImage(16, 16), await gpu.createImage(16, 16)];
    await gpu.submit(fillWords(shown.handle, 0, 256, 1));
    await gpu.present(shown);
    expect(rig.gpu.shown).toEqual([]); // collected, not published
    const next = gpu.submit(fillWords(shown.handle, 0, 256, 2));
    await gpu.wait(await next);
    expect(rig.gpu.shown).toEqual([1]);
    await gpu.present(shown);
    await gpu.wait(await gpu.submit(fillWords(other.handle, 0, 256, 3)));
    await gpu.destroy(shown);
    await end();
    expect(rig.gpu.shown).toEqual([1, 2]);
  });

  test('asks for memory many times in one command, when nobody waits', async () => {
    const { rig, gpu, end } = await open({ batch: 8 });
    const buffers = [];
    for (let left = 8; left > 0; left--) {
      buffers.push(await gpu.createBuffer(PAGE_BYTES, 'device'));
    }
    const before = rig.commands('SUBMIT_3D');
    for (const buffer of buffers) {
      await gpu.destroy(buffer);
    }
    await gpu.createBuffer(1, 'device');
    expect(rig.commands('SUBMIT_3D')).toBe(before + 2);
    await end();
  });

  test('is one of several, each with a doorbell and an order of its own', async () => {
    const { rig, gpu, driver } = await open();
    const other = await driver.open();
    const [one, two] = [await gpu.createBuffer(4, 'device'), await other.createBuffer(4, 'device')];
    await gpu.write(one, 0, Uint8Array.of(1));
    await other.write(two, 0, Uint8Array.of(2));
    expect([(await readAll(gpu, one, 1))[0], (await readAll(other, two, 1))[0]]).toEqual([1, 2]);
    await gpu.close();
    const third = await driver.open(); // where the first one was
    await third.wait(await third.submit({ words: new Uint32Array() }));
    for (const each of [other, third]) {
      await each.close();
    }
    await driver.remove();
    expect(rig.memory.leaks()).toEqual([]);
  });
});

describe('what goes wrong', () => {
  test('a fault is told with its reason to who waits, and what stood behind it runs', async () => {
    const { rig, gpu, end } = await open();
    const buffer = await gpu.createBuffer(64, 'device');
    rig.gpu.isHeld = true;
    await gpu.write(buffer, 0, Uint8Array.of(1));
    const draw = new CommandEncoder().setScissor({ x: 0, y: 0, width: 1, height: 1 }).finish();
    const bad = await gpu.submit(draw);
    const good = await gpu.submit(fillWords(buffer.handle, 4, 1, 2));
    rig.gpu.release();
    await expect(gpu.wait(bad)).rejects.toThrow(/^bell: BAD_OPCODE at 0x\w+ \(packet 0x\w+ at/);
    await gpu.wait(good);
    expect([...(await readAll(gpu, buffer, 5))]).toEqual([1, 0, 0, 0, 2]);
    await end();
  });

  test('is found before it has an effect where it can be', async () => {
    const { gpu, end } = await open();
    const buffer = await gpu.createBuffer(64, 'device');
    const failing = [
      [gpu.createBuffer(0, 'device'), 'bad-range'],
      [gpu.createImage(1025, 1), 'bad-range'],
      [gpu.write(buffer, 62, Uint8Array.of(1, 2, 3)), 'bad-range'],
      [gpu.read({ handle: 99, bytes: 1 }, 0, new Uint8Array(1)), 'bad-handle'],
      [gpu.submit(fillWords(buffer.handle, 60, 2, 1)), 'bad-range'],
      [gpu.submit({ words: Uint32Array.of(0x10077) }), 'bad-command'],
      [gpu.wait(1), 'bad-range'],
      [gpu.present(buffer as never), 'bad-handle'],
    ] as const;
    for (const [call, code] of failing) {
      await expect(call).rejects.toMatchObject({ name: 'GpuError', code });
    }
    await end();
  });

  test('want of VRAM is told, and is over when memory comes back that was still in use', async () => {
    const { rig, gpu, end } = await open();
    rig.gpu.vramPages = 4;
    const first = await gpu.createBuffer(4 * PAGE_BYTES, 'device');
    await expect(gpu.createBuffer(1, 'device')).rejects.toMatchObject({ code: 'out-of-memory' });
    rig.gpu.isHeld = true;
    await gpu.submit(fillWords(first.handle, 0, 1, 1));
    await gpu.destroy(first);
    const second = gpu.createBuffer(2 * PAGE_BYTES, 'device');
    rig.clock.after(500, () => rig.gpu.release());
    await second;
    await end();
  });

  test('a fence that was never given ends the channel', async () => {
    const { rig, gpu, driver } = await open();
    await gpu.wait(await gpu.submit({ words: new Uint32Array() }));
    const [fencePage] = [...rig.gpu.channels][0].pages.get(2)!.vram === undefined ? [2] : [];
    const { iova } = [...rig.gpu.channels][0].pages.get(fencePage!)!;
    rig.memory.moveOut(iova, Uint8Array.of(99, 0, 0, 0));
    await expect(gpu.submit({ words: new Uint32Array() })).rejects.toMatchObject({ code: 'lost' });
    await driver.remove();
    expect(rig.memory.leaks()).toEqual([]);
  });

  test('interrupts that are lost cost time, and nothing else', async () => {
    const { rig, gpu, end } = await open();
    rig.isDeaf = true;
    rig.gpu.isHeld = true;
    const fence = await gpu.submit({ words: new Uint32Array() });
    rig.clock.after(100, () => rig.gpu.release());
    await gpu.wait(fence);
    rig.isDeaf = false;
    await end();
  });

  test('a device that is reset, or removed, ends every call; all RAM comes back', async () => {
    const { rig, gpu, driver } = await open();
    rig.gpu.isHeld = true;
    const buffer = await gpu.createBuffer(64, 'device');
    const fence = await gpu.submit(fillWords(buffer.handle, 0, 1, 1));
    const read = gpu.read(buffer, 0, new Uint8Array(4));
    const shown = gpu.wait(fence);
    await driver.remove();
    await expect(read).rejects.toMatchObject({ code: 'lost' });
    await expect(shown).rejects.toThrow(GpuError);
    await expect(gpu.createBuffer(1, 'device')).rejects.toMatchObject({ code: 'lost' });
    expect(rig.gpu.channels.size).toBe(0);
    expect(rig.memory.leaks()).toEqual([]);
    expect(rig.memory.refused).toEqual([]);
  });

  test('a channel that cannot be opened leaves nothing', async () => {
    const { rig, driver } = await open();
    const error = new GpuError('out-of-memory', 'No channel is free.');
    rig.gpu.open = () => {
      throw error;
    };
    await expect(driver.open()).rejects.toMatchObject({ code: 'out-of-memory' });
    await driver.remove();
    expect(rig.memory.leaks()).toEqual([]);
  });

  test.each([
    ['no shared memory', { sharedMemory: () => undefined }, {}],
    ['a transport that knows of none', { sharedMemory: undefined }, {}],
    ['recover', {}, { recover: true }],
  ])('the probe refuses %s, and holds nothing', async (_, transport, options) => {
    const rig = new ChannelRig();
    await expect(rig.probe(options, transport)).rejects.toThrow(ProbeError);
    expect(rig.memory.leaks()).toEqual([]);
  });

  test('a vector that the function has not is told when a channel is opened', async () => {
    const rig = new ChannelRig();
    const driver = await rig.probe({}, { handleVector: () => false });
    await expect(driver.open()).rejects.toThrow(/no MSI-X vector 3/);
    await driver.remove();
    expect(rig.memory.leaks()).toEqual([]);
  });
});
