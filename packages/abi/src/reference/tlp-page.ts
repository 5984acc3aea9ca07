/** docs/reference/tlp.md. */
import {
  completionStatus,
  messageCodes,
  tlpCommonLayout,
  tlpLayouts,
  tlpTypes,
  type HeaderField,
} from '../tlp.ts';
import { blocks, hex, page, table } from './markdown.ts';

function headerTable(fields: Readonly<Record<string, HeaderField>>): string {
  const rows = Object.entries(fields)
    .sort(([, a], [, b]) => a.word - b.word || b.lsb - a.lsb)
    .map(([name, { word, lsb, width, doc }]) => [
      ...[word, width === 1 ? lsb : `${lsb + width - 1}:${lsb}`, name, doc],
    ]);
  return table(['Double word', 'Bits', 'Field', 'Meaning'], rows);
}

const shapes: Readonly<Record<keyof typeof tlpLayouts, string>> = {
  memory32: 'Memory requests below 4 GiB (§2.2.7)',
  memory64: 'Memory requests from 4 GiB on (§2.2.7)',
  config: 'Configuration requests (§2.2.7)',
  completion: 'Completions (§2.2.9)',
  message: 'Messages (§2.2.8)',
};

export function tlpPage(): string {
  return page(
    'Transaction layer packets',
    `What crosses a PCI Express link is packets: requests, which are posted (a write: nothing comes
back) or not (a read: completions come back), and completions. Headers are those of non-flit mode
(PCI Express Base 6.0 §2.2). They are big-endian: byte 0 holds bits 31:24 of double word 0, which
is also how the kernel prints a header that the Advanced Error Reporting log has.
\`doorbell tlp\` derives the packets of a run from its trace, and \`doorbell tlp --decode\` reads a
header.`,
    '## Types',
    table(
      ['Type', 'Format', 'Code', 'Flow', 'Meaning'],
      Object.entries(tlpTypes).map(([name, { shape, code, data, flow, doc }]) => {
        const words = shape === 'memory32' ? '3 or 4' : shape === 'message' ? '4' : '3';
        return [name, `${words} DW${data ? ' and data' : ''}`, hex(code, 2), flow, doc];
      }),
    ),
    '## Headers',
    '### The first double word',
    headerTable(tlpCommonLayout),
    ...Object.entries(shapes).map(([shape, title]) =>
      blocks(`### ${title}`, headerTable(tlpLayouts[shape as keyof typeof tlpLayouts])),
    ),
    '## Completion status (§2.2.9.1)',
    table(
      ['Code', 'Status', 'Meaning'],
      Object.entries(completionStatus).map(([name, { code, doc }]) => [code, name, doc]),
    ),
    '## Message codes (§2.2.8)',
    table(
      ['Code', 'Message'],
      Object.entries(messageCodes).map(([name, code]) => [hex(code, 2), name]),
    ),
  );
}
