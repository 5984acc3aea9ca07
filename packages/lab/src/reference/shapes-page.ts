/** docs/reference/shapes.md: what papers say of the ways to a GPU, and what was found here. */
import { claims, found, foundInAll, type Claim } from '../shapes/claims.ts';
import { committed, measuredProfiles } from '../shapes/committed.ts';
import { expected } from '../shapes/expected.ts';
import { shapeGroups, shapes, type ShapeGroup } from '../shapes/index.ts';
import { bandText, quantity } from '../shapes/quantity.ts';
import type { FigureRow, Shape, Source } from '../shapes/shape.ts';

const intro = `Papers on GPU virtualization measured their own machines, and their absolute numbers are
those machines'. Their *shapes* should be found here too: what is quicker than what, by what factor,
and what makes the difference. Each row is a claim of a paper in our words, with a band for each
figure, and below it is what this project's own runs give, by counts and by virtual time.`;

const honesty = [
  'The bands come from the abstracts of the papers and from notes on them, **not from their tables**. Where a paper gives no number, the band is ours.',
  'No price was tuned to pass a row: each constant of a profile has its own source, and most of them are estimates. What is out of its band is a result: the reason that was found stands below the figures.',
  'A row is one claim on one workload. What counts a whole run (from the driver’s probe to its removal) is compared with papers that did so. All else is the time of one more frame: the difference of two runs, in which set-up, uploads and the end cancel out.',
  '`free` has no prices but the engines’, so what holds there does not depend on any.',
  'Virtual time is deterministic. `npm run shapes` measures all again and must give the same to the last digit; `npm test` does so, and compares what holds with the table.',
].map((text) => `- ${text.replaceAll('’', "'")}`);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function shapesPage(): string {
  return `${[
    '# Shapes of the literature',
    '<!-- Made by `npm run reference` from packages/lab/src/shapes. Edit that, not this. -->',
    intro,
    honesty.join('\n'),
    '## What holds, claim by claim',
    'A claim may be several rows, on several workloads: it holds where all of them do, and partly where some do. Rows beside it ask for more than the source says: they stand in the next table and are explained like the others, and the claim does not depend on them.',
    table(['Source', 'Claim', ...measuredProfiles], [...claims.map(claimed), total()]),
    '## What holds, row by row',
    table(['Row', ...measuredProfiles], shapes.map(summary)),
    table(
      ['Rows that hold', ...measuredProfiles],
      [[`of ${shapes.length}`, ...measuredProfiles.map((profile) => String(holding(profile)))]],
    ),
    ...shapeGroups.flatMap(section),
  ].join('\n\n')}\n`;
}

function claimed(claim: Claim): string[] {
  const rows = claim.shapes.length === 1 ? 'one row' : `${claim.shapes.length} rows`;
  const beside = claim.beside?.map((id) => `; beside it [${id}](#${id})`).join('') ?? '';
  const cells = measuredProfiles.map((profile) => found(claim, profile));
  return [claim.source, `${claim.says} (${rows}${beside})`, ...cells];
}

function total(): string[] {
  return [`all ${claims.length}`, '', ...foundInAll()];
}

function holding(profile: string): number {
  return shapes.filter(({ id }) => expected[id][profile] === true).length;
}

function summary({ id }: Shape): string[] {
  const cells = measuredProfiles.map((name) => (expected[id][name] === true ? 'holds' : '✗'));
  return [`[${id}](#${id})`, ...cells];
}

function section({ id, title, shapes: own }: ShapeGroup): string[] {
  return [
    `## ${title}`,
    own[0].sources.map(citation).join('\n'),
    `![The figures of ${title} against their bands](../images/shapes/${id}.svg)`,
    ...own.flatMap(entry),
  ];
}

function citation({ authors, title, venue, year }: Source): string {
  return `- ${authors}: ${title}${title.endsWith('?') ? '' : '.'} ${venue} ${year}.`;
}

function entry(shape: Shape): string[] {
  const verdicts = measuredProfiles.map((profile) => committed(shape, profile));
  const rows = shape.rows.map((row, index) => [
    `${code(row.label)}, ${row.unit}`,
    mustBe(row, shape.rows[index - 1]),
    ...verdicts.map(({ figures }) => {
      const { value, holds } = figures[index];
      return `${holds === false ? '✗ ' : ''}${quantity(value)}`;
    }),
  ]);
  return [
    `### ${shape.id}`,
    `**${shape.claim}**`,
    shape.how,
    table(['Figure', 'Must be', ...measuredProfiles], rows),
    ...reasons(shape.id),
  ];
}

/** A stack as it is written on the command line. */
function code(label: string): string {
  return /^(native|passthrough|sriov|pv|mdev|emulated)\S*$/.test(label) ? `\`${label}\`` : label;
}

function mustBe({ band, follows }: FigureRow, before: FigureRow | undefined): string {
  const texts = [
    ...(band === undefined ? [] : [bandText(band)]),
    ...(follows === undefined ? [] : [`${follows} ${code(before!.label)}`]),
  ];
  return texts.length === 0 ? '–' : texts.join(', ');
}

/** Why it does not hold; profiles with the same reason share a line. */
function reasons(id: string): string[] {
  const byReason = new Map<string, string[]>();
  for (const profile of measuredProfiles) {
    const finding = expected[id][profile];
    if (finding !== true) {
      byReason.set(finding, [...(byReason.get(finding) ?? []), `\`${profile}\``]);
    }
  }
  return byReason.size === 0
    ? []
    : [[...byReason].map(([reason, under]) => `- ✗ ${under.join(', ')}: ${reason}`).join('\n')];
}
