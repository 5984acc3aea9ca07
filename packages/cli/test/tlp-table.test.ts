import { bdf, completionStatus, LOCAL_ROUTING, messageCodes, type TlpHeader } from '@doorbell/abi';
import pc from 'picocolors';
import { expect, test } from 'vitest';
import { headerText, summaryText, tlpTable, type ShownTlp } from '../src/tlp-table.ts';

const plain = pc.createColors(false);
const GPU = bdf(0, 2, 0);

function shown(header: TlpHeader, rest: Partial<ShownTlp>): ShownTlp {
  return {
    ...{ header, flow: 'posted', direction: 'up', payload: 0, address: undefined },
    ...{ time: 12.4, event: 1, number: 9, purpose: '', ...rest },
  };
}

const request = { requester: 0, tag: 0, length: 1, firstBe: 15, lastBe: 0 } as const;

test('a request says from whom, where to, and which bytes; only what is answered has a tag', () => {
  const [, read, write] = tlpTable(
    [
      shown({ type: 'MRd', ...request, address: 0xe000_0000 }, { flow: 'non-posted' }),
      shown({ type: 'MWr', ...request, address: 0x10_0000_0000 }, { purpose: 'VRAM' }),
    ],
    plain,
  );
  expect(read).toMatch(/^9 +12 +↑ +MRd +00:00\.0 +0 +0xe0000000 +f\/0 +1$/);
  expect(write).toMatch(/^9 +12 +↑ +MWr +00:00\.0 +0x1000000000 +f\/0 +1 +VRAM$/);
});

test('a completion goes from its completer to the requester', () => {
  const header: TlpHeader = {
    ...{ type: 'CplD', completer: GPU, status: completionStatus.SC.code, byteCount: 4 },
    ...{ requester: 0, tag: 5, lowerAddress: 0, length: 1 },
  };
  const [, line] = tlpTable([shown(header, { flow: 'completion', purpose: 'SC' })], plain);
  expect(line).toMatch(/CplD +00:02\.0 +5 +00:00\.0 +1 +SC$/);
});

test('a summary has a row for each type and direction, the sum, and the share', () => {
  const counts = { packets: 1200, payloadBytes: 4800, headerBytes: 14_400, framingBytes: 9600 };
  const lines = summaryText(
    { rows: [{ type: 'MWr', direction: 'down', ...counts }], total: counts, payloadShare: 1 / 6 },
    plain,
  );
  expect(lines).toEqual([
    '    type   packets   payload B   header B   framing B',
    '↓   MWr      1,200       4,800     14,400       9,600',
    '    all      1,200       4,800     14,400       9,600',
    'payload: 16.7 % of the bytes on the link',
  ]);
});

test('a header is its fields, in words where they have some', () => {
  const header: TlpHeader = {
    ...{ type: 'Msg', requester: GPU, tag: 0, routing: LOCAL_ROUTING },
    ...{ code: messageCodes.ASSERT_INTA, length: 0 },
  };
  expect(headerText(header)).toBe(
    [
      'Msg (posted): Message: what was a wire on PCI, such as INTx.',
      '  requester     00:02.0',
      '  tag           0',
      '  routing       4',
      '  code          0x20 ASSERT_INTA',
      '  length        0 DW',
    ].join('\n'),
  );
});
