/** docs/reference/modes.md: what each way through gives to and takes from the host. */
import { contractOf, contractQuestions, type ContractQuestion } from '../mode-contract.ts';
import { stackKinds } from '../stack-spec.ts';

const intro = `What a way through costs is one side of it. The other is what the host keeps: what it
knows, what it can refuse, whom it can stop. Each stack has a contract, the same under every price;
\`npx doorbell list --contract\` prints it, and \`doorbell compare --json\` has it as \`contract\`. It is
that of the options' defaults. Its \`facts\` are checked on running stacks: whom the requester IDs on
the bus name, how much of the guest's memory is pinned, who takes the GPU's interrupts first, how a
submission reaches the GPU.`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function modesPage(): string {
  const kinds = [...stackKinds.values()];
  const sections = Object.entries(contractQuestions).map(([question, title]) => {
    const rows = kinds.map(({ name }) => [name, contractOf(name)[question as ContractQuestion]]);
    return `## ${title}\n\n${table(['Stack', 'Answer'], rows)}`;
  });
  const facts = kinds.map(({ name, term }) => {
    const { requester, pinned, interrupt, submission } = contractOf(name).facts;
    return [name, term, requester, pinned, interrupt, submission];
  });
  return `${[
    '# What the host keeps, by stack',
    '<!-- Made by `npm run reference` from packages/lab/src. Edit that, not this. -->',
    intro,
    table(
      ['Stack', "The field's term", 'Requester ID', 'Pinned', 'Interrupt', 'Submission'],
      facts,
    ),
    ...sections,
  ].join('\n\n')}\n`;
}
