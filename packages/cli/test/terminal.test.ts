import { expect, test } from 'vitest';
import { terminalOf } from '../src/terminal.ts';

/** A stream as far as `terminalOf` looks at it. */
function stream(parts: object): NodeJS.WriteStream {
  return parts as NodeJS.WriteStream;
}

test('takes a pipe to be 80 columns wide and without colours', () => {
  const terminal = terminalOf(stream({}));
  expect(terminal).toMatchObject({ isTerminal: false, columns: 80, depth: 1 });
  expect(terminal.colors.bold('text')).toBe('text');
});

test("asks a terminal for its width, and Node for the terminal's colours", () => {
  const terminal = terminalOf(stream({ isTTY: true, columns: 120, getColorDepth: () => 24 }));
  expect(terminal).toMatchObject({ isTerminal: true, columns: 120, depth: 24 });
  expect(terminal.colors.bold('text')).toBe('\x1b[1mtext\x1b[22m');
});

test('leaves colours away where Node sees none, as with NO_COLOR', () => {
  const { colors } = terminalOf(stream({ isTTY: true, columns: 80, getColorDepth: () => 1 }));
  expect(colors.red('text')).toBe('text');
});

test('takes a terminal of unknown width to be 80 columns wide', () => {
  expect(terminalOf(stream({ isTTY: true, columns: 0 })).columns).toBe(80);
});
