/** The commands of the stepping session, with what they answered. */
import { signal } from '@preact/signals';

export interface Answered {
  readonly line: string;
  readonly lines: readonly string[];
  readonly isRefused: boolean;
}

const KEPT = 100;

/** Kept while other panes are shown: the latest ones. */
export const transcript = signal<readonly Answered[]>([]);

export function note(answered: Answered): void {
  transcript.value = [...transcript.value.slice(1 - KEPT), answered];
}
