import {
  CommandEncoder,
  type CommandBuffer,
  type Gpu,
  type GpuBuffer,
  GpuError,
  NONE,
} from '@doorbell/abi';
import { beforeEach, describe, expect, it } from 'vitest';
import { type BellDriver, probeBell } from '../../src/bell/driver.ts';
import { BellBench, VRAM_BYTES } from './bell-bench.ts';

let bench: BellBench;
let driver: BellDriver;
let gpu: Gpu;
beforeEach(async () => {
  bench = new BellBench();
  driver = await probeBell(bench.port);
  gpu = await driver.open();
});

const WATCHDOG = 0x28;
const STATUS = 'BAR0 0x4008';
const DOORBELL = 'BAR1 0x0';
const at = ({ handle }: { handle: number }): { handle: number; offset: number } => ({
  handle,
  offset: 0,
});

function fill(target: GpuBuffer, words: number, value: number): CommandBuffer {
  const area = { stride: words * 4, width: words, height: 1, value };
  return new CommandEncoder().fill({ dst: at(target), ...area }).finish();
}

/** A channel may not take longer than this for a packet. */
function setWatchdog(microseconds: number): void {
  bench.bell.barWrite(0, WATCHDOG, 4, microseconds);
}

async function firstWord(buffer: GpuBuffer): Promise<number> {
  const bytes = new Uint8Array(4);
  await gpu.read(buffer, 0, bytes);
  return new Uint32Array(bytes.buffer)[0];
}

/** What a fence was lost to. */
async function errorOf(work: Promise<unknown>): Promise<GpuError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GpuError)) {
    throw new Error('No GpuError was thrown.');
  }
  return error;
}

/** The driver works, on this channel. */
async function expectAlive(): Promise<void> {
  const buffer = await gpu.createBuffer(8192, 'device');
  await gpu.wait(await gpu.submit(fill(buffer, 2048, 77)));
  expect(await firstWord(buffer)).toBe(77);
  await gpu.destroy(buffer);
}

/** The bus addresses of all mappings, in order. */
function mappings(): { iova: number; bytes: number }[] {
  return bench
    .leaks()
    .map((line) => /^mapping (0x\w+)\+(\d+)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, iova, bytes]) => ({ iova: Number(iova), bytes: Number(bytes) }));
}

