/** Bytes as `hexdump -C` shows them: 16 a row, in hexadecimal and as characters. */

export interface DumpRow {
  readonly address: number;
  /** Two hexadecimal digits each; of the last row there may be fewer than 16. */
  readonly hex: readonly string[];
  /** What is no printable character of ASCII is a dot. */
  readonly text: string;
  /** How many rows behind it are the same, and left out. */
  readonly repeats: number;
}

const ROW_BYTES = 16;

/** @param address  of the first byte. */
export function dumpRows(address: number, bytes: Uint8Array): readonly DumpRow[] {
  const rows: DumpRow[] = [];
  for (let at = 0; at < bytes.length; at += ROW_BYTES) {
    const row = rowAt(address + at, bytes.subarray(at, at + ROW_BYTES));
    const last = rows.at(-1);
    if (last?.hex.join() === row.hex.join()) {
      rows[rows.length - 1] = { ...last, repeats: last.repeats + 1 };
    } else {
      rows.push(row);
    }
  }
  return rows;
}

function rowAt(address: number, bytes: Uint8Array): DumpRow {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const characters = Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
  );
  return { address, hex, text: characters.join(''), repeats: 0 };
}

/** The lines that `hexdump -C` prints: `*` stands for rows that are left out, the end is the last. */
export function dumpLines(address: number, bytes: Uint8Array): string[] {
  const offset = (at: number): string => at.toString(16).padStart(8, '0');
  const half = (hex: readonly string[]): string => hex.join(' ').padEnd(ROW_BYTES * 1.5 - 1);
  return [
    ...dumpRows(address, bytes).flatMap(({ address: at, hex, text, repeats }) => [
      `${offset(at)}  ${half(hex.slice(0, 8))}  ${half(hex.slice(8))}  |${text}|`,
      ...(repeats > 0 ? ['*'] : []),
    ]),
    offset(address + bytes.length),
  ];
}
