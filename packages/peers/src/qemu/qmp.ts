/** The QEMU Machine Protocol: lines of JSON, a command and its answer at a time. */
import { readFile, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import type { Picture } from '@doorbell/guest-driver';
import { QemuError } from './qemu-error.ts';
import { decodePpm } from './screendump.ts';

interface Message {
  readonly QMP?: unknown;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly event?: string;
}

export class Qmp {
  /** Comes before each command: brings to QEMU what has to be there by then. */
  settle: () => void = () => {};
  private readonly stream: Duplex;
  private readonly waiting: ((message: Message) => void)[] = [];
  private isOver = false;

  constructor(stream: Duplex) {
    this.stream = stream;
    const over = (): void => {
      this.isOver = true;
      for (const answer of this.waiting.splice(0)) {
        answer({ error: { desc: 'QEMU has ended.' } });
      }
    };
    stream.on('error', over);
    stream.on('close', over);
    createInterface({ input: stream })
      .on('error', over) // it repeats the stream's
      .on('line', (line) => this.hear(line));
  }

  /** Waits for the greeting, and enters command mode. */
  async connect(): Promise<void> {
    await this.next();
    await this.execute('qmp_capabilities');
  }

  private hear(line: string): void {
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      return; // it ended in the middle of a line, which 'close' tells
    }
    if (message.event === undefined) {
      this.waiting.shift()?.(message);
    }
  }

  private next(): Promise<Message> {
    return new Promise((resolve) => {
      if (this.isOver) {
        resolve({ error: { desc: 'QEMU has ended.' } });
      } else {
        this.waiting.push(resolve);
      }
    });
  }

  /** @throws QemuError with QEMU's words. */
  async execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (!this.isOver) {
      this.settle();
    }
    const answer = this.next();
    if (!this.isOver) {
      this.stream.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    }
    const { error, return: returned } = await answer;
    if (error !== undefined) {
      throw new QemuError(`QEMU refused ${command}: ${error.desc}`);
    }
    return returned;
  }

  /** What a display shows now. @param device  its id. @param file  a path that may be written. */
  async screendump(device: string, file: string): Promise<Picture> {
    await this.execute('screendump', { filename: file, device, head: 0 });
    try {
      return decodePpm(await readFile(file));
    } finally {
      await rm(file, { force: true });
    }
  }

  close(): void {
    this.stream.destroy();
  }
}
