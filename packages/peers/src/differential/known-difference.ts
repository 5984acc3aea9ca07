/** A row of the known differences, and what it excuses. */

/** What was seen somewhere. */
export type Seen = number | string;

export type ComparedDevice = 'edu' | 'bochs-display' | 'virtio-gpu' | 'intel-iommu';

/** Which of two values that differ are excused: those that all that it says holds for. */
export interface Excuse {
  /** Bits that may be 1 in ours alone, and in theirs alone. No others may differ. */
  readonly bits?: readonly [ours: number, theirs: number];
  /** Undefined: any. */
  readonly values?: readonly [ours: Seen | undefined, theirs: Seen | undefined];
  readonly holds?: (ours: Seen, theirs: Seen) => boolean;
}

export interface KnownDifference extends Excuse {
  /** Of all rows no other has it. */
  readonly id: string;
  readonly device: ComparedDevice;
  /** For a reader, where `where` says too little. */
  readonly title?: string;
  /**
   * What a comparison notes it as. It must be met at each; a place may have an excuse of its own,
   * which counts as well as the row's.
   */
  readonly where: string | readonly string[] | Readonly<Record<string, Excuse>>;
  /** No comparison goes there, for the reason that the row gives. */
  readonly isAvoided?: boolean;
  /** What each does. */
  readonly ours: string;
  readonly qemu: string;
  /** Why ours stays as it is, with what the specification says. */
  readonly why: string;
}

/** Places, and what is excused there: each of these must allow it. */
export function placesOf({ where, ...row }: KnownDifference): ReadonlyMap<string, Excuse[]> {
  if (typeof where === 'string') {
    return new Map([[where, [row]]]);
  }
  return isList(where)
    ? new Map(where.map((place) => [place, [row]]))
    : new Map(Object.entries(where).map(([place, own]) => [place, [own, row]]));
}

export function excuses({ bits, values, holds }: Excuse, ours: Seen, theirs: Seen): boolean {
  return (
    (bits === undefined || differIn(bits, ours, theirs)) &&
    (values === undefined || (isOneOf(values[0], ours) && isOneOf(values[1], theirs))) &&
    (holds === undefined || holds(ours, theirs))
  );
}

function differIn([mine, others]: readonly [number, number], ours: Seen, theirs: Seen): boolean {
  return (
    typeof ours === 'number' &&
    typeof theirs === 'number' &&
    ((ours & ~theirs & ~mine) | (theirs & ~ours & ~others)) === 0
  );
}

function isOneOf(excused: Seen | undefined, seen: Seen): boolean {
  return excused === undefined || excused === seen;
}

/** Array.isArray does not narrow lists that are read-only. */
function isList(where: readonly string[] | object): where is readonly string[] {
  return Array.isArray(where);
}
