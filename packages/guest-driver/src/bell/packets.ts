/** The packets that the driver itself has executed. */
import { type CommandName, drawPackets, header, PAGE_BYTES } from '@doorbell/abi';

function packet<N extends CommandName>(
  name: N,
  fields: Readonly<Record<keyof (typeof drawPackets)[N]['at'], number>>,
): Uint32Array {
  const { opcode, words, at } = drawPackets[name];
  const made = new Uint32Array(words);
  made[0] = header(opcode, words);
  for (const [field, word] of Object.entries(at)) {
    made[word] = fields[field as keyof typeof fields];
  }
  return made;
}

/** Fills whole pages with zeros, one row for each. */
export function clearPages(va: number, pages: number): Uint32Array {
  return packet('fill', {
    dst: va,
    stride: PAGE_BYTES,
    width: PAGE_BYTES / 4,
    height: pages,
    value: 0,
  });
}

export function copyBytes(dst: number, src: number, bytes: number): Uint32Array {
  return packet('copy', { dst, dstStride: bytes, src, srcStride: bytes, rowBytes: bytes, rows: 1 });
}
