/** Words of a memory that was saved in pages. */
import { PAGE_BYTES } from '@doorbell/abi';
import { GROUP_PAGES, pageOf, type PagedMemoryState } from '@doorbell/device-model';

/** `bytes` bytes from an address on; what was never written is 0. @throws RangeError beyond its end. */
export function readPages(pages: PagedMemoryState, address: number, bytes: number): Uint8Array {
  if (address < 0 || address + bytes > pages.length * GROUP_PAGES * PAGE_BYTES) {
    throw new RangeError(`0x${address.toString(16)} (${bytes} bytes) lies beyond the memory.`);
  }
  const into = new Uint8Array(bytes);
  for (let at = 0; at < bytes;) {
    const within = (address + at) % PAGE_BYTES;
    const length = Math.min(PAGE_BYTES - within, bytes - at);
    const page = pageOf(pages, Math.floor((address + at) / PAGE_BYTES));
    if (page !== undefined) {
      into.set(page.subarray(within, within + length), at);
    }
    at += length;
  }
  return into;
}

/** Little-endian. @throws RangeError beyond its end. */
export function readWord(pages: PagedMemoryState, address: number): number {
  const [a, b, c, d] = readPages(pages, address, 4);
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
