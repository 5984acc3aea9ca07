/**
 * Memory for messages, which is used again once they have left: fresh memory for each large message
 * costs more, in zeros and in garbage collection, than to fill and to send it.
 */

/** Shorter messages have memory of their own. */
const LEAST_BYTES = 4096;
/** Buffers are whole numbers of these. */
const GRAIN_BYTES = 65_536;
/** Memory that waits to be used again. */
const MAX_FREE_BYTES = 32 * 2 ** 20;

export class MessagePool {
  private readonly lent = new Set<ArrayBufferLike>();
  private readonly free: ArrayBufferLike[] = [];
  private freeBytes = 0;

  /** Memory for one message. What is in it is zeros, or of a message before. */
  take(bytes: number): Uint8Array {
    if (bytes < LEAST_BYTES) {
      return new Uint8Array(bytes);
    }
    const buffer = this.takeFree(bytes) ?? new ArrayBuffer(roundUp(bytes));
    this.lent.add(buffer);
    return new Uint8Array(buffer, 0, bytes);
  }

  /** The message has left, or cannot leave. It may be one that is none of this pool's. */
  release({ buffer }: Uint8Array): void {
    if (this.lent.delete(buffer) && this.freeBytes + buffer.byteLength <= MAX_FREE_BYTES) {
      this.free.push(buffer);
      this.freeBytes += buffer.byteLength;
    }
  }

  /** Large enough, and not much larger. */
  private takeFree(bytes: number): ArrayBufferLike | undefined {
    const index = this.free.findLastIndex(
      ({ byteLength }) => byteLength >= bytes && byteLength <= 2 * roundUp(bytes),
    );
    if (index === -1) {
      return undefined;
    }
    const [buffer] = this.free.splice(index, 1);
    this.freeBytes -= buffer.byteLength;
    return buffer;
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / GRAIN_BYTES) * GRAIN_BYTES;
}
