import { bellBars } from '@doorbell/abi';
import { beforeEach, describe, expect, it } from 'vitest';
import { probeBell } from '../../src/bell/driver.ts';
import { ProbeError } from '../../src/pci.ts';
import { BellBench, VRAM_BYTES } from './bell-bench.ts';

let bench: BellBench;
beforeEach(() => {
  bench = new BellBench();
});

const command = (): number => bench.bell.configRead(0x04, 2);
const register = (offset: number): number => bench.bell.barRead(0, offset, 4);
/** TIME_LO, TIME_HI and SCANOUT_FRAMES go on by themselves. */
const LIVE = new Set([0x20, 0x24]);

/** Configuration space, and all registers as they read while memory is decoded. */
function snapshot(): Record<string, readonly number[]> {
  const { bell } = bench;
  const words = (from: number, bytes: number, read: (offset: number) => number): number[] =>
    Array.from({ length: bytes / 4 }, (_, index) => read(from + index * 4));
  const config = words(0, 4096, (offset) => bell.configRead(offset, 4));
  const found = command();
  bell.configWrite(0x04, 2, found | 2);
  const bar = (index: number) => (offset: number) =>
    index === 0 && LIVE.has(offset) ? 0 : bell.barRead(index, offset, 4);
  const state = {
    config,
    registers: words(0, 0x118, bar(0)),
    channels: words(0x4000, 128 * 0x80, bar(0)),
    vectors: words(0, bellBars.MSIX.size, bar(4)),
  };
  bell.configWrite(0x04, 2, found);
  return state;
}

describe('the probe', () => {
  it('turns on memory decode, bus mastering, MSI-X, the engines and error interrupts', async () => {
    await probeBell(bench.port);
    expect(command()).toBe(0b110);
    expect(bench.bell.configRead(0x52, 2)).toBe(0x8000 | 128);
    expect(register(0x10)).toBe(1); // CONTROL
    expect(register(0x38)).toBe(1); // ERROR_ENABLE
  });

  it('writes nothing to the device before it knows it, and resets it before it may reach memory', async () => {
    await probeBell(bench.port);
    const writes = bench.log.filter((line) => line.includes('write'));
    expect(writes.slice(0, 3)).toEqual([
      'config write 0x4 = 0x2',
      'BAR0 write 0x14 = 0x1',
      'config write 0x4 = 0x6',
    ]);
    const firstWrite = bench.log.indexOf('BAR0 write 0x14 = 0x1');
    expect(bench.log.slice(0, firstWrite)).toEqual(
      expect.arrayContaining(['BAR0 read 0x0', 'BAR0 read 0x4', 'BAR0 read 0x8']),
    );
  });

  it('tells what the part has', async () => {
    const { features } = await (await probeBell(bench.port)).open();
    expect(features.maxBufferBytes).toBe(VRAM_BYTES);
    expect(features.maxImageSize).toBe(4096);
    expect(features.compute).toBe(false);
    expect(features.commands.has('draw')).toBe(true);
  });

  it('offers no drawing on a part without a 3D engine', async () => {
    bench.model.lies.set('BAR0 0x8', () => 128 | (1 << 8));
    const { features } = await (await probeBell(bench.port)).open();
    expect([...features.commands]).toEqual(['fill', 'copy', 'blit']);
  });

  it('leaves another device alone', async () => {
    bench.model.lies.set('config 0x2', () => 0x1111);
    await expect(probeBell(bench.port)).rejects.toThrow('not a bell');
    expect(bench.log.filter((line) => !line.startsWith('config read'))).toEqual([]);
  });

  it.each([
    ['BAR0 0x0', 0, 'ID reads 0x0, not 0x4c4c4542'],
    ['BAR0 0x4', 0x0002_0000, 'datasheet 2; this driver knows 1'],
    ['BAR0 0x8', 128 | (1 << 9), 'no copy engine'],
    ['BAR0 0x8', 1 << 8, 'for 0 bytes of doorbells'],
    ['BAR0 0xc', VRAM_BYTES / 4096 + 1, 'bytes of VRAM'],
    ['BAR0 0xc', 0, 'for 0 bytes of VRAM'],
    ['BAR0 0x28', 7, 'was reset, but WATCHDOG was not'],
    ['config 0x34', 0, 'no capability 0x11'],
    ['config 0x52', 0x07ff, 'MSI-X table reaches beyond its BAR'],
  ])('refuses a device whose %s says %i, and lets go of it', async (place, value, text) => {
    const before = snapshot();
    bench.model.lies.set(place, () => value);
    const probed = probeBell(bench.port);
    await expect(probed).rejects.toThrow(text);
    await expect(probed).rejects.toBeInstanceOf(ProbeError);
    bench.model.lies.clear();
    expect(snapshot()).toEqual(before);
    expect(bench.leaks()).toEqual([]);
  });

  it('refuses a device that is gone', async () => {
    bench.model.gone = true;
    await expect(probeBell(bench.port)).rejects.toBeInstanceOf(ProbeError);
  });
});

