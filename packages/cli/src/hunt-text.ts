/** What `doorbell hunt` says. */
import { kinds, partKinds, type Mutant } from '@doorbell/coursework';
import { wrap } from '@doorbell/lab/text';
import type { Terminal } from './terminal.ts';

const KIND_WIDTH = Math.max(...partKinds.map((kind) => kind.length));
/** Before a symptom: the number and the kind. */
const INDENT = 5 + KIND_WIDTH + 1;

/** Number, kind and symptom of each. */
export function huntsText(mutants: readonly Mutant[], { columns }: Terminal): string {
  return mutants
    .map(({ kind, symptom }, index) => {
      const lines = wrap(symptom, Math.max(20, columns - INDENT)).split('\n');
      const head = `${String(index + 1).padStart(3)}  ${kind.padEnd(KIND_WIDTH + 1)}`;
      return `${head}${lines.join(`\n${' '.repeat(INDENT)}`)}`;
    })
    .join('\n');
}

/** What is known, and how to look. */
export function taskText(number: number, { kind, policy, symptom }: Mutant): string {
  const which = policy === undefined ? `The ${kind}` : `The ${kind} ${policy}`;
  return [
    `Hunt ${number}. ${which} has a bug: one place of its code was changed.`,
    `  ${symptom}`,
    `The contract: ${kinds[kind].contract}.`,
    'Below is what its checks say. Where a machine took part there is a trace: step through it.',
    `When you think that you know: npx doorbell hunt ${number} --guess FILE:LINE`,
  ].join('\n');
}

/** What is wrong, where such a bug was made, and the patch: from what it should be to what it is. */
export function answerText(
  { file, from, to, cause, cite, caughtBy }: Mutant,
  { first, last }: { readonly first: number; readonly last: number },
): string {
  const lines = (text: string, sign: string): string[] =>
    text === ''
      ? []
      : text
          .replace(/\n$/, '')
          .split('\n')
          .map((line) => `${sign} ${line}`);
  return [
    cause,
    `It was made in: ${cite}`,
    `It is caught by: ${caughtBy}`,
    `${file}:${first}${last > first ? `-${last}` : ''}`,
    ...lines(from, '-'),
    ...lines(to, '+'),
  ].join('\n');
}
