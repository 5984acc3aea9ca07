/** What every renderer refuses, and with which codes. */
import { CommandEncoder, GpuError, type Gpu } from '@doorbell/abi';
import { expect } from 'vitest';

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof GpuError ? error.code : String(error)),
  );
}

export const fill = (
  handle: number,
  width: number,
  height: number,
  value: number,
  offset = 0,
): CommandEncoder =>
  new CommandEncoder().fill({
    dst: { handle, offset },
    ...{ stride: width * 4, width, height, value },
  });

/** Closes it. */
export async function refusesAlike(gpu: Gpu): Promise<void> {
  const buffer = await gpu.createBuffer(64, 'device');
  const submit = (encoder: CommandEncoder): Promise<unknown> => gpu.submit(encoder.finish());
  expect(await codeOf(gpu.createBuffer(0, 'device'))).toBe('bad-range');
  expect(await codeOf(gpu.createImage(4097, 1))).toBe('bad-range');
  expect(await codeOf(gpu.write(buffer, 61, new Uint8Array(4)))).toBe('bad-range');
  expect(await codeOf(gpu.read({ ...buffer, handle: 99 }, 0, new Uint8Array(4)))).toBe(
    'bad-handle',
  );
  expect(await codeOf(submit(fill(buffer.handle, 4, 1, 0, 52)))).toBe('bad-range');
  expect(await codeOf(submit(fill(9, 1, 1, 0)))).toBe('bad-handle');
  expect(await codeOf(gpu.submit({ words: Uint32Array.of(0x00010001) }))).toBe('bad-command');
  expect(await codeOf(gpu.wait(1))).toBe('bad-range');
  expect(
    await codeOf(gpu.present({ handle: buffer.handle, width: 4, height: 4, stride: 16 })),
  ).toBe('bad-handle');
  await gpu.destroy(buffer);
  expect(await codeOf(gpu.destroy(buffer))).toBe('bad-handle');
  await gpu.close();
}
