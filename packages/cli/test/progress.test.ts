import { PassThrough } from 'node:stream';
import pc from 'picocolors';
import { expect, test } from 'vitest';
import { progressOn } from '../src/progress.ts';
import type { Terminal } from '../src/terminal.ts';

const job = { total: 6, noun: 'frames' };
const terminal: Terminal = {
  isTerminal: true,
  columns: 80,
  depth: 1,
  colors: pc.createColors(false),
};

/** A stream that holds what is written, and says that it is a terminal or not. */
function sink(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  const pass = new PassThrough();
  const stream = Object.assign(pass, { isTTY }) as unknown as NodeJS.WriteStream;
  return { stream, text: () => String(pass.read() ?? '') };
}

test('writes a line for each stage into a pipe', () => {
  const { stream, text } = sink(false);
  const progress = progressOn(stream, { ...terminal, isTerminal: false }, job);
  progress.update('native', 0);
  progress.update('native', 1);
  progress.update('emulated', 3);
  progress.update('emulated', 6);
  progress.stop();
  expect(text()).toBe('native: 0/6 frames\nemulated: 3/6 frames\n');
});

test('draws a bar on a terminal, and takes it away', () => {
  const { stream, text } = sink(true);
  const progress = progressOn(stream, terminal, job);
  progress.update('native', 0);
  const first = text();
  expect(first).toContain('0/6 frames  native');
  expect(first).toContain('\x1b[?25l'); // hides the cursor
  progress.update('emulated', 4);
  progress.stop();
  expect(text()).toContain('\x1b[?25h'); // and shows it again
});

test('draws nothing when nothing was begun', () => {
  const { stream, text } = sink(true);
  progressOn(stream, terminal, job).stop();
  expect(text()).not.toContain('frames');
});
