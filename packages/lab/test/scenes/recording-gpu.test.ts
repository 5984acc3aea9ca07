import { CommandEncoder, NONE } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { handleOf, offsetOf, RecordingGpu } from './recording-gpu.ts';

function fill(handle: number, width: number, height: number, offset = 0) {
  const dst = { handle, offset };
  return new CommandEncoder().fill({ dst, stride: width * 4, width, height, value: 0x04030201 });
}

describe('RecordingGpu', () => {
  it('keeps commands with their fields, floats as numbers, references by handle and offset', async () => {
    const gpu = new RecordingGpu();
    const { handle } = await gpu.createBuffer(64, 'host');
    await gpu.submit(
      fill(handle, 2, 1, 8).setViewport({ x: 0.5, y: 1, width: 2, height: 3 }).finish(),
    );
    const [[first, second]] = gpu.submissions;
    expect(first.name).toBe('fill');
    expect([handleOf(first.fields.dst), offsetOf(first.fields.dst)]).toEqual([handle, 8]);
    expect(second).toEqual({ name: 'setViewport', fields: { x: 0.5, y: 1, width: 2, height: 3 } });
  });

  it('executes fills and copies', async () => {
    const gpu = new RecordingGpu();
    const a = await gpu.createBuffer(16, 'device');
    const b = await gpu.createBuffer(16, 'device');
    const commands = fill(a.handle, 1, 2).copy({
      ...{
        dst: { handle: b.handle, offset: 4 },
        dstStride: 8,
        src: { handle: a.handle, offset: 0 },
      },
      ...{ srcStride: 4, rowBytes: 3, rows: 2 },
    });
    await gpu.submit(commands.finish());
    expect([...gpu.bytesOf(b)]).toEqual([0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 1, 2, 3, 0]);
  });

  it('refuses dead handles, ranges and sizes', async () => {
    const gpu = new RecordingGpu();
    const buffer = await gpu.createBuffer(16, 'device');
    await expect(gpu.submit(fill(buffer.handle, 5, 1).finish())).rejects.toThrow('beyond the end');
    await expect(gpu.write(buffer, 10, new Uint8Array(7))).rejects.toThrow('beyond the end');
    await gpu.destroy(buffer);
    await expect(gpu.submit(fill(buffer.handle, 1, 1).finish())).rejects.toThrow('no resource');
    await expect(gpu.destroy(buffer)).rejects.toThrow('no resource');
    await expect(gpu.createBuffer(0, 'device')).rejects.toThrow('0 bytes');
    await expect(gpu.createImage(0, 1)).rejects.toThrow('0 × 1');
    await expect(gpu.wait(1)).rejects.toThrow('no submission 1');
  });

  it('refuses to draw on the image that is shown', async () => {
    const gpu = new RecordingGpu();
    const image = await gpu.createImage(4, 1);
    await gpu.submit(fill(image.handle, 4, 1).finish());
    await gpu.present(image);
    await expect(gpu.submit(fill(image.handle, 4, 1).finish())).rejects.toThrow('on the screen');
  });

  it('takes "none" for a reference', async () => {
    const gpu = new RecordingGpu();
    const texture = { texels: NONE, stride: 0, width: 0, height: 0, filter: 0 };
    await gpu.submit(new CommandEncoder().setTexture(texture).finish());
    expect(gpu.submissions[0][0].fields.texels).toBe(0);
  });
});
