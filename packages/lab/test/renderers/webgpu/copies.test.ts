import { CommandEncoder, type CommandBuffer, type Gpu, type GpuBuffer } from '@doorbell/abi';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SoftwareRenderer } from '../../../src/renderers/software.ts';
import type { WebGpuRenderer } from '../../../src/renderers/webgpu/renderer.ts';
import { codeOf, refusesAlike } from '../refusals.ts';
import { describeWebGpu, software, webGpu } from './gpu.ts';

const BYTES = 4096;

/** What is done to a buffer of both, and the bytes that are there in the end. */
async function after(gpu: Gpu, steps: (buffer: GpuBuffer) => Promise<void>): Promise<Uint8Array> {
  const buffer = await gpu.createBuffer(BYTES, 'device');
  const bytes = Uint8Array.from({ length: BYTES }, (_, at) => (at * 37 + (at >> 5)) & 255);
  await gpu.write(buffer, 0, bytes);
  await steps(buffer);
  await gpu.read(buffer, 0, bytes);
  await gpu.destroy(buffer);
  return bytes;
}

const place = fc.integer({ min: 0, max: 2047 });
const small = fc.integer({ min: 0, max: 12 });
const side = fc.integer({ min: 1, max: 12 });

describeWebGpu('the copy engine on WebGPU', () => {
  let gpu: WebGpuRenderer;
  let reference: SoftwareRenderer;
  beforeAll(async () => {
    gpu = await webGpu();
    reference = software();
  });
  afterAll(() => gpu.close());

  async function expectSame(steps: (gpu: Gpu, buffer: GpuBuffer) => Promise<void>): Promise<void> {
    const seen = await after(gpu, (buffer) => steps(gpu, buffer));
    expect(seen).toEqual(await after(reference, (buffer) => steps(reference, buffer)));
  }

  const submitted =
    (record: (handle: number) => CommandBuffer) =>
    async (on: Gpu, { handle }: GpuBuffer): Promise<void> => {
      await on.wait(await on.submit(record(handle)));
    };

  it('copies bytes as bell does, to any place, also where rectangles overlap', async () => {
    const rectangle = fc.record({
      ...{ dst: place, src: place, rowBytes: fc.integer({ min: 0, max: 61 }), rows: small },
      ...{ dstGap: small, srcGap: small },
    });
    await fc.assert(
      fc.asyncProperty(rectangle, async ({ dst, src, rowBytes, rows, dstGap, srcGap }) => {
        const strides = { dstStride: rowBytes + dstGap, srcStride: rowBytes + srcGap };
        await expectSame(
          submitted((handle) =>
            new CommandEncoder()
              .copy({
                ...{ dst: { handle, offset: dst }, src: { handle, offset: src } },
                ...{ ...strides, rowBytes, rows },
              })
              .finish(),
          ),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('blits as bell does, bit for bit, also where rectangles overlap', async () => {
    const rectangles = fc.record({
      ...{ dst: place, src: place, dstWidth: side, dstHeight: side },
      ...{ srcWidth: side, srcHeight: side, gap: small },
      ...{ filter: fc.integer({ min: 0, max: 1 }), blend: fc.integer({ min: 0, max: 1 }) },
    });
    await fc.assert(
      fc.asyncProperty(rectangles, async ({ dst, src, gap, ...sizes }) => {
        await expectSame(
          submitted((handle) =>
            new CommandEncoder()
              .blit({
                ...{ dst: { handle, offset: dst & ~3 }, src: { handle, offset: src & ~3 } },
                ...{ dstStride: 4 * (sizes.dstWidth + gap), srcStride: 4 * (sizes.srcWidth + gap) },
                ...sizes,
              })
              .finish(),
          ),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('fills rectangles, with zeros too, and leaves what lies between the rows', async () => {
    for (const [value, gap] of [
      [0, 0],
      [0, 8],
      [0x12345678, 0],
      [0x12345678, 8],
    ]) {
      await expectSame(
        submitted((handle) =>
          new CommandEncoder()
            .fill({
              ...{ dst: { handle, offset: 20 }, stride: 20 + gap },
              ...{ width: 5, height: 7, value },
            })
            .finish(),
        ),
      );
    }
  });

  it('writes and reads any bytes, in the order of the calls, none of which is awaited', async () => {
    const write = fc.record({ offset: place, length: fc.integer({ min: 0, max: 9 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 6 }), async (writes) => {
        await expectSame(async (on, buffer) => {
          const all = writes.map(({ offset, length }, index) =>
            on.write(buffer, offset, new Uint8Array(length).fill(index + 1)),
          );
          const part = new Uint8Array(7);
          const reading = on.read(buffer, 1021, part);
          await Promise.all([...all, reading]);
          await on.write(buffer, 3000, part);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('gives new memory as zeros, though another had it', async () => {
    const first = await gpu.createBuffer(8191);
    await gpu.write(first, 0, new Uint8Array(8191).fill(7));
    await gpu.destroy(first);
    const second = await gpu.createBuffer(8191);
    const bytes = new Uint8Array(8191).fill(1);
    await gpu.read(second, 0, bytes);
    expect(Math.max(...bytes)).toBe(0);
  });

  it('refuses what every Gpu refuses, with the same codes', async () => {
    await refusesAlike(await webGpu());
  });

  it('loses work whose arguments mean nothing, and no other work', async () => {
    const { handle } = await gpu.createImage(4, 4);
    const fill = { dst: { handle, offset: 0 }, stride: 16, width: 4, height: 1, value: 9 };
    const lost = await gpu.submit(
      new CommandEncoder()
        .fill(fill)
        .fill({ ...fill, stride: 2, height: 2 })
        .finish(),
    );
    const done = await gpu.submit(
      new CommandEncoder().fill({ ...fill, dst: { handle, offset: 16 } }).finish(),
    );
    expect(await codeOf(gpu.wait(lost))).toBe('fault');
    await gpu.wait(done);
    const bytes = new Uint8Array(64);
    await gpu.read({ handle, bytes: 64 }, 0, bytes);
    expect([0, 16, 32].map((at) => bytes[at])).toEqual([9, 9, 0]);
  });

  it('is lost when its device is', async () => {
    const gone = await webGpu();
    const buffer = await gone.createBuffer(4);
    await gone.close();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(await codeOf(gone.createBuffer(4))).toBe('lost');
    expect(await codeOf(gone.write(buffer, 0, new Uint8Array(4)))).toBe('bad-handle');
  });
});