describe('a fault', () => {
  /** A draw of one triangle onto a target of 16 by 16. */
  function triangle(target: GpuBuffer, data: GpuBuffer, index: number): CommandEncoder {
    const size = { width: 16, height: 16 };
    return new CommandEncoder()
      .fill({ dst: { ...at(data), offset: 108 }, stride: 12, width: 3, height: 1, value: index })
      .setTarget({ color: at(target), colorStride: 64, depth: NONE, depthStride: 0, ...size })
      .draw({
        vertices: at(data),
        vertexCount: 3,
        indices: { ...at(data), offset: 108 },
        indexCount: 3,
        flags: 0,
      });
  }

  it('BAD_INDEX: a vertex that is not there', async () => {
    const [target, data] = [
      await gpu.createBuffer(1024, 'device'),
      await gpu.createBuffer(120, 'device'),
    ];
    const error = await errorOf(
      gpu.submit(triangle(target, data, 3).finish()).then((f) => gpu.wait(f)),
    );
    expect(error.code).toBe('fault');
    expect(error.message).toMatch(
      /^bell: BAD_INDEX at 0x3 in draw \(packet at 0x\w+\)\. A draw has an index/,
    );
    await expectAlive();
  });

  it('BAD_ARGUMENT: a target that another command buffer set, and that may be gone', async () => {
    const [target, data] = [
      await gpu.createBuffer(1024, 'device'),
      await gpu.createBuffer(120, 'device'),
    ];
    await gpu.wait(await gpu.submit(triangle(target, data, 0).finish()));
    await gpu.destroy(target);
    const again = {
      vertices: at(data),
      vertexCount: 3,
      indices: at(data),
      indexCount: 3,
      flags: 0,
    };
    const fence = await gpu.submit(new CommandEncoder().draw(again).finish());
    const error = await errorOf(gpu.wait(fence));
    expect(error.message).toMatch(/^bell: BAD_ARGUMENT at 0x0 in draw/);
    await expectAlive();
  });

  it('BAD_ARGUMENT: a filter that no datasheet has', async () => {
    const buffer = await gpu.createBuffer(64, 'device');
    const stream = new CommandEncoder().blit({
      dst: at(buffer),
      dstStride: 4,
      dstWidth: 1,
      dstHeight: 1,
      src: at(buffer),
      srcStride: 4,
      srcWidth: 1,
      srcHeight: 1,
      filter: 7,
      blend: 0,
    });
    const error = await errorOf(gpu.wait(await gpu.submit(stream.finish())));
    expect(error.message).toContain('bell: BAD_ARGUMENT at 0x7 in blit');
    await expectAlive();
  });

  it('BUS: memory that the IOMMU refuses', async () => {
    const buffer = await gpu.createBuffer(4096, 'host');
    const last = mappings().at(-1)!;
    bench.device.dma.unmap(last.iova, last.bytes);
    const error = await errorOf(gpu.wait(await gpu.submit(fill(buffer, 1, 1))));
    expect(error.message).toMatch(/^bell: BUS at 0x\w+ in fill/);
    await expectAlive();
  });

  it('NOT_WRITABLE: a page table that says so', async () => {
    const buffer = await gpu.createBuffer(4096, 'device');
    const before = bench.log.length;
    const other = await gpu.createBuffer(4096, 'device');
    const entry = /^BAR2 block (0x\w+)\+8$/.exec(
      bench.log.slice(before).find((line) => line.endsWith('+8'))!,
    );
    bench.bell.barWrite(
      2,
      Number(entry?.[1]),
      4,
      bench.bell.barRead(2, Number(entry?.[1]), 4) & ~2,
    );
    const error = await errorOf(gpu.wait(await gpu.submit(fill(other, 1, 1))));
    expect(error.message).toMatch(/^bell: NOT_WRITABLE at 0x\w+ in fill/);
    await gpu.wait(await gpu.submit(fill(buffer, 1, 1)));
  });

  it.each([
    ['BAD_TAIL', DOORBELL, (tail: number) => tail | 1],
    ['BAD_RING', 'BAR0 0x4014', () => 300],
    ['NOT_PRESENT', 'BAR0 0x4010', () => 0x3fff_0000],
    ['BAD_ENTRY', 'BAR0 0x400c', () => VRAM_BYTES / 4096],
  ])('%s: what the driver told the device was garbled on its way', async (name, place, garble) => {
    bench.model.garbled.set(place, garble);
    const second = await driver.open();
    await second.close();
    // Programmed when the channel starts: let it start anew.
    await gpu.close();
    gpu = await driver.open();
    const error = await errorOf(gpu.wait(await gpu.submit({ words: new Uint32Array() })));
    expect(error.code).toBe('fault');
    expect(error.message).toContain(`bell: ${name} at`);
    bench.model.garbled.clear();
    await gpu.close();
    gpu = await driver.open();
    await expectAlive();
  });

  it('loses that work alone: what is before it and behind it is done', async () => {
    const buffers = await Promise.all(
      Array.from({ length: 4 }, () => gpu.createBuffer(100_000, 'device')),
    );
    const broken = await gpu.createBuffer(4096, 'host');
    const last = mappings().at(-1)!;
    bench.device.dma.unmap(last.iova, last.bytes);
    const fences = await Promise.all([
      gpu.submit(fill(buffers[0], 25_000, 1)),
      gpu.submit(fill(buffers[1], 25_000, 2)),
      gpu.submit(fill(broken, 1, 3)),
      gpu.submit(fill(buffers[2], 25_000, 4)),
      gpu.submit(fill(buffers[3], 25_000, 5)),
    ]);
    const outcomes = await Promise.allSettled(fences.map((fence) => gpu.wait(fence)));
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await Promise.all(buffers.map(firstWord))).toEqual([1, 2, 4, 5]);
    // It stays lost, whoever asks.
    await expect(gpu.wait(fences[2])).rejects.toThrow('BUS');
  });

  it('is the error of the write or read that it hit', async () => {
    const buffer = await gpu.createBuffer(100_000, 'device');
    const held = bench.leaks();
    const map = bench.port.dma.map.bind(bench.port.dma);
    bench.port.dma.map = (address, bytes, direction) => map(address, bytes, direction) + 2 ** 40;
    const unmap = bench.port.dma.unmap.bind(bench.port.dma);
    bench.port.dma.unmap = (iova, bytes) => {
      unmap(iova - 2 ** 40, bytes);
    };
    const into = new Uint8Array(100_000).fill(9);
    await expect(gpu.write(buffer, 0, into)).rejects.toThrow('BUS');
    await expect(gpu.read(buffer, 0, into)).rejects.toThrow('BUS');
    expect(into.every((byte) => byte === 9)).toBe(true);
    expect(bench.leaks()).toEqual(held);
  });
});

