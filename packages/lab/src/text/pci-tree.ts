/** The tree of PCI functions as `lspci -t` prints it, from their configuration spaces alone. */
import { extract, formatBdf, type Bdf, type RegisterRow, type1Header } from '@doorbell/abi';

export interface TreeFunction {
  readonly bdf: Bdf;
  readonly bytes: Uint8Array;
  readonly group?: number;
  readonly driver?: string;
}

const { HEADER_TYPE, SECONDARY_BUS, SUBORDINATE_BUS } = type1Header.rows;

/** One line for each leaf. */
export function pciTree(functions: readonly TreeFunction[]): string {
  return behind('-[0000:00]-', busLines(functions, 0)).join('\n');
}

/** A line for each function: its address, and where there are IOMMU groups, its group and driver. */
export function ownershipTable(functions: readonly TreeFunction[]): string {
  const groups = functions.map(({ group }) =>
    group === undefined ? 'no group' : `group ${group}`,
  );
  const width = Math.max(0, ...groups.map((text) => text.length));
  return functions
    .map(({ bdf, group, driver }, index) => {
      const owner = group === undefined ? '' : `  ${driver ?? 'no driver'}`;
      return `${formatBdf(bdf)}  ${groups[index].padEnd(width)}${owner}`.trimEnd();
    })
    .join('\n');
}

function busLines(functions: readonly TreeFunction[], bus: number): readonly string[] {
  const here = functions.filter(({ bdf }) => bdf >>> 8 === bus);
  return here.flatMap((one, index) => {
    const lines = functionLines(functions, one);
    const isLast = index === here.length - 1;
    if (here.length === 1) {
      return indent('--', '  ', lines);
    }
    return isLast ? indent('\\-', '  ', lines) : indent('+-', '| ', lines);
  });
}

function functionLines(functions: readonly TreeFunction[], one: TreeFunction): readonly string[] {
  const name = formatBdf(one.bdf).slice('00:'.length);
  if (extract(HEADER_TYPE.bits.LAYOUT, read(one, HEADER_TYPE)) !== 1) {
    return [name];
  }
  const first = read(one, SECONDARY_BUS);
  const last = read(one, SUBORDINATE_BUS);
  // A bus that is not above its own is no bus of a tree, whatever the dump says.
  const lines = first > one.bdf >>> 8 ? busLines(functions, first) : [];
  const buses = first === last ? hex(first) : `${hex(first)}-${hex(last)}`;
  return behind(`${name}-[${buses}]--`, lines);
}

/** Lines to the right of what leads to them; that stands alone when there are none. */
function behind(lead: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [lead] : indent(lead, ' '.repeat(lead.length), lines);
}

function indent(first: string, others: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => (index === 0 ? first : others) + line);
}

function read({ bytes }: TreeFunction, row: RegisterRow): number {
  return bytes[row.offset];
}

function hex(bus: number): string {
  return bus.toString(16).padStart(2, '0');
}
