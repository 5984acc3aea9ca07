/** How transfers are cut into packets. Addresses and sizes in bytes. */

/** A part of a transfer. */
export interface Piece {
  readonly address: number;
  readonly bytes: number;
}

/** The read completion boundary of a root complex (PCIe 6.0 §2.3.1.1). */
export const COMPLETION_BOUNDARY = 64;

/**
 * Requests end at each multiple of `most`, a power of two of at most 4096, so that none is longer
 * and none crosses a 4 KiB boundary (PCIe 6.0 §2.2.7).
 */
export function* requestPieces(address: number, bytes: number, most: number): Generator<Piece> {
  const end = address + bytes;
  for (let at = address; at < end;) {
    const next = Math.min(end, at - (at % most) + most);
    yield { address: at, bytes: next - at };
    at = next;
  }
}

/**
 * Completions of one read are as long as `payload` allows, and all but the last end at a read
 * completion boundary (PCIe 6.0 §2.3.1.1).
 */
export function* completionPieces(
  address: number,
  bytes: number,
  payload: number,
): Generator<Piece> {
  const end = address + bytes;
  for (let at = address; at < end;) {
    const reach = at - (at % 4) + payload;
    const next = Math.min(end, reach - (reach % COMPLETION_BOUNDARY));
    yield { address: at, bytes: next - at };
    at = next;
  }
}
