/** The terminal in the page. What was typed is in the address, so that a link brings it back. */
import { batch, signal } from '@preact/signals';
import type { Remote } from 'comlink';
import { MOST_TYPED } from '../link.ts';
import { FIRST_PROMPT, type Said } from '../machine/contract.ts';
import type { Terminal } from '../machine/terminal/terminal.ts';
import { change } from './address.ts';
import { state } from './signals.ts';
import { machines, trying } from './threads.ts';

export interface Exchange extends Pick<Said, 'text' | 'isWrong'> {
  /** Before the line. */
  readonly prompt: string;
  readonly line: string;
  /** By the person who looks at it; not by a link. */
  readonly isTyped: boolean;
}

/** Those that are kept on the screen. */
const KEPT = 300;

export const exchanges = signal<readonly Exchange[]>([]);
export const prompt = signal(FIRST_PROMPT);
/** The line that is being done. */
export const doing = signal<string | undefined>(undefined);

/** Whether a link that is made now brings all that was typed. */
export const isShared = signal(true);

/** All lines since it began, in the address or not. */
let typed: readonly string[] = [];
/** What the address says because of what was typed, not because a link was followed. */
let own: readonly string[] | undefined;
let terminal: Promise<Remote<Terminal>> | undefined;
/** The last line is done. */
let idle = Promise.resolve();
/** A new beginning ends what was going on. */
let beginnings = 0;

export function toggleTerminal(): void {
  change({ terminal: state.value.terminal === undefined ? (own ?? []) : undefined });
}

/** Begins anew with lines, unless they are there because they were typed. */
export function followLines(lines: readonly string[]): void {
  if (lines === own) {
    return;
  }
  beginnings++;
  [typed, own, terminal] = [lines, lines, undefined];
  batch(() => {
    exchanges.value = [];
    prompt.value = FIRST_PROMPT;
    isShared.value = true;
  });
  for (const line of lines) {
    say(line, false);
  }
}

/** As a person types it. */
export function type(line: string): void {
  typed = [...typed, line];
  isShared.value = typed.join('\n').length <= MOST_TYPED;
  if (isShared.value) {
    own = typed;
    change({ terminal: own });
  }
  say(line, true);
}

/** Words for the end of a line. */
export async function completions(line: string): Promise<readonly string[]> {
  return (await theTerminal()).complete(line);
}

function theTerminal(): Promise<Remote<Terminal>> {
  return (terminal ??= machines().background.terminal());
}

/** One line after the other. */
function say(line: string, isTyped: boolean): void {
  const mine = beginnings;
  idle = idle.then(async () => {
    await trying(async () => {
      if (mine !== beginnings) {
        return;
      }
      doing.value = line;
      const said = await (await theTerminal()).run(line);
      if (mine === beginnings) {
        const { text, isWrong } = said;
        const exchange = { prompt: prompt.value, line, text, isWrong, isTyped };
        batch(() => {
          exchanges.value = [...exchanges.value.slice(1 - KEPT), exchange];
          prompt.value = said.prompt;
        });
      }
    });
    doing.value = undefined;
  });
}