describe('a hang', () => {
  it('loses the work that hung; what stood behind it is done, in order', async () => {
    const [big, small] = [
      await gpu.createBuffer(1 << 20, 'device'),
      await gpu.createBuffer(8, 'device'),
    ];
    await gpu.wait(await gpu.submit({ words: new Uint32Array() }));
    setWatchdog(20);
    const hung = await gpu.submit(fill(big, 1 << 18, 1)); // takes 100 microseconds
    const behind = [await gpu.submit(fill(small, 1, 2)), await gpu.submit(fill(small, 2, 3))];
    const error = await errorOf(gpu.wait(hung));
    expect(error.code).toBe('hang');
    expect(error.message).toContain('bell: HANG in fill');
    await Promise.all(behind.map((fence) => gpu.wait(fence)));
    expect(await firstWord(small)).toBe(3);
    await expectAlive();
  });

  it('can be the first thing that a channel does', async () => {
    const big = await gpu.createBuffer(1 << 20, 'host');
    setWatchdog(20);
    await expect(
      gpu.submit(fill(big, 1 << 18, 1)).then((fence) => gpu.wait(fence)),
    ).rejects.toThrow('HANG');
    await gpu.wait(await gpu.submit(fill(big, 1, 1)));
    expect(bench.device.clock.now()).toBeLessThan(1e9); // by its interrupt
  });

  it('can happen again and again, with the ring full', async () => {
    const [big, counter] = [
      await gpu.createBuffer(1 << 20, 'device'),
      await gpu.createBuffer(4, 'host'),
    ];
    await gpu.wait(await gpu.submit({ words: new Uint32Array() }));
    setWatchdog(20);
    const submitted: Promise<number>[] = [];
    for (let value = 1; value <= 600; value++) {
      submitted.push(
        gpu.submit(value % 100 === 0 ? fill(big, 1 << 18, 1) : fill(counter, 1, value)),
      );
    }
    const fences = await Promise.all(submitted);
    const outcomes = await Promise.allSettled(fences.map((fence) => gpu.wait(fence)));
    const lost = outcomes.flatMap(({ status }, index) =>
      status === 'rejected' ? [index + 1] : [],
    );
    expect(lost).toEqual([100, 200, 300, 400, 500, 600]);
    expect(await firstWord(counter)).toBe(599);
    expect(bench.bell.counts.hangs).toBe(6);
  });

  it('does not touch another channel', async () => {
    const other = await driver.open();
    const theirs = await other.createBuffer(100_000, 'device');
    const mine = await gpu.createBuffer(1 << 20, 'device');
    await gpu.wait(await gpu.submit({ words: new Uint32Array() }));
    setWatchdog(50);
    const hung = gpu.submit(fill(mine, 1 << 18, 1)).then((fence) => gpu.wait(fence));
    const fences: number[] = [];
    for (let value = 1; value <= 20; value++) {
      fences.push(await other.submit(fill(theirs, 25_000, value)));
    }
    await expect(hung).rejects.toMatchObject({ code: 'hang' });
    await Promise.all(fences.map((fence) => other.wait(fence)));
    const bytes = new Uint8Array(4);
    await other.read(theirs, 0, bytes);
    expect(bytes[0]).toBe(20);
    await expectAlive();
  });

  it('of work that no call waits for is told to the next call', async () => {
    setWatchdog(5);
    await gpu.createBuffer(1 << 20, 'device'); // is cleared, which takes 100 microseconds
    await bench.device.clock.sleep(1_000_000);
    await expect(gpu.createBuffer(1, 'device')).rejects.toMatchObject({ code: 'hang' });
    await expectAlive();
  });
});

