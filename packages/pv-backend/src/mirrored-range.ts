/** The device's copy of one coherent range of the driver's memory. */
import { ChangedBytes } from '@doorbell/wire';

export class MirroredRange {
  /** As the device reaches it. */
  readonly iova: number;
  readonly end: number;
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
  /** By the device, since it last published. */
  readonly changed: ChangedBytes;

  constructor(iova: number, bytes: number) {
    const buffer = new ArrayBuffer(Math.ceil(bytes / 4) * 4);
    this.iova = iova;
    this.end = iova + bytes;
    this.bytes = new Uint8Array(buffer, 0, bytes);
    this.halves = new Uint16Array(buffer);
    this.words = new Uint32Array(buffer);
    this.changed = new ChangedBytes(bytes);
  }

  holds(iova: number, bytes: number): boolean {
    return iova >= this.iova && iova + bytes <= this.end;
  }

  overlaps(other: MirroredRange): boolean {
    return this.iova < other.end && other.iova < this.end;
  }

  copyOut(iova: number, into: Uint8Array): void {
    const at = iova - this.iova;
    into.set(this.bytes.subarray(at, at + into.length));
  }
}
