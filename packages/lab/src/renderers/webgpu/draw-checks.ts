/**
 * What draws are made of, as the GPU reads it: `checkIndices` shortens a draw that has a bad index,
 * and what became of them is read when the work is done.
 */
import { GpuError } from '@doorbell/abi';
import { INDIRECT_WORDS } from './shaders/draw.ts';
import { bufferUsage, mapMode } from './usage.ts';

const DRAWS = 256;
const DRAW_BYTES = INDIRECT_WORDS * 4;

interface Results {
  /** To be called when the batch was submitted. */
  read(onLost: (error: GpuError) => void): void;
}

export class DrawChecks {
  readonly buffer: GPUBuffer;
  readonly group: GPUBindGroup;
  private readonly device: GPUDevice;
  private readonly words = new Uint32Array(DRAWS * INDIRECT_WORDS);
  private used = 0;
  private readonly unread = new Set<Promise<void>>();

  constructor(device: GPUDevice, layout: GPUBindGroupLayout) {
    const { STORAGE, INDIRECT, COPY_SRC, COPY_DST } = bufferUsage;
    this.device = device;
    this.buffer = device.createBuffer({
      size: DRAWS * DRAW_BYTES,
      usage: STORAGE | INDIRECT | COPY_SRC | COPY_DST,
    });
    this.group = device.createBindGroup({
      layout,
      entries: [{ binding: 0, resource: { buffer: this.buffer } }],
    });
  }

  hasRoom(draws: number): boolean {
    return this.used + draws <= DRAWS;
  }

  /** Of a draw of so many indices, all of whole triangles. Gives its slot. */
  add(indexCount: number): number {
    const slot = this.used++;
    // indexCount, instanceCount, and zeros (WebGPU §17.2.1, drawIndexedIndirect).
    this.words.set([indexCount, 1, 0, 0, 0], slot * INDIRECT_WORDS);
    return slot;
  }

  offsetOf(slot: number): number {
    return slot * DRAW_BYTES;
  }

  /** Makes the draws be there for the batch that ends here. Undefined: there are none. */
  close(commands: GPUCommandEncoder): Results | undefined {
    const draws = this.used;
    if (draws === 0) {
      return undefined;
    }
    this.used = 0;
    const asked = this.words.slice(0, draws * INDIRECT_WORDS);
    this.device.queue.writeBuffer(this.buffer, 0, asked);
    const { MAP_READ, COPY_DST } = bufferUsage;
    const size = draws * DRAW_BYTES;
    const copy = this.device.createBuffer({ size, usage: MAP_READ | COPY_DST });
    commands.copyBufferToBuffer(this.buffer, 0, copy, 0, size);
    return {
      read: (onLost) => {
        const reading = this.compare(copy, asked, onLost).finally(() => {
          this.unread.delete(reading);
        });
        this.unread.add(reading);
      },
    };
  }

  private async compare(
    copy: GPUBuffer,
    asked: Uint32Array,
    onLost: (error: GpuError) => void,
  ): Promise<void> {
    try {
      await copy.mapAsync(mapMode.READ);
    } catch {
      return; // The device is lost, which whoever waits hears from it.
    }
    const drawn = new Uint32Array(copy.getMappedRange());
    for (let at = 0; at < asked.length; at += INDIRECT_WORDS) {
      if (drawn[at] < asked[at]) {
        const where = `triangle ${drawn[at] / 3} of a draw`;
        onLost(new GpuError('fault', `The webgpu renderer stopped: BAD_INDEX in ${where}.`));
        break;
      }
    }
    copy.destroy();
  }

  /** Resolves when all results of what was submitted are known. */
  async finished(): Promise<void> {
    await Promise.all(this.unread);
  }
}
