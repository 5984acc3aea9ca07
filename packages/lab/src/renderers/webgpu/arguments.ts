/** Arguments of the kernels and draws of one batch: each in a slot of one uniform buffer. */
import { bufferUsage } from './usage.ts';

/** What WebGPU asks of offsets of uniform buffers at most (`minUniformBufferOffsetAlignment`). */
const SLOT_BYTES = 256;
const SLOTS = 1024;

export class Arguments {
  readonly buffer: GPUBuffer;
  /** The same bits. */
  private readonly words = new Uint32Array((SLOTS * SLOT_BYTES) / 4);
  private readonly floats = new Float32Array(this.words.buffer);
  private used = 0;

  constructor(device: GPUDevice) {
    this.buffer = device.createBuffer({
      size: SLOTS * SLOT_BYTES,
      usage: bufferUsage.UNIFORM | bufferUsage.COPY_DST,
    });
  }

  static readonly bindingBytes = SLOT_BYTES;

  hasRoom(slots: number): boolean {
    return this.used + slots <= SLOTS;
  }

  /** Floats first, then words. Gives the slot's offset in bytes. */
  add(words: readonly number[], floats: readonly number[] = []): number {
    const offset = this.used++ * SLOT_BYTES;
    this.floats.set(floats, offset / 4);
    this.words.set(words, offset / 4 + floats.length);
    return offset;
  }

  /** Makes the slots be there for what is submitted next, and begins anew. */
  upload(queue: GPUQueue): void {
    queue.writeBuffer(this.buffer, 0, this.words, 0, (this.used * SLOT_BYTES) / 4);
    this.used = 0;
  }
}
