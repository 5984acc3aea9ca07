/** The guest's console on the user's terminal. */
import type { Duplex } from 'node:stream';
import type { ReadStream } from 'node:tty';

/** Ctrl-], as telnet has it: the guest's own programs do without it. */
const LEAVE = 0x1d;

export interface TerminalEnds {
  readonly input: ReadStream;
  readonly output: NodeJS.WritableStream;
}

/**
 * Hands the keys to the guest as they are pressed, Ctrl-C too. Resolves when the user leaves, when
 * the console ends, or after `signal`; the terminal is as it was then.
 */
export function keepConsole(
  console: Duplex,
  { input, output }: TerminalEnds,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const show = (bytes: Uint8Array): void => {
      output.write(bytes);
    };
    const press = (bytes: Uint8Array): void => {
      const at = bytes.indexOf(LEAVE);
      console.write(at < 0 ? bytes : bytes.subarray(0, at));
      if (at >= 0) {
        leave();
      }
    };
    const leave = (): void => {
      console.off('data', show).off('end', leave).off('close', leave).off('error', leave);
      input.off('data', press);
      input.setRawMode(false);
      input.pause();
      signal.removeEventListener('abort', leave);
      output.write('\r\n');
      resolve();
    };
    if (signal.aborted) {
      resolve();
      return;
    }
    signal.addEventListener('abort', leave);
    output.write("This is the guest's console. Ctrl-] leaves it, and ends the guest.\r\n");
    console.on('data', show).on('end', leave).on('close', leave).on('error', leave);
    input.setRawMode(true);
    input.on('data', press);
    input.resume();
    console.write('\n'); // for a prompt
  });
}
