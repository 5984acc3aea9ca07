/** Stores of the CPU into VRAM, through BAR2. */
import type { Mmio } from '@doorbell/abi';

/** A block store moves whole words: the bytes before the first and behind the last go one by one. */
export function storeBytes(aperture: Mmio, offset: number, bytes: Uint8Array): void {
  const first = Math.min(-offset & 3, bytes.length);
  const last = Math.max(bytes.length - ((offset + bytes.length) & 3), first);
  const single = (from: number, to: number): void => {
    for (let at = from; at < to; at++) {
      aperture.write(offset + at, 1, bytes[at]);
    }
  };
  single(0, first);
  if (last > first) {
    aperture.writeBlock(offset + first, bytes.subarray(first, last));
  }
  single(last, bytes.length);
}
