/** The guest's serial port for a person: with a prompt, and what is typed is shown. */
import { Duplex, type Writable } from 'node:stream';
import type { ConsoleLines } from './console-lines.ts';

/** For a person; a prompt says that the shell listens. */
export const FOR_PERSON = "stty echo onlcr; PS1='# '\n";
/** As the guest's first script left it. Ctrl-C and Ctrl-U: whatever was under way or half typed. */
export const FOR_PROGRAM = '\x03\x15\nPS1=; stty -echo -onlcr\n';

/** From when it is made until it is destroyed or ended, all that the guest prints goes there. */
export class PersonConsole extends Duplex {
  private readonly input: Writable;
  private readonly lines: ConsoleLines;

  constructor(input: Writable, lines: ConsoleLines) {
    super();
    this.input = input;
    this.lines = lines;
    lines.raw = (bytes) => this.push(bytes);
    input.write(FOR_PERSON);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.input.write(chunk);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.lines.raw = undefined;
    this.input.write(FOR_PROGRAM);
    done(error);
  }
}