describe('open', () => {
  it('programs a channel, its vector and its interrupts, and turns it on last', async () => {
    const driver = await probeBell(bench.port);
    bench.log.length = 0;
    await driver.open();
    const writes = bench.log.filter((line) => line.startsWith('BAR0 write'));
    expect(writes.at(-1)).toBe('BAR0 write 0x4000 = 0x1');
    expect(register(0x4014)).toBe(4096); // RING_SIZE
    expect(register(0x402c)).toBe(0b111); // INTERRUPT_ENABLE
    expect(register(0x4030)).toBe(1); // VECTOR
    expect(bench.bell.barRead(4, 0x1c, 4)).toBe(0); // MSI-X entry 1 is not masked
  });

  it('gives each Gpu a channel and a vector of its own, the lowest that is free', async () => {
    const driver = await probeBell(bench.port);
    const first = await driver.open();
    await driver.open();
    expect(register(0x40b0)).toBe(2);
    await first.close();
    expect(register(0x4000)).toBe(0);
    expect(register(0x4080)).toBe(1);
    await driver.open();
    expect(register(0x4000)).toBe(1);
  });

  it('says so when no channel is left', async () => {
    bench.model.lies.set('BAR0 0x8', () => 1 | (3 << 8));
    const driver = await probeBell(bench.port);
    await driver.open();
    await expect(driver.open()).rejects.toThrow('all 1 channels are in use');
  });

  it('holds nothing when it fails half way', async () => {
    const driver = await probeBell(bench.port);
    const held = bench.leaks();
    bench.model.lies.set('BAR0 0x4010', () => 0x5000); // RING does not reset
    await expect(driver.open()).rejects.toThrow('channel 0 was reset, but RING was not');
    expect(bench.leaks()).toEqual(held);
    bench.model.lies.clear();
    await driver.open();
  });

  it('holds nothing when RAM runs out', async () => {
    bench = new BellBench(10 * 4096);
    const driver = await probeBell(bench.port);
    const held = bench.leaks();
    await expect(driver.open()).rejects.toMatchObject({ code: 'out-of-memory' });
    expect(bench.leaks()).toEqual(held);
  });
});

describe('remove', () => {
  it('leaves configuration space, registers, vectors and memory as they were found', async () => {
    const before = snapshot();
    const driver = await probeBell(bench.port);
    const gpu = await driver.open();
    const image = await gpu.createImage(64, 64);
    await gpu.present(image);
    await gpu.createBuffer(100_000, 'host');
    await gpu.write(await gpu.createBuffer(100_000, 'device'), 0, new Uint8Array(50_000));
    driver.remove();
    expect(snapshot()).toEqual(before);
    expect(bench.leaks()).toEqual([]);
    expect(bench.refused).toEqual([]);
  });

  it('undoes the probe backwards', async () => {
    const driver = await probeBell(bench.port);
    bench.log.length = 0;
    driver.remove();
    expect(bench.log.filter((line) => line.includes('write'))).toEqual([
      'BAR4 write 0xc = 0x1',
      'BAR4 write 0x0 = 0x0',
      'BAR4 write 0x4 = 0x0',
      'BAR4 write 0x8 = 0x0',
      'config write 0x52 = 0x80',
      'config write 0x4 = 0x2',
      'BAR0 write 0x14 = 0x1',
      'config write 0x4 = 0x0',
    ]);
  });

  it('leaves memory decode on when it was on', async () => {
    bench.bell.configWrite(0x04, 2, 2);
    const driver = await probeBell(bench.port);
    driver.remove();
    expect(command()).toBe(2);
  });

  it('loses a Gpu that is open, and what it waits for', async () => {
    const driver = await probeBell(bench.port);
    const gpu = await driver.open();
    const image = await gpu.createImage(512, 512);
    const waiting = gpu.read(image, 0, new Uint8Array(512 * 512 * 4));
    driver.remove();
    await expect(waiting).rejects.toMatchObject({ code: 'lost' });
    expect(bench.device.clock.now()).toBeLessThan(1e9); // at once
    await expect(gpu.createBuffer(1, 'device')).rejects.toMatchObject({ code: 'lost' });
    expect(bench.leaks()).toEqual([]);
    expect(bench.refused).toEqual([]);
  });

  it('can be followed by another probe', async () => {
    for (let round = 0; round < 3; round++) {
      const driver = await probeBell(bench.port);
      const gpu = await driver.open();
      await gpu.wait(await gpu.submit({ words: new Uint32Array() }));
      driver.remove();
    }
    expect(bench.leaks()).toEqual([]);
  });
});

describe('close', () => {
  it('gives memory and channel back, all of them', async () => {
    const driver = await probeBell(bench.port);
    const held = bench.leaks();
    for (let round = 0; round < 3; round++) {
      const gpu = await driver.open();
      const all = await gpu.createBuffer(VRAM_BYTES - 64 * 4096, 'device');
      await gpu.createBuffer(10_000, 'host');
      expect(all.handle).toBe(1);
      await gpu.close();
      expect(bench.leaks()).toEqual(held);
    }
  });

  it('waits for work, and leaves other channels at work', async () => {
    const driver = await probeBell(bench.port);
    const [first, second] = [await driver.open(), await driver.open()];
    const target = await first.createBuffer(1 << 20, 'device');
    const into = new Uint8Array(1 << 20).fill(1);
    const reading = first.read(target, 0, into);
    const closing = first.close();
    const buffer = await second.createBuffer(8, 'host');
    await Promise.all([reading, closing]);
    expect(into.every((byte) => byte === 0)).toBe(true);
    await second.write(buffer, 0, Uint8Array.of(1, 2, 3));
    await second.close();
  });
});
