import { CommandEncoder, type Gpu, type GpuBuffer, type GpuImage } from '@doorbell/abi';
import { describe, expect, test } from 'vitest';
import type { FrontendOptions } from '../src/index.ts';
import { Bench, fillWords, readAll } from './bench.ts';

// Each of some runs everything again for each command that could be lost.
interface Outcome {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  readonly pixels: Uint8Array;
  readonly early: Uint8Array;
  /** Drawn once, before all checkpoints. */
  readonly drawnOnce: Uint8Array;
  readonly commands: number;
}

/** Writes and streams that depend on each other's order, a resource that goes, and one that comes late. */
async function work(gpu: Gpu, rounds: number): Promise<Omit<Outcome, 'commands'>> {
  const first = await gpu.createBuffer(64, 'device');
  const gone = await gpu.createBuffer(32, 'device');
  const once = await gpu.createBuffer(64, 'device');
  await gpu.submit(fillWords(once.handle, 4, 3, 0x0a0b0c0d));
  await gpu.write(first, 0, new Uint8Array(64).fill(1));
  await gpu.write(gone, 0, new Uint8Array(32).fill(2));
  let fence = await gpu.submit(fillWords(gone.handle, 0, 2, 0x05050505));
  const early = await readAll(gpu, gone, 32);
  await gpu.destroy(gone);
  const second: GpuBuffer = await gpu.createBuffer(64, 'host');
  const image: GpuImage = await gpu.createImage(4, 4);
  for (let round = 0; round < rounds; round++) {
    // What is written after a stream must not be seen by it.
    fence = await gpu.submit(copyRow(second.handle, first.handle, 60));
    await gpu.write(first, (round * 4) % 64, Uint8Array.of(round, 3, 4, 5));
    await gpu.submit(fillWords(image.handle, (round * 8) % 64, 2, round * 0x01010101));
    await gpu.write(image, 61, Uint8Array.of(round));
    await gpu.present(image);
  }
  await gpu.wait(fence);
  const outcome = {
    early,
    drawnOnce: await readAll(gpu, once, 64),
    first: await readAll(gpu, first, 64),
    second: await readAll(gpu, second, 64),
    pixels: await readAll(gpu, image, 64),
  };
  await gpu.close();
  return outcome;
}

function copyRow(to: number, from: number, bytes: number): { words: Uint32Array } {
  const dst = { handle: to, offset: 0 };
  const src = { handle: from, offset: 0 };
  const copy = { dst, dstStride: bytes, src, srcStride: bytes, rowBytes: bytes, rows: 1 };
  return new CommandEncoder().copy(copy).finish();
}

/** Runs the work on a device that is lost at each of the given commands. */
async function run(
  rounds: number,
  options: Partial<FrontendOptions>,
  loses: (index: number) => boolean | 'after',
): Promise<{ readonly bench: Bench; readonly outcome: Outcome }> {
  const bench = new Bench();
  const driver = await bench.probe({ recover: true, ...options });
  let index = 0;
  bench.device.loses = () => loses(index++);
  const done = await work(await driver.open(), rounds);
  await driver.remove();
  return { bench, outcome: { ...done, commands: index } };
}

const undisturbed = async (rounds: number, options: Partial<FrontendOptions>): Promise<Outcome> =>
  (await run(rounds, options, () => false)).outcome;

describe('with recover, a device that loses everything', () => {
  const variants: readonly [string, Partial<FrontendOptions>][] = [
    ['split, interrupt', {}],
    ['packed, event index, batch 8', { ring: 'packed', notify: 'event-idx', batch: 8 }],
    ['split, poll, batch 4', { notify: 'poll', batch: 4 }],
  ];
  for (const [name, options] of variants) {
    for (const when of ['before', 'after'] as const) {
      test(`${when} any one command leaves the same contents behind (${name})`, async () => {
        const { commands, ...expected } = await undisturbed(3, options);
        expect(commands).toBeGreaterThan(40);
        for (let at = 0; at < commands; at++) {
          const { bench, outcome } = await run(3, options, (index) =>
            index !== at ? false : when === 'after' ? 'after' : true,
          );
          expect(bench.device.losses).toBe(1);
          expect(outcome, `lost ${when} command ${at}`).toMatchObject(expected);
          expect(bench.memory.leaks()).toEqual([]);
          expect(bench.memory.refused).toEqual([]);
        }
      });
    }
  }

  test('with checkpoints between, likewise', async () => {
    const { commands, ...expected } = await undisturbed(40, {});
    for (let at = 0; at < commands; at += 13) {
      const { outcome, bench } = await run(40, {}, (index) => index === at);
      expect(outcome, `lost at command ${at}`).toMatchObject(expected);
      expect(bench.memory.leaks()).toEqual([]);
    }
  });

  test('at every so many commands is recovered from each time', async () => {
    const { commands: _commands, ...expected } = await undisturbed(60, {});
    const { bench, outcome } = await run(60, {}, (index) => index % 151 === 150);
    expect(bench.device.losses).toBeGreaterThan(2);
    expect(outcome).toMatchObject(expected);
  });

  test('is waited for while it is away', async () => {
    const { commands: _commands, ...expected } = await undisturbed(3, {});
    const bench = new Bench();
    const driver = await bench.probe({ recover: true });
    let index = 0;
    bench.device.loses = () => {
      const lost = index++ === 20;
      bench.device.absent = lost ? 12 : 0;
      return lost;
    };
    expect(await work(await driver.open(), 3)).toMatchObject(expected);
    expect(bench.clock.now()).toBeGreaterThan(1_000_000_000);
  });

  test('that does not come back in 30 s is lost', async () => {
    const bench = new Bench();
    const driver = await bench.probe({ recover: true });
    const gpu = await driver.open();
    bench.device.loses = () => {
      bench.device.absent = Infinity;
      return true;
    };
    await expect(gpu.createBuffer(4, 'device')).rejects.toMatchObject({ code: 'lost' });
    expect(bench.clock.now()).toBeGreaterThan(30_000_000_000);
    await gpu.close();
    await driver.remove();
    expect(bench.memory.leaks()).toEqual([]);
  });

  test('whenever the same command comes is given up in the end', async () => {
    const bench = new Bench();
    const driver = await bench.probe({ recover: true });
    const gpu = await driver.open();
    bench.device.loses = ({ name }) => name === 'RESOURCE_CREATE_3D';
    await expect(gpu.createBuffer(4, 'device')).rejects.toMatchObject({ code: 'lost' });
    expect(bench.device.losses).toBeLessThan(12);
  });
});
