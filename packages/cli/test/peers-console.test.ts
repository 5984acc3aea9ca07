import { duplexPair, PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { expect, test } from 'vitest';
import { keepConsole } from '../src/peers-console.ts';

const { signal } = new AbortController();

/** A keyboard that says which mode it is in. */
class Keyboard extends PassThrough {
  readonly isTTY = true;
  isRaw = false;

  setRawMode(mode: boolean): this {
    this.isRaw = mode;
    return this;
  }
}

function kept(until = signal) {
  const [console, guest] = duplexPair();
  const input = new Keyboard();
  const output = new PassThrough();
  const ends = { input: input as unknown as ReadStream, output };
  const left = keepConsole(console, ends, until);
  return { console, guest, input, output, left };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('says how to leave, and asks the guest for a prompt', async () => {
  const { guest, input, output, left } = kept();
  await turn();
  expect(String(output.read())).toContain('Ctrl-] leaves it');
  expect(String(guest.read())).toBe('\n');
  expect(input.isRaw).toBe(true);
  input.write('\x1d');
  await left;
});

test('hands keys to the guest, Ctrl-C too, and what it says to the terminal', async () => {
  const { guest, input, output, left } = kept();
  await turn();
  guest.read();
  output.read();
  input.write('ls\r\x03');
  guest.write('vmlinuz\r\n');
  await turn();
  expect(String(guest.read())).toBe('ls\r\x03');
  expect(String(output.read())).toBe('vmlinuz\r\n');
  input.write('\x1d');
  await left;
});

test('Ctrl-] leaves: what comes before it goes to the guest, what comes after to nobody', async () => {
  const { guest, input, left } = kept();
  await turn();
  guest.read();
  input.write('exit\r\x1dmore');
  await left;
  await turn();
  expect(String(guest.read())).toBe('exit\r');
  expect(input.isRaw).toBe(false);
  expect(input.listenerCount('data')).toBe(0);
});

test.each([
  ['the guest ends', ({ guest }: ReturnType<typeof kept>) => void guest.end()],
  [
    'the connection is lost',
    ({ console }: ReturnType<typeof kept>) => void console.destroy(new Error('lost')),
  ],
])('is over when %s', async (_, end) => {
  const made = kept();
  await turn();
  end(made);
  await made.left;
  expect(made.input.isRaw).toBe(false);
});

test('is over when the run is', async () => {
  const controller = new AbortController();
  const { input, left } = kept(controller.signal);
  controller.abort();
  await left;
  expect(input.isRaw).toBe(false);
  await kept(controller.signal).left;
});
