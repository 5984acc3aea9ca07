import pc from 'picocolors';
import { expect, test } from 'vitest';
import { comparisonTable } from '../src/comparison-table.ts';
import type { Terminal } from '../src/terminal.ts';
import { handMadeReport, handMadeStack } from './hand-made-report.ts';

function terminal(columns: number, depth = 1): Terminal {
  return { isTerminal: true, columns, depth, colors: pc.createColors(depth > 1) };
}

/** The cells of the row with this label, in each block of stacks. */
function rowsOf(table: string, label: string): string[][] {
  return table
    .split('\n')
    .filter((line) => line.trimStart().startsWith(label))
    .map((line) =>
      line
        .trimStart()
        .slice(label.length)
        .trim()
        .split(/\s{2,}/),
    );
}

test('puts a row per figure and a column per stack', () => {
  expect(comparisonTable(handMadeReport, terminal(80)).split('\n')).toEqual([
    '                               native            passthrough   emulated',
    '                                        posted-interrupts=on',
    '',
    'exits                               0                  1,012          0',
    '  config                            0                     12          0',
    '  external-interrupt                0                  1,000          0',
    'exits after init                    0                    990          0',
    'direct accesses                     0                  4,321          0',
    'interrupts                          0                      0          0',
    'IOTLB hit rate                      –                 99.9 %          –',
    'bytes by DMA                        0               3.00 MiB          0',
    'bytes copied                        0                      0          0',
    '',
    'set up before                       0                5.00 µs          0',
    'virtual time                  10.0 µs                25.0 µs    10.0 µs',
    '  per frame                   1.00 µs                2.50 µs    1.00 µs',
    '  × native                     1.00 ×                 2.50 ×     1.00 ×',
    '  in init                     1.00 µs                1.00 µs    1.00 µs',
    '  in submit                   2.00 µs                2.00 µs    2.00 µs',
    '  in wait                     7.00 µs                22.0 µs    7.00 µs',
    '',
    'busy time, overlap included   6.93 µs                21.0 µs    6.93 µs',
    '  engine.draw                 6.00 µs                6.00 µs    6.00 µs',
    '  exit.interrupt                    0                15.0 µs          0',
    '  mmio.read                    900 ns                      0     900 ns',
    '  all else                      30 ns                      0      30 ns',
    '',
    'wall time                      1.50 s                 3.00 s     1.50 s',
  ]);
});

test.each([50, 60, 80])('never exceeds %i columns: other stacks stand below', (columns) => {
  const stacks = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => handMadeStack(id));
  const table = comparisonTable({ ...handMadeReport, stacks }, terminal(columns));
  expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
  expect(rowsOf(table, 'wall time').flat()).toEqual(stacks.map(() => '1.50 s'));
});

test('leaves no empty line where the stacks of a block have no options to name', () => {
  const table = comparisonTable(handMadeReport, terminal(40));
  expect(table).toMatch(/emulated\n\nexits/);
});

test('shows a stack even where the terminal is narrower than its column', () => {
  expect(rowsOf(comparisonTable(handMadeReport, terminal(10)), 'exits after init')).toEqual([
    ['0'],
    ['990'],
    ['0'],
  ]);
});

test('has a row for what only some stacks do, once one of them does it', () => {
  const native = handMadeStack('native');
  const pv = handMadeStack('pv', { counts: { ...native.counts, hypercalls: 7, iommuFaults: 2 } });
  const table = comparisonTable({ ...handMadeReport, stacks: [native, pv] }, terminal(80));
  expect(rowsOf(table, 'hypercalls')).toEqual([['0', '7']]);
  expect(rowsOf(table, 'IOMMU faults')).toEqual([['0', '2']]);
  expect(rowsOf(table, 'shadow updates')).toEqual([]);
});

test('marks what is not known', () => {
  const { time } = handMadeStack('pv');
  const unknown = { ...time, virtualNs: null, relativeToNative: null };
  const stacks = [handMadeStack('pv', { time: unknown })];
  const table = comparisonTable({ ...handMadeReport, stacks }, terminal(80));
  expect(rowsOf(table, 'virtual time')).toEqual([['–']]);
  expect(rowsOf(table, '× native')).toEqual([['–']]);
});

test('sums the costs that are too small for a row of their own', () => {
  const byCost = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`cost.${i}`, 1000 - i]));
  const stacks = [handMadeStack('native', { time: { ...handMadeStack('native').time, byCost } })];
  const table = comparisonTable({ ...handMadeReport, stacks }, terminal(80));
  expect(rowsOf(table, 'cost.')).toHaveLength(7);
  // 12 × 1000 less 0 + 1 + … + 11; the seven largest are 7 × 1000 less 0 + 1 + … + 6.
  expect(rowsOf(table, 'busy time, overlap included')).toEqual([['11.9 µs']]);
  expect(rowsOf(table, 'all else')).toEqual([['4.96 µs']]);
});

test('counts no colour as width', () => {
  const plain = comparisonTable(handMadeReport, terminal(80));
  const colored = comparisonTable(handMadeReport, terminal(80, 8));
  expect(colored).not.toBe(plain);
  // eslint-disable-next-line no-control-regex -- an escape sequence begins with a control character
  expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(plain);
});
