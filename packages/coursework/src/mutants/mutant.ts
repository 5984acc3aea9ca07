/** A bug that was really made, in one of this project's own parts: one text replaced by another. */
import type { PartKind } from '../part.ts';

export interface Mutant {
  readonly id: string;
  readonly kind: PartKind;
  /** Which of this project's policies of its kind it is in, by name. Absent: the reference of the kind. */
  readonly policy?: string;
  /** From the root of the repository. */
  readonly file: string;
  /** What stands there, exactly once, and what stands in its place. */
  readonly from: string;
  readonly to: string;
  /** Where the bug was made: project, and commit, advisory or changelog entry. */
  readonly cite: string;
  /** What one sees, which does not give the cause away. */
  readonly symptom: string;
  /** What is wrong, in a sentence. */
  readonly cause: string;
  /** The check that finds it at once. */
  readonly caughtBy: string;
}

/** The file as the bug has it. @throws RangeError unless the text stands there once. */
export function mutated(text: string, { id, file, from, to }: Mutant): string {
  const at = text.indexOf(from);
  if (at < 0 || text.includes(from, at + 1)) {
    throw new RangeError(`The mutant '${id}' does not fit: its text is not in ${file} once.`);
  }
  return text.slice(0, at) + to + text.slice(at + from.length);
}

/** The lines of the file, from 1, that it changes: of the file as it should be. */
export function linesOf(
  text: string,
  { from }: Mutant,
): { readonly first: number; readonly last: number } {
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const at = text.indexOf(from);
  return { first: lineAt(at), last: lineAt(at + from.trimEnd().length) };
}
