/** docs/reference/mutants.md: the bugs that are hunted, and where each was made. What is wrong is not told. */
import { mutants } from '../mutants/index.ts';

const intro = `Each is one place of one of this project's own parts, changed as somebody changed theirs by
mistake. The checks of \`doorbell check\` find every one (packages/coursework/test/mutants.test.ts).
\`npx doorbell hunt N\` is one to be found, and \`npx doorbell hunt N --answer\` tells what is wrong.`;

export function mutantsPage(): string {
  const rows = mutants.map(({ id, kind, policy, cite }, index) => {
    const where = policy === undefined ? kind : `${kind} ${policy}`;
    return `| ${[index + 1, `\`${id}\``, where, cite.replaceAll('|', '\\|')].join(' | ')} |`;
  });
  const page = [
    '# Bugs that were really made',
    '<!-- Made by `npm run reference` from packages/coursework/src/mutants. Edit that, not this. -->',
    intro,
    ['| Hunt | Id | Part | Made in |', '| --- | --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n');
  return `${page}\n`;
}
