/** What the host keeps, by stack: one question after the other, so that the answers compare. */
import { contractOf, contractQuestions, stackKinds, type ContractQuestion } from '@doorbell/lab';
import { wrap } from '@doorbell/lab/text';
import type { Terminal } from './terminal.ts';

const MARGIN = 2;

export function contractText({ columns, colors }: Terminal): string {
  const names = [...stackKinds.keys()];
  const indent = MARGIN + Math.max(...names.map((name) => name.length)) + MARGIN;
  const answer = (name: string, question: ContractQuestion): string => {
    const text = wrap(contractOf(name)[question], columns, ' '.repeat(indent));
    const title = `${' '.repeat(MARGIN)}${name}`.padEnd(indent);
    return colors.cyan(title) + text.slice(indent);
  };
  return Object.entries(contractQuestions)
    .map(([question, title]) =>
      [colors.bold(title), ...names.map((name) => answer(name, question as ContractQuestion))].join(
        '\n',
      ),
    )
    .join('\n\n');
}
