import pc from 'picocolors';
import { expect, test } from 'vitest';
import { summaryText } from '../src/comparison-summary.ts';
import { handMadeReport, handMadeStack } from './hand-made-report.ts';

const terminal = { isTerminal: true, columns: 80, depth: 1, colors: pc.createColors(false) };
const time = { ...handMadeStack('native').time, wallMs: 1 };
const native = handMadeStack('native', {
  time: { ...time, virtualNs: 10_000, relativeToNative: 1, byCost: { 'gpu.copy': 5000 } },
});
const long = 'emulated:vram=trap:scheduler=weighted';
const other = handMadeStack(long, {
  time: {
    ...time,
    virtualNs: 30_000,
    relativeToNative: 3,
    byCost: { 'gpu.copy': 6000, 'exit.mmio': 19_000 },
  },
});

test('has a line for each stack, with what is dearest beside bare metal, in 80 columns', () => {
  const lines = summaryText({ ...handMadeReport, stacks: [native, other] }, terminal).split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(/^native +1\.00 +1\.00 µs +0 +–$/);
  expect(lines[2]).toMatch(/^emulated:vram=tra… +3\.00 +3\.00 µs +0 +exit\.mmio \+19\.0 µs$/);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
});

test('says nothing of what is not known: no bare metal beside it, no virtual time', () => {
  const alone = { ...other, time: { ...other.time, relativeToNative: null } };
  const remote = { ...other, time: { ...other.time, virtualNs: null, relativeToNative: null } };
  const lines = summaryText({ ...handMadeReport, stacks: [alone, remote] }, terminal).split('\n');
  expect(lines[1]).toMatch(/^emulated:vram=tra… +– +3\.00 µs +0 +–$/);
  expect(lines[2]).toMatch(/^emulated:vram=tra… +– +– +– +–$/);
});

test('of one stack there is nothing to sum up', () => {
  expect(summaryText({ ...handMadeReport, stacks: [native] }, terminal)).toBe('');
});
