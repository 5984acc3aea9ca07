/** docs/reference/conformance.md: what is checked, and which clauses of a specification that covers. */
import type { CheckInfo } from '../check/check.ts';
import type { Conformance } from '../conformance/clause.ts';
import { conformances } from '../conformance/index.ts';
import { checksOf, kinds } from '../kinds.ts';
import { partKinds, type PartKind } from '../part.ts';

export function conformancePage(): string {
  const count = partKinds.reduce((sum, kind) => sum + checksOf(kind).length, 0);
  return `# What is checked

<!-- Made by \`npm run reference\`. -->

\`doorbell check\` tells of a part which clauses of its contract it keeps: ${count} checks of ${partKinds.length} kinds of parts. Each has an id, the clause that it follows, and what is asked.

| kind | checks | contract |
| ---- | ------ | -------- |
${partKinds.map((kind) => `| [${kind}](#${kind}) | ${checksOf(kind).length} | ${cell(kinds[kind].contract)} |`).join('\n')}

${summary()}

${conformances.map(clausesOf).join('\n\n')}

${partKinds.map(checksSection).join('\n\n')}
`;
}

/** How many clauses each table has. */
function summary(): string {
  const rows = conformances.map((each) => {
    const { MUST, 'MUST NOT': mustNot, checked, unchecked } = counts(each);
    const link = `[${each.title}](#${anchor(each.title)})`;
    return `| ${[link, cell(each.specification), MUST, mustNot, checked, unchecked].join(' | ')} |`;
  });
  const clauses = conformances.reduce((sum, each) => sum + each.clauses.length, 0);
  const checked = conformances.reduce((sum, each) => sum + counts(each).checked, 0);
  return `## By clause

What a specification says with MUST and MUST NOT is listed clause by clause, in our words: ${clauses} clauses, of which ${checked} have a check. Of the others the table says why not.

| what | specification | MUST | MUST NOT | with a check | without |
| ---- | ------------- | ---- | -------- | ------------ | ------- |
${rows.join('\n')}`;
}

function counts({ clauses }: Conformance): {
  readonly MUST: number;
  readonly 'MUST NOT': number;
  readonly checked: number;
  readonly unchecked: number;
} {
  const must = clauses.filter(({ strength }) => strength === 'MUST').length;
  const checked = clauses.filter(({ checks }) => checks.length > 0).length;
  return {
    ...{ MUST: must, 'MUST NOT': clauses.length - must },
    ...{ checked, unchecked: clauses.length - checked },
  };
}

/** Where a heading is, as Markdown's renderers name it. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}

/** Each clause of a specification, with its checks or why there is none. */
function clausesOf({ title, kind, clauses }: Conformance): string {
  const rows = clauses.map(({ section, rule, strength, checks, why }) => {
    const ids = checks.map((id) => `\`${id.replace(/^virtio-1\.3\//, '')}\``).join(', ');
    const by = [ids, why ?? ''].filter((each) => each !== '').join('. ');
    return `| ${section} | ${strength} | ${cell(rule)} | ${cell(by)} |`;
  });
  const where =
    kind === undefined ? '' : `Checked by \`doorbell check\` of the kind [${kind}](#${kind}).\n\n`;
  return `### ${title}

${where}| section | says | what | checked by |
| ------- | ---- | ---- | ---------- |
${rows.join('\n')}`;
}

function checksSection(kind: PartKind): string {
  return `## ${kind}

${kinds[kind].doc}

| check | clause | asks |
| ----- | ------ | ---- |
${checksOf(kind).map(row).join('\n')}`;
}

function row({ id, clause, title }: CheckInfo): string {
  return `| \`${id}\` | ${cell(clause)} | ${cell(title)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
