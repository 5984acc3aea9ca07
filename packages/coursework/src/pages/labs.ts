/** docs/reference/labs.md: what each lab asks for, and what its checks are worth. */
import { checksOf } from '../kinds.ts';
import { labChecks, labName, labs, type Lab } from '../labs/index.ts';

const intro = `\`doorbell new LAB NAME\` makes a lab's starter, and \`doorbell grade LAB FOLDER\` says what a part earns.
A group's points are earned when all of its checks pass; what is skipped has not passed.`;

export function labsPage(): string {
  const page = [
    '# Points of the labs',
    '<!-- Made by `npm run reference` from packages/coursework/src/labs. Edit that, not this. -->',
    intro,
    ...labs.map(section),
  ].join('\n\n');
  return `${page}\n`;
}

function section(lab: Lab): string {
  const ids = labChecks(lab, checksOf(lab.kind)).map(({ id }) => id);
  const rows = lab.groups.map((group) => {
    const mine = ids.filter((id) => group.checks.test(id)).map((id) => `\`${id}\``);
    return `| ${group.title} | ${group.points} | ${mine.join(', ')} |`;
  });
  return `## ${labName(lab)}

${lab.title}: ${lab.task} The part is of the kind \`${lab.kind}\`; ${lab.hours} hours.

| group | points | checks |
| ----- | ------ | ------ |
${rows.join('\n')}`;
}
