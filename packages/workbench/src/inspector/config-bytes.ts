/** The bytes of a configuration space, in lines of 16. */

export interface ConfigRow {
  readonly offset: number;
  /** Two hexadecimal digits each. */
  readonly values: readonly string[];
  /** What they were; undefined: it is not known. */
  readonly was: readonly string[] | undefined;
}

const LINE = 16;

/** Lines of which no byte is, or was, other than 0 are left out. */
export function configRows(
  bytes: Uint8Array,
  before: Uint8Array | undefined,
): readonly ConfigRow[] {
  const line = (of: Uint8Array, offset: number): string[] =>
    [...of.subarray(offset, offset + LINE)].map((value) => value.toString(16).padStart(2, '0'));
  return Array.from({ length: Math.ceil(bytes.length / LINE) }, (_, row): ConfigRow => {
    const offset = row * LINE;
    return { offset, values: line(bytes, offset), was: before && line(before, offset) };
  }).filter(({ values, was = [] }) => [...values, ...was].some((value) => value !== '00'));
}
