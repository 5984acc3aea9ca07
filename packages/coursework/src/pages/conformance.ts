/** docs/reference/conformance.md: what is checked, and which clauses of a specification that covers. */
import type { CheckInfo } from '../check/check.ts';
import type { Conformance } from '../conformance/clause.ts';
import { gpuDevice } from '../conformance/gpu-device.ts';
import { gpuDriver } from '../conformance/gpu-driver.ts';
import { splitDevice } from '../conformance/split-device.ts';
import { virtioDevice } from '../conformance/virtio-device.ts';
import { virtioDriver } from '../conformance/virtio-driver.ts';
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

${clausesOf(splitDevice)}

${[virtioDevice, virtioDriver, gpuDevice, gpuDriver].map(clausesOf).join('\n\n')}

${partKinds.map(checksSection).join('\n\n')}
`;
}

/** Each clause of a specification, with its checks or why there is none. */
function clausesOf({ title, specification, clauses }: Conformance): string {
  const checked = clauses.filter(({ checks }) => checks.length > 0).length;
  const rows = clauses.map(({ section, rule, strength, checks, why }) => {
    const by = [...checks.map((id) => `\`${id.replace(/^virtio-1\.3\//, '')}\``), why ?? ''];
    return `| ${section} | ${strength} | ${cell(rule)} | ${cell(by.filter((each) => each !== '').join(', '))} |`;
  });
  return `## ${title}, by clause

Of the ${clauses.length} clauses of ${specification} that say MUST or MUST NOT of this side, ${checked} have a check; the others say why not.

| section | says | what | checked by |
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
