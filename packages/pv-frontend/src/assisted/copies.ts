/** Bytes between the application and VRAM: through the area, in pieces that the copy engine moves. */
import { drawPackets, header, type Memory } from '@doorbell/abi';
import { AREA_BYTES } from './channel-memory.ts';
import type { Job } from './push-buffer.ts';

/** So that one piece is copied by the CPU while the GPU copies another. */
const PIECE_BYTES = AREA_BYTES / 4;
const COPY = drawPackets.copy;

/** From and to GPU virtual addresses. */
function copy(dst: number, src: number, bytes: number): Uint32Array {
  const words = new Uint32Array(COPY.words);
  words[0] = header(COPY.opcode, COPY.words);
  const fields = { dst, dstStride: bytes, src, srcStride: bytes, rowBytes: bytes, rows: 1 };
  for (const [field, word] of Object.entries(COPY.at)) {
    words[word] = fields[field as keyof typeof fields];
  }
  return words;
}

/** Bytes, cut: each part, and where it begins. */
export function pieces(bytes: Uint8Array): { readonly at: number; readonly part: Uint8Array }[] {
  return Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, index) => {
    const at = index * PIECE_BYTES;
    return { at, part: bytes.subarray(at, at + PIECE_BYTES) };
  });
}

export function upload(memory: Memory, va: number, part: Uint8Array): Job {
  return {
    bytes: part.length,
    isQuiet: true,
    fill: (address) => {
      memory.copyIn(address, part);
    },
    packet: (from) => copy(va, from, part.length),
  };
}

/** Once it is over, the bytes are in the area. */
export function download(va: number, part: Uint8Array): Job {
  return { bytes: part.length, packet: (to) => copy(to, va, part.length) };
}
