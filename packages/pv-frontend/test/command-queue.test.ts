import type { Gpu, GpuBuffer } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { Bench, fillWords, readAll } from './bench.ts';

/** A stream that is too long for the heap of what passes through the queue. */
function longFill({ handle }: GpuBuffer, value: number): { words: Uint32Array } {
  const { words } = fillWords(handle, 0, 1, value);
  const many = new Uint32Array(words.length * 1000);
  for (let at = 0; at < many.length; at += words.length) {
    many.set(words, at);
  }
  return { words: many };
}

/** RAM is full while `work` runs. */
async function whenFull<T>({ memory }: Bench, work: () => Promise<T>): Promise<T> {
  const { limit } = memory;
  memory.limit = memory.used;
  try {
    return await work();
  } finally {
    memory.limit = limit;
  }
}

async function filled(): Promise<{ bench: Bench; gpu: Gpu; buffer: GpuBuffer }> {
  const bench = new Bench();
  const gpu = await (await bench.probe()).open();
  const buffer = await gpu.createBuffer(4, 'device');
  await gpu.write(buffer, 0, Uint8Array.of(7, 7, 7, 7));
  await readAll(gpu, buffer, 4);
  return { bench, gpu, buffer };
}

test('a stream for which there is no RAM is refused, and is no error of another call', async () => {
  const { bench, gpu, buffer } = await filled();
  await whenFull(bench, async () => {
    await expect(gpu.submit(longFill(buffer, 0x55555555))).rejects.toMatchObject({
      code: 'out-of-memory',
    });
    expect(await readAll(gpu, buffer, 4)).toEqual(Uint8Array.of(7, 7, 7, 7));
    await gpu.createBuffer(4, 'device');
  });
});

test('a stream that was refused does not run later', async () => {
  const { bench, gpu, buffer } = await filled();
  await whenFull(bench, () => gpu.submit(longFill(buffer, 0x55555555)).catch(() => 0));
  expect(await readAll(gpu, buffer, 4)).toEqual(Uint8Array.of(7, 7, 7, 7));
  await gpu.wait(await gpu.submit(longFill(buffer, 0x66666666)));
  expect(await readAll(gpu, buffer, 4)).toEqual(Uint8Array.of(0x66, 0x66, 0x66, 0x66));
  await gpu.close();
});
