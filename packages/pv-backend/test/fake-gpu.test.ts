import { CommandEncoder, GpuError } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { FakeGpu } from './fake-gpu.ts';

it('keeps bytes, counts, and refuses what is not there', async () => {
  const gpu = new FakeGpu();
  const buffer = await gpu.createBuffer(8, 'device');
  const image = await gpu.createImage(2, 2);
  await gpu.write(buffer, 4, Uint8Array.of(1, 2));
  const into = new Uint8Array(8);
  await gpu.read(buffer, 0, into);
  expect([...into]).toEqual([0, 0, 0, 0, 1, 2, 0, 0]);
  expect(gpu).toMatchObject({ created: 2, alive: 2, bytes: 24 });
  await expect(gpu.write(buffer, 7, into)).rejects.toThrow(GpuError);
  await gpu.destroy(image);
  await expect(gpu.destroy(image)).rejects.toThrow(GpuError);
  await expect(gpu.present(image)).rejects.toThrow(GpuError);
  expect(gpu).toMatchObject({ alive: 1, bytes: 8 });
});

it('fills and copies', async () => {
  const gpu = new FakeGpu();
  const image = await gpu.createImage(4, 2);
  const { handle } = image;
  const dst = { handle, offset: 0 };
  const stream = new CommandEncoder()
    .fill({ dst, stride: 16, width: 1, height: 2, value: 0x0a0b0c0d })
    .copy({
      dst: { handle, offset: 4 },
      dstStride: 16,
      src: dst,
      srcStride: 0,
      rowBytes: 2,
      rows: 2,
    });
  await gpu.submit(stream.finish());
  expect([...gpu.bytesOf(handle).subarray(0, 8)]).toEqual([13, 12, 11, 10, 13, 12, 0, 0]);
  expect([...gpu.bytesOf(handle).subarray(16, 24)]).toEqual([13, 12, 11, 10, 13, 12, 0, 0]);
});

it('finishes work, or breaks it, when it is told to', async () => {
  const gpu = new FakeGpu();
  gpu.over = 0;
  const fence = await gpu.submit({ words: new Uint32Array() });
  let over = false;
  const wait = gpu.wait(fence).then(() => {
    over = true;
  });
  await Promise.resolve();
  expect(over).toBe(false);
  gpu.finish(fence);
  await wait;
  gpu.breakWork(2, 'hang');
  gpu.finish(await gpu.submit({ words: new Uint32Array() }));
  await expect(gpu.wait(2)).rejects.toMatchObject({ code: 'hang' });
  gpu.failNext('submit', 'lost');
  await expect(gpu.submit({ words: new Uint32Array() })).rejects.toMatchObject({ code: 'lost' });
});
