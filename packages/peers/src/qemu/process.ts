/** A QEMU under way: ended when it is closed, when time is over, and when this process ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Emulator } from './emulator.ts';
import { QemuError } from './qemu-error.ts';
import { Qmp } from './qmp.ts';

export interface QemuOptions {
  readonly args: readonly string[];
  /** Ends it. */
  readonly signal: AbortSignal;
  /** It is killed after so long; 0: never. In seconds. */
  readonly limitS: number;
  /** What it inherits as descriptors 4, 5 and so on. */
  readonly descriptors?: readonly Inherited[];
}

/**
 * A descriptor; or one end of a socket pair, whose other end is `extra`, or is handed over at once:
 * what QEMU asks while it makes its devices has to be answered before `start` resolves.
 */
export type Inherited = number | 'pipe' | ((socket: Duplex) => void);

/** The descriptor of QEMU's end of the QMP connection. */
const QMP = 3;
const STDERR_KEPT = 4000;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) {
    child.kill('SIGTERM');
  }
});

function stdioOf(inherited: Inherited): number | 'pipe' {
  return typeof inherited === 'number' ? inherited : 'pipe';
}

export class QemuProcess {
  readonly qmp: Qmp;
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;
  private readonly abort: () => void;
  private readonly signal: AbortSignal;
  private complaints = '';

  /** Resolves once QEMU has made its devices and answers. @throws QemuError with what it said. */
  static async start(emulator: Emulator, options: QemuOptions): Promise<QemuProcess> {
    const qemu = new QemuProcess(emulator, options);
    try {
      const ended = qemu.ended.then(() => {
        throw new QemuError('It ended at once.');
      });
      await Promise.race([qemu.qmp.connect(), ended]);
      return qemu;
    } catch (cause) {
      await qemu.close();
      options.signal.throwIfAborted();
      throw new QemuError(`QEMU did not start: ${qemu.said}`, { cause });
    }
  }

  private constructor({ command }: Emulator, options: QemuOptions) {
    options.signal.throwIfAborted();
    this.signal = options.signal;
    const all = [
      ...['-nodefaults', '-display', 'none'],
      ...['-chardev', `socket,id=qmp,fd=${QMP}`, '-qmp', 'chardev:qmp'],
      ...options.args,
    ];
    // timeout(1) ends QEMU when it hangs, and hands signals on: also the one that setpriv(1) has the
    // kernel send it when this process ends, however that was.
    const limit = ['--pdeathsig', 'TERM', 'timeout', '-k', '2', String(options.limitS), command];
    const inherited = options.descriptors ?? [];
    this.child = spawn('setpriv', [...limit, ...all], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...inherited.map(stdioOf)],
      detached: true, // Ctrl-C is for the process that the user sees; it ends this one.
    });
    running.add(this.child);
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        running.delete(this.child);
        resolve();
      };
      this.child.once('close', end);
      this.child.once('error', (error) => {
        this.complaints += error.message;
        end();
      });
    });
    this.child.stderr!.on('data', (text: Buffer) => {
      this.complaints = (this.complaints + text.toString()).slice(-STDERR_KEPT);
    });
    this.abort = () => this.child.kill('SIGTERM');
    options.signal.addEventListener('abort', this.abort);
    this.qmp = new Qmp(this.child.stdio[QMP] as Duplex);
    this.stdin.on('error', () => {}); // it ended; whoever waits for an answer hears of it
    inherited.forEach((each, index) => {
      if (typeof each === 'function') {
        each(this.extra(index));
      }
    });
  }

  /** What is written to it QEMU's `-serial stdio` reads. */
  get stdin(): Writable {
    return this.child.stdin!;
  }

  get stdout(): Readable {
    return this.child.stdout!;
  }

  /** Our end of the n-th of `descriptors`, which was 'pipe'. */
  extra(index: number): Duplex {
    return this.child.stdio[QMP + 1 + index] as Duplex;
  }

  /** What it complained of, last. */
  get said(): string {
    return this.complaints.trim() || 'it said nothing';
  }

  /** Resolves when it has ended, for whatever reason. */
  get exit(): Promise<void> {
    return this.ended;
  }

  /** Ends it. */
  async close(): Promise<void> {
    this.signal.removeEventListener('abort', this.abort);
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGTERM');
    }
    await this.ended;
    this.qmp.close();
  }
}
