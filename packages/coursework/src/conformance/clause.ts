/** What a specification asks of one side, clause by clause, and which checks look at it. */
import type { PartKind } from '../part.ts';

interface Clause {
  readonly section: string;
  /** In our own words. */
  readonly rule: string;
  readonly strength: 'MUST' | 'MUST NOT';
  /** Ids of checks; none: `why` says why not. */
  readonly checks: readonly string[];
  readonly why?: string;
}

export interface Conformance {
  /** Whose side, of what. */
  readonly title: string;
  readonly specification: string;
  /** The kind of parts whose checks these are. Absent: they are of several kinds. */
  readonly kind?: PartKind;
  readonly clauses: readonly Clause[];
}

/** Ids of checks, by a section of VIRTIO 1.3 and a name. */
export function virtioIds(...names: readonly string[]): readonly string[] {
  return names.map((name) => `virtio-1.3/${name}`);
}
