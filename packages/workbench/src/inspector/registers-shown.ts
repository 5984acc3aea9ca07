/** Which registers are shown, what they were, and what a watch calls them. */
import type { Inspection } from '../machine/contract.ts';

export type Group = Inspection['registers'][number];
export type Register = Group['registers'][number];

export interface Wanted {
  /** Part of a register's name, a field's, or a group's; '' for all. */
  readonly filter: string;
  /** Only what is not 0. */
  readonly onlySet: boolean;
}

/** What a device does comes before how it is set up. */
function rank({ title }: Group): number {
  return title === 'config' ? 2 : title.startsWith('vector') ? 1 : 0;
}

/** Without groups that have nothing to show. */
export function shownGroups(groups: readonly Group[], wanted: Wanted): readonly Group[] {
  const filter = wanted.filter.trim().toLowerCase();
  const sorted = [...groups].sort((one, other) => rank(one) - rank(other));
  return sorted.flatMap((group) => {
    const fitsGroup = group.title.toLowerCase().includes(filter);
    const registers = group.registers.filter(
      (register) =>
        (!wanted.onlySet || register.value !== 0) && (fitsGroup || hasName(register, filter)),
    );
    return registers.length === 0 ? [] : [{ ...group, registers }];
  });
}

function hasName({ name, bits }: Register, filter: string): boolean {
  return [name, ...bits.map((each) => each.name)].some((each) =>
    each.toLowerCase().includes(filter),
  );
}

export function groupKey({ guest, bdf, title }: Group): string {
  return `${guest} ${bdf} ${title}`;
}

/** Values by group and name. */
export function valuesOf(inspection: Inspection | undefined): ReadonlyMap<string, number> {
  return new Map(
    inspection?.registers.flatMap((group) =>
      group.registers.map(({ name, value }): [string, number] => [
        `${groupKey(group)} ${name}`,
        value,
      ]),
    ),
  );
}

/** As watches have it: `channel0.TAIL`; undefined: no watch knows it, as of configuration space. */
export function watchName({ title }: Group, { name }: Register): string | undefined {
  return title === 'config' ? undefined : `${title.replace(' ', '')}.${name}`;
}

/** The parts of a register from its highest bit down; name '': reserved. */
export interface Stretch {
  readonly name: string;
  readonly value: number;
  readonly high: number;
  readonly low: number;
  readonly doc: string;
}

export function stretches({ name, value, width, bits, doc }: Register): readonly Stretch[] {
  const top = width * 8 - 1;
  if (bits.length === 0) {
    return [{ name, value, high: top, low: 0, doc }];
  }
  const parts: Stretch[] = [];
  let next = top;
  const reserved = (low: number): void => {
    if (next >= low) {
      parts.push({ name: '', value: 0, high: next, low, doc: 'Reserved.' });
    }
  };
  for (const field of [...bits].sort((a, b) => b.lsb - a.lsb)) {
    const high = field.lsb + field.width - 1;
    reserved(high + 1);
    parts.push({ name: field.name, value: field.value, high, low: field.lsb, doc: field.doc });
    next = field.lsb - 1;
  }
  reserved(0);
  return parts;
}
