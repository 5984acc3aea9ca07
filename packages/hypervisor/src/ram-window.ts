/** A part of the machine's memory by addresses of its own: a guest's RAM, as its tables name it. */
import type { MemoryBacking } from '@doorbell/abi';

/** `size` bytes from `base` on; both are whole pages. */
export function ramWindow(memory: MemoryBacking, base: number, size: number): MemoryBacking {
  return {
    size,
    bytes: memory.bytes.subarray(base, base + size),
    halves: memory.halves.subarray(base / 2, (base + size) / 2),
    words: memory.words.subarray(base / 4, (base + size) / 4),
    touched: (offset, length) => {
      memory.touched(base + offset, length);
    },
  };
}
