/** A line to type in which ↑ and ↓ bring back what was typed before. */
import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';
import { recalled } from './recalled.ts';

export interface Recall {
  /** For the field of the line. */
  readonly input: RefObject<HTMLInputElement | null>;
  /** What was typed, '' for nothing; the field is empty after it. */
  readonly take: () => string;
  /** @returns whether the key was one of these two. */
  readonly onKey: (event: KeyboardEvent) => boolean;
}

/** @param typed  the lines until now, the latest last. */
export function useRecall(typed: () => readonly string[]): Recall {
  const input = useRef<HTMLInputElement>(null);
  const back = useRef(0);
  const show = (line: string, at: number): void => {
    back.current = at;
    if (input.current !== null) {
      input.current.value = line;
    }
  };
  return {
    input,
    take: () => {
      const line = input.current?.value.trim() ?? '';
      if (line !== '') {
        show('', 0);
      }
      return line;
    },
    onKey: (event) => {
      if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') {
        return false;
      }
      event.preventDefault();
      const found = recalled(typed(), back.current, event.key === 'ArrowUp' ? 1 : -1);
      show(found.line, found.back);
      return true;
    },
  };
}
