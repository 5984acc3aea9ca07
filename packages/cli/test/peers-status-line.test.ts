import { PassThrough } from 'node:stream';
import pc from 'picocolors';
import { expect, test } from 'vitest';
import { silentLine, statusLineOn } from '../src/peers-status-line.ts';

const terminal = { isTerminal: true, columns: 20, depth: 1, colors: pc.createColors(false) };

function sink(): { stream: NodeJS.WriteStream; text: () => string } {
  const pass = new PassThrough();
  return { stream: pass as unknown as NodeJS.WriteStream, text: () => String(pass.read() ?? '') };
}

test('writes a line for each step into a pipe, whatever its details', () => {
  const { stream, text } = sink();
  const line = statusLineOn(stream, { ...terminal, isTerminal: false });
  line.show('booting');
  line.show('booting', '50 %');
  line.show('drawing');
  line.stop();
  expect(text()).toBe('booting\ndrawing\n');
});

test('rewrites one line of a terminal, within its width, and takes it away', () => {
  const { stream, text } = sink();
  const line = statusLineOn(stream, terminal);
  line.show('downloading a long list', '50 %');
  expect(text()).toBe('\r\x1b[2K⠋ downloading a lon');
  line.stop();
  expect(text()).toBe('\r\x1b[2K');
  line.stop();
  expect(text()).toBe('');
});

test('gives way to what is written meanwhile', () => {
  const { stream, text } = sink();
  const line = statusLineOn(stream, terminal);
  line.around(() => stream.write('before\n'));
  line.show('booting');
  text();
  line.around(() => stream.write('result\n'));
  line.stop();
  expect(text()).toBe('\r\x1b[2Kresult\n\r\x1b[2K⠋ booting\r\x1b[2K');
});

test('says nothing to those who want quiet, and lets results through', () => {
  const { stream, text } = sink();
  silentLine.show('booting');
  silentLine.around(() => stream.write('result\n'));
  silentLine.stop();
  expect(text()).toBe('result\n');
});
