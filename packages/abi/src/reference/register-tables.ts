/** Tables of what register maps and layouts say. */
import type { Fields, Struct } from '../layout.ts';
import type { BitField, RegisterMap, RegisterRow, RegisterRows } from '../register.ts';
import { blocks, hex, table } from './markdown.ts';

function bitRange({ lsb, width }: BitField): string {
  return width === 1 ? `${lsb}` : `${lsb + width - 1}:${lsb}`;
}

/** Bit fields from the highest to the lowest, as datasheets have them. */
export function bitTable(
  bits: Readonly<Record<string, BitField>>,
  access?: RegisterRow['access'],
): string {
  const rows = Object.entries(bits)
    .sort(([, a], [, b]) => b.lsb - a.lsb)
    .map(([name, part]) => [
      bitRange(part),
      name,
      ...(access === undefined ? [] : [part.access ?? access]),
      part.doc,
    ]);
  return table(['Bits', 'Field', ...(access === undefined ? [] : ['Access']), 'Meaning'], rows);
}

/** All registers of a map in one table, then the fields of each register that has some. */
export function registerTables<R extends RegisterRows>(
  map: RegisterMap<R>,
  heading = '####',
): string {
  const rows = map.names.map((name): readonly [string, RegisterRow] => [name, map.rows[name]]);
  const digits = Math.max(2, (map.size - 1).toString(16).length);
  const overview = table(
    ['Offset', 'Register', 'Bytes', 'Access', 'Reset', 'Sensitive', 'Meaning'],
    rows.map(([name, row]) => [
      hex(row.offset, digits),
      name,
      row.width,
      row.access,
      hex(row.reset, row.width * 2),
      row.sensitive ?? '',
      row.doc,
    ]),
  );
  const fields = rows.map(([name, row]) =>
    row.bits === undefined ? '' : `${heading} ${name}\n\n${bitTable(row.bits, row.access)}`,
  );
  return blocks(overview, ...fields);
}

export function structTable<F extends Fields>(struct: Struct<F>): string {
  return table(
    ['Offset', 'Bytes', 'Field', 'Type'],
    Object.entries(struct.fields).map(([name, field]) => [
      struct.offsets[name],
      field.size,
      name,
      field.type,
    ]),
  );
}

/** What the columns of the tables mean: once per page. */
export const legend = blocks(
  `Offsets are hexadecimal; all values are little-endian. RO: writes are ignored. RW: reads give
what was written. WO: reads give 0, a write is a command. W1C: writing 1 to a bit clears it,
writing 0 leaves it. Bits that no table names are reserved: they read as the reset value has them
and no write changes them; software writes them as it read them, for the sake of later revisions.`,
  `*Sensitive* is Popek and Goldberg's word (1974): *control*, the access changes what another
guest or the host owns; *behaviour*, it reveals it. A hypervisor that shares the device among
guests must trap these. It is empty where a guest can be left alone with the register.`,
);
