/** docs/reference/peers.md: who our halves meet, and in what they differ from others' devices. */
import { type ComparedDevice, placesOf } from '../differential/known-difference.ts';
import { differencesOf } from '../differential/known-differences.ts';
import { peers } from '../programs/index.ts';
import { shown } from './shown.ts';

const intro = `Our drivers and devices meet halves that this project did not write: QEMU's devices, and an
unmodified Linux. \`npx doorbell peers list\` lists these peers, and \`npx doorbell peers run NAME\` runs
one. Each run checks what it shows.`;

const differences = `Where our model of a device and another's device do not answer alike, one of these rows says
so. The comparisons do the same to both, thousands of times, and excuse exactly what these rows name;
a row that is not met any more fails them too. All else agrees: registers in every width, memory after
DMA, interrupts, times, screens.`;

const sections: Readonly<Record<ComparedDevice, string>> = {
  edu: 'edu',
  'bochs-display': 'bochs-display',
  'virtio-gpu': 'virtio-gpu',
  'intel-iommu': 'The IOMMU, and QEMU’s intel-iommu',
};

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function runs(): string {
  const rows = peers.map(({ name, summary, needs }) => [
    name,
    shown[name] ?? summary,
    needs.join(', '),
  ]);
  return rows.length === 0 ? '' : table(['Peer', 'What its run shows', 'Needs'], rows);
}

function differenceTable(device: ComparedDevice): string {
  const rows = differencesOf(device).map((row) => [
    row.title ?? [...placesOf(row).keys()].join('; '),
    row.ours,
    row.qemu,
    row.why,
  ]);
  const title = sections[device];
  return rows.length === 0
    ? ''
    : `### ${title}\n\n${table(['Where', 'Ours', 'Theirs', 'Why'], rows)}`;
}

export function peersPage(): string {
  const parts = [
    '# Real peers',
    '<!-- Made by `npm run reference` from packages/peers/src. Edit that, not this. -->',
    intro,
    runs(),
    '## Known differences',
    differences,
    ...(Object.keys(sections) as ComparedDevice[]).map(differenceTable),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
