import type { GuestReport, StackReport } from '@doorbell/lab';
import pc from 'picocolors';
import { expect, test } from 'vitest';
import { sharingText } from '../src/sharing-text.ts';
import { handMadeReport, handMadeStack } from './hand-made-report.ts';

const terminal = { isTerminal: true, columns: 80, depth: 1, colors: pc.createColors(false) };

const guest = (name: string, share: number, more: Partial<GuestReport> = {}): GuestReport => ({
  ...{ name, scene: 'nop', frames: 10, sha256: 'a', share, due: 0.5 },
  ...{ p50Ns: 1000, p99Ns: 2500, busyNs: 8000, waitsNs: { data: 9000, schedule: 3000 } },
  ...more,
});

function text(parts: Partial<StackReport>, name = 'pv'): string {
  const stack = handMadeStack(name, { options: { scheduler: 'credit' }, ...parts });
  return sharingText({ ...handMadeReport, stacks: [stack] }, terminal);
}

const timeline = {
  fromNs: 5000,
  binNs: 1000,
  busy: [
    [1, 0.5, 0, 0.01],
    [0, 0.5, 1],
  ],
};
const two = {
  guests: [guest('guest0', 0.625), guest('guest1', 0.375)],
  sharing: { windowNs: 16_000, jain: 0.941, timeline },
};

test('nothing is said of one guest', () => {
  expect(text({ guests: [guest('guest0', 1)] })).toBe('');
});

test('a row for each guest, and a line for its part of each moment', () => {
  expect(text(two).split('\n')).toEqual([
    "pv shared by 2 guests: credit, Jain's index 0.94 while all drew (16.0 µs)",
    'guest    draws    share      due   frame p50       p99    waited    had it',
    'guest0   nop     62.5 %   50.0 %     1.00 µs   2.50 µs   3.00 µs   8.00 µs',
    'guest1   nop     37.5 %   50.0 %     1.00 µs   2.50 µs   3.00 µs   8.00 µs',
    "the GPU's time, 4.00 µs from 5.00 µs on:",
    'guest0 █▄ ▁',
    'guest1  ▄█',
  ]);
});

test('a time in which all drew that never came is told', () => {
  const sharing = { ...two.sharing, windowNs: 0 };
  expect(text({ ...two, sharing })).toContain('they never all drew at once');
});

test('who has a GPU of its own shares none', () => {
  expect(text(two, 'passthrough')).toContain('each has a GPU of its own');
});

test('who gave up is named with the reason', () => {
  const guests = [guest('guest0', 1), guest('guest1', 0, { error: 'bell: HANG' })];
  expect(text({ ...two, guests })).toContain('guest1 gave up: bell: HANG');
});

test('of many guests the first are shown', () => {
  const guests = Array.from({ length: 20 }, (_, index) => guest(`guest${index}`, 0.05));
  const busy = guests.map(() => [0]);
  const lines = text({ guests, sharing: { ...two.sharing, timeline: { ...timeline, busy } } });
  expect(lines).toContain('guest15 ');
  expect(lines).not.toContain('guest16');
  expect(lines).toContain('and 4 more; all are in the JSON');
});

test('no line is longer than the terminal is wide', () => {
  const busy = [new Array<number>(200).fill(1), new Array<number>(200).fill(0)];
  const sharing = { ...two.sharing, timeline: { ...timeline, busy } };
  const widths = text({ ...two, sharing })
    .split('\n')
    .map((line) => line.length);
  expect(Math.max(...widths)).toBeLessThanOrEqual(80);
});
