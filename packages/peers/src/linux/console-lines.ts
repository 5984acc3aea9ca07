/** What a guest prints on its serial port: as lines, as it comes, and the last of it. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

/** How many lines are kept, for whoever asks what happened. */
const KEPT = 12;

export class ConsoleLines {
  /** Who reads lines. */
  readonly listeners = new Set<(line: string) => void>();
  /** Gets the bytes as they come, in place of `listeners`. */
  raw: ((bytes: Buffer) => void) | undefined;
  /** What the kernel said when it gave up. */
  panic: string | undefined;
  private readonly decoder = new StringDecoder();
  private readonly kept: string[] = [];
  private rest = '';

  constructor(stream: Readable) {
    stream.on('data', (bytes: Buffer) => {
      if (this.raw === undefined) {
        this.take(this.decoder.write(bytes));
      } else {
        this.raw(bytes);
      }
    });
  }

  private take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      this.tell(stripVTControlCharacters(line.replaceAll('\r', '')));
    }
  }

  private tell(line: string): void {
    this.panic ??= /Kernel panic.*/.exec(line)?.[0];
    this.kept.push(line);
    this.kept.splice(0, this.kept.length - KEPT);
    for (const listener of this.listeners) {
      listener(line);
    }
  }

  /** The last lines, and what has no end yet. */
  get last(): string {
    const lines = [...this.kept, this.rest].filter((line) => line.trim() !== '');
    return lines.length === 0 ? 'nothing was printed' : `\n  ${lines.join('\n  ')}`;
  }
}
