/** What `explain` says of a run. */
import type { EventId, RegisterMap, RegisterRow, RegisterRows } from '@doorbell/abi';
import { type CauseId, causeRow, type Family } from './causes.ts';

export interface Cause {
  readonly id: CauseId;
  /** The clause that says how it should be. */
  readonly clause: string;
  /** The register that shows it, by its map and its name; null: no register does. */
  readonly register: string | null;
  readonly bit: string | null;
  /** What the register map says of the register, or of the bit. */
  readonly row: string | null;
  /** The event with which it went wrong, or where it shows first; 0: before the first. */
  readonly step: EventId;
  /** That event. */
  readonly event: { readonly kind: string; readonly timeNs: number } | null;
  /** One sentence in terms of this run. */
  readonly what: string;
  readonly mend: string;
}

export interface Explanation {
  readonly schema: 'doorbell.explain/1';
  readonly stuck: boolean;
  /** None when nothing is stuck, or when nothing that is known explains it. */
  readonly causes: readonly Cause[];
  /** What the driver, or the machine, said; null: nothing. */
  readonly error: string | null;
}

/** Of a run that had no machine of ours to look at, or that came to its end well. */
export const nothingSaid: Explanation = {
  ...{ schema: 'doorbell.explain/1', stuck: false, causes: [], error: null },
};

/** A register, or a bit of it. */
export interface Cited {
  readonly register: string;
  readonly bit: string | null;
  readonly row: string;
}

export function cite<R extends RegisterRows>(
  map: RegisterMap<R>,
  name: keyof R & string,
  bit?: string,
): Cited {
  const row: RegisterRow = map.rows[name];
  const doc = bit === undefined ? undefined : row.bits?.[bit]?.doc;
  return { register: `${map.name}.${name}`, bit: bit ?? null, row: doc ?? row.doc };
}

const nothingCited = { register: null, bit: null, row: null } as const;

/** A cause as it was found, with the clause of `family`. */
export function found(
  id: CauseId,
  family: Family,
  step: EventId,
  what: string,
  cited: Cited | typeof nothingCited = nothingCited,
): Cause {
  const { clauses, mend } = causeRow(id);
  return { id, clause: clauses[family] ?? '', ...cited, step, event: null, what, mend };
}
