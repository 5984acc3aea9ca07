/** Ranges of memory and their bytes: what a publication carries. */
import { ADDRESS_LIMIT, MAX_RANGES } from './limits.ts';
import { WireError } from './wire-error.ts';

export interface Ranges {
  readonly count: number;
  readonly addresses: Float64Array;
  readonly lengths: Uint32Array;
  /** The bytes of all ranges, in order, without gaps. */
  readonly data: Uint8Array;
}

/** u32 low and high word of the address, u32 length. */
const RANGE_BYTES = 12;

export const noRanges: Ranges = {
  count: 0,
  addresses: new Float64Array(0),
  lengths: new Uint32Array(0),
  data: new Uint8Array(0),
};

/** Calls with each range's address and bytes. */
export function eachRange(
  { count, addresses, lengths, data }: Ranges,
  apply: (address: number, bytes: Uint8Array) => void,
): void {
  for (let index = 0, at = 0; index < count; index++) {
    apply(addresses[index], data.subarray(at, at + lengths[index]));
    at += lengths[index];
  }
}

export function rangesSize({ count, data }: Ranges): number {
  return 4 + count * RANGE_BYTES + data.length;
}

export function writeRanges(view: DataView, start: number, ranges: Ranges): void {
  const { count, addresses, lengths, data } = ranges;
  view.setUint32(start, count, true);
  let at = start + 4;
  for (let index = 0; index < count; index++, at += RANGE_BYTES) {
    view.setUint32(at, addresses[index] % 2 ** 32, true);
    view.setUint32(at + 4, Math.floor(addresses[index] / 2 ** 32), true);
    view.setUint32(at + 8, lengths[index], true);
  }
  new Uint8Array(view.buffer, view.byteOffset + at, data.length).set(data);
}

/** Reads what `writeRanges` wrote, to the end of the message. @throws WireError */
export function readRanges(view: DataView, start: number): Ranges {
  const count = start + 4 <= view.byteLength ? view.getUint32(start, true) : NaN;
  const first = start + 4;
  const end = first + count * RANGE_BYTES;
  if (!(count <= MAX_RANGES && end <= view.byteLength)) {
    throw new WireError(`A list of ranges does not fit into its message.`);
  }
  const addresses = new Float64Array(count);
  const lengths = new Uint32Array(count);
  let total = 0;
  for (let index = 0, at = first; index < count; index++, at += RANGE_BYTES) {
    addresses[index] = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
    lengths[index] = view.getUint32(at + 8, true);
    total += lengths[index];
    checkRange(addresses[index], lengths[index]);
  }
  if (end + total !== view.byteLength) {
    throw new WireError(`Ranges of ${total} bytes carry ${view.byteLength - end}.`);
  }
  const data = new Uint8Array(view.buffer, view.byteOffset + end, total);
  return { count, addresses, lengths, data };
}

function checkRange(address: number, length: number): void {
  if (length === 0 || address + length > ADDRESS_LIMIT) {
    throw new WireError(`A range of ${length} bytes at ${address} is not one.`);
  }
}
