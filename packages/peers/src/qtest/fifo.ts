/**
 * Two FIFOs, as QEMU's chardev `pipe` has them: `PATH.in` takes what it reads, `PATH.out` what it
 * writes. Reading and writing block, in this thread: a port of abi is synchronous.
 */
import { execFile } from 'node:child_process';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { QemuError } from '../qemu/qemu-error.ts';
import type { QtestStream } from './connection.ts';

const READ_BYTES = 64 << 10;

export class Fifo implements QtestStream {
  readonly path: string;
  private readonly buffer = Buffer.alloc(READ_BYTES);
  private input = -1;
  private output = -1;

  /** Makes both. */
  static async create(path: string): Promise<Fifo> {
    await promisify(execFile)('mkfifo', ['-m', '600', `${path}.in`, `${path}.out`]);
    return new Fifo(path);
  }

  private constructor(path: string) {
    this.path = path;
  }

  /** Once QEMU has opened both: from then on its end is the end of what is read. */
  open(): void {
    this.input = openEnd(`${this.path}.in`, 'w');
    this.output = openEnd(`${this.path}.out`, 'r');
  }

  write(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    try {
      for (let at = 0; at < bytes.length;) {
        at += writeSync(this.input, bytes, at);
      }
    } catch (error) {
      throw new QemuError('QEMU ended and takes no more qtest commands.', { cause: error });
    }
  }

  read(): string {
    const count = this.output < 0 ? 0 : readSync(this.output, this.buffer, 0, READ_BYTES, null);
    return this.buffer.toString('latin1', 0, count);
  }

  async close(): Promise<void> {
    for (const descriptor of [this.input, this.output]) {
      if (descriptor >= 0) {
        closeSync(descriptor);
      }
    }
    this.input = -1;
    this.output = -1;
    await rm(`${this.path}.in`, { force: true });
    await rm(`${this.path}.out`, { force: true });
  }
}

/** To open one end alone would wait for somebody at the other, and QEMU may have ended. */
function openEnd(path: string, flags: 'r' | 'w'): number {
  const both = openSync(path, 'r+');
  try {
    return openSync(path, flags);
  } finally {
    closeSync(both);
  }
}
