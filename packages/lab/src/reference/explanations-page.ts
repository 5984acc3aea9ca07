/** docs/reference/explanations.md: what `doorbell explain` knows, and what it can be shown with. */
import { bugs } from '../bugs/index.ts';
import { causeIds, causeRow } from '../explain/causes.ts';

const intro = `\`npx doorbell explain\` says why a run is stuck. A run is stuck when virtual time cannot
advance, when a driver polls a value that nothing will change, or when a wait ran into its time limit
while nothing was under way that could have ended it. It names one cause, the one at the root: a queue
that is off explains that a notification did nothing. With it come the clause that says how it should
be, the row of the register map that shows it, and the event of the trace with which it went wrong.`;

const bugsIntro = `The drivers of this project have none of these bugs. \`--bug ID\` breaks one access of
an unmodified driver on its way to the device, or the set-up of the host.`;

export function explanationsPage(): string {
  const sections = causeIds.map((id) => {
    const { title, clauses, doc, mend } = causeRow(id);
    const shown = [...bugs.values()].filter(({ cause }) => cause === id);
    return [
      `## ${id}`,
      `**${title}.** ${doc}`,
      `To mend it: ${mend}`,
      [
        ...Object.values(clauses).map((clause) => `- ${clause}`),
        `- Shown by ${shown.map((bug) => `\`--bug ${bug.id}\``).join(', ')}`,
      ].join('\n'),
    ].join('\n\n');
  });
  const rows = [...bugs.values()].map(
    ({ id, title, stacks }) =>
      `| ${id} | ${title} | ${stacks.map((stack) => `\`${stack}\``).join(', ')} |`,
  );
  return `${[
    '# Why is it stuck? The causes',
    '<!-- Made by `npm run reference` from packages/lab/src. Edit that, not this. -->',
    intro,
    ...sections,
    '## Broken on purpose',
    bugsIntro,
    ['| Bug | What one sees | Stacks |', '| --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n')}\n`;
}