describe('a device that lies', () => {
  it('forgets to interrupt: the fence is found after a while', async () => {
    bench.bell.barWrite(4, 0x1c, 4, 1); // masks MSI-X entry 1
    await expectAlive();
  });

  it('interrupts without a cause: nothing happens', async () => {
    let calls = 0;
    bench.model.lies.set('BAR0 0x4028', (truth) => (calls++ === 0 ? 0 : truth));
    await expectAlive();
    expect(calls).toBeGreaterThan(0);
  });

  it('says that it faulted, and did not: the work counts as hung', async () => {
    bench.model.lies.set('BAR0 0x4028', (truth) => truth | 2);
    const buffer = await gpu.createBuffer(8192, 'host');
    const first = await gpu.submit(fill(buffer, 1, 1));
    await gpu.submit(fill(buffer, 2048, 2));
    await Promise.allSettled([gpu.wait(first), gpu.wait(2)]);
    bench.model.lies.clear();
    await expectAlive();
  });

  it('does not hear the doorbell: the work is given up', async () => {
    bench.model.garbled.set(DOORBELL, () => undefined);
    const error = await errorOf(gpu.wait(await gpu.submit({ words: new Uint32Array() })));
    expect(error).toMatchObject({
      code: 'hang',
      message: 'bell: the channel stopped and names no fault.',
    });
    bench.model.garbled.clear();
    await expectAlive();
  });

  it('faults while it is being recovered: that costs no other work', async () => {
    bench.model.garbled.set(DOORBELL, () => undefined);
    const fences = [
      await gpu.submit({ words: new Uint32Array() }),
      await gpu.submit({ words: new Uint32Array() }),
    ];
    bench.model.lies.set('BAR0 0x4034', (truth) => {
      bench.model.garbled.clear();
      bench.bell.barWrite(1, 0, 4, 3); // a bad tail
      return truth;
    });
    const outcomes = await Promise.allSettled(fences.map((fence) => gpu.wait(fence)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    await expectAlive();
  });

  it('says that it is busy for ever: the work is given up', async () => {
    bench.model.garbled.set(DOORBELL, () => undefined);
    bench.model.lies.set(STATUS, () => 2);
    const fence = await gpu.submit({ words: new Uint32Array() });
    await expect(gpu.wait(fence)).rejects.toMatchObject({ code: 'hang' });
  });

  it('writes a fence that it was not given: it is lost', async () => {
    const [, , fencePage] = bench
      .leaks()
      .filter((line) => line.startsWith('memory'))
      .map((line) => Number(/0x\w+/.exec(line)?.[0]));
    bench.device.memory.store32(fencePage, 1000);
    await expect(gpu.createBuffer(1, 'device')).rejects.toMatchObject({
      code: 'lost',
      message: 'bell: the device wrote fence 1000, which it was not given.',
    });
  });

  it('does not reset: it is lost', async () => {
    bench.model.garbled.set(DOORBELL, () => undefined);
    const fence = await gpu.submit({ words: new Uint32Array() });
    bench.model.garbled.set('BAR0 0x4004', () => undefined);
    const error = await errorOf(gpu.wait(fence));
    expect(error.code).toBe('lost');
    expect(error.message).toContain('channel 0 was reset, but');
  });
});

describe('a device that is gone', () => {
  it('ends what waits, refuses what comes, and gives everything back', async () => {
    const buffer = await gpu.createBuffer(1 << 20, 'device');
    const waiting = [
      gpu.read(buffer, 0, new Uint8Array(1 << 20)),
      gpu.submit(fill(buffer, 1, 1)).then((fence) => gpu.wait(fence)),
      gpu.write(buffer, 0, new Uint8Array(10)),
    ];
    bench.model.gone = true;
    const lost = { code: 'lost' };
    await Promise.all(waiting.map((work) => expect(work).rejects.toMatchObject(lost)));
    await expect(gpu.createBuffer(1, 'host')).rejects.toMatchObject(lost);
    await expect(gpu.submit({ words: new Uint32Array() })).rejects.toMatchObject(lost);
    await gpu.close();
    driver.remove();
    expect(bench.leaks()).toEqual([]);
  });

  it('is noticed when its interrupt register reads all ones', async () => {
    bench.model.lies.set('BAR0 0x4028', () => 0xffff_ffff);
    const fence = await gpu.submit({ words: new Uint32Array() });
    await expect(
      gpu.wait(fence).then(() => gpu.submit({ words: new Uint32Array() })),
    ).rejects.toMatchObject({
      code: 'lost',
    });
  });
});

describe('an error of the function', () => {
  it('is told to the next call of each Gpu, by its offset', async () => {
    const other = await driver.open();
    bench.bell.barWrite(0, 0x1c, 4, 1); // reserved
    for (const each of [gpu, other]) {
      const error = await errorOf(
        each.createBuffer(1, 'device').then(() => each.createBuffer(1, 'device')),
      );
      expect(error.code).toBe('fault');
      expect(error.message).toBe('bell: no register is at offset 0x1c, or not so wide.');
      await each.createBuffer(1, 'device');
    }
    bench.bell.barWrite(0, 0x4044, 4, 1);
    await expect(
      gpu.createBuffer(1, 'device').then(() => gpu.createBuffer(1, 'device')),
    ).rejects.toThrow('0x4044');
  });

  it('loses every Gpu when the device is gone', async () => {
    bench.model.lies.set('BAR0 0x30', () => 0xffff_ffff);
    bench.bell.barWrite(0, 0x1c, 4, 1);
    await expect(
      gpu.createBuffer(1, 'device').then(() => gpu.createBuffer(1, 'device')),
    ).rejects.toMatchObject({ code: 'lost' });
  });
});
