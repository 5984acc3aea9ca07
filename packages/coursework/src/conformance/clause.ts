/** What a specification asks of one side, clause by clause, and which checks look at it. */
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
  readonly clauses: readonly Clause[];
}
