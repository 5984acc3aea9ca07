/** The kinds of values that messages carry. */
import { type FeatureSet } from '@doorbell/abi';
import { ADDRESS_LIMIT } from './limits.ts';
import type { Ranges } from './ranges.ts';

/** A value of each kind, as programs see it. */
interface Values {
  readonly u32: number;
  readonly address: number;
  readonly features: FeatureSet;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly counts: Readonly<Record<string, number>>;
  /** All that follows in the message. */
  readonly data: Uint8Array;
  readonly ranges: Ranges;
}

export type Kind = keyof Values;

export interface Field {
  readonly kind: Kind;
  readonly doc: string;
  /** The largest number, or the most bytes, characters or entries. */
  readonly max: number;
}

export type Fields = Readonly<Record<string, Field>>;
export type FieldValues<F extends Fields> = { readonly [K in keyof F]: Values[F[K]['kind']] };

interface FieldOf<K extends Kind> extends Field {
  readonly kind: K;
}

function kind<const K extends Kind>(name: K, most: number) {
  return (doc: string, max = most): FieldOf<K> => ({ kind: name, doc, max });
}

export const u32 = kind('u32', 2 ** 32 - 1);
export const address = kind('address', ADDRESS_LIMIT - 1);
export const features = kind('features', Infinity);
export const bytes = kind('bytes', 4096);
export const text = kind('text', 1024);
export const counts = kind('counts', 1024);
export const data = kind('data', Infinity);
export const ranges = kind('ranges', Infinity);

/** Whether a number is one that a field of this kind may hold. */
export function isWhole(value: unknown, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
}
