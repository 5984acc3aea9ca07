/** Checks a part in a thread of its own, which is ended when the part never comes back. */
import { Worker } from 'node:worker_threads';
import { InputError } from '@doorbell/lab';
import type { CheckInfo, CheckVerdict } from '../check/check.ts';
import type { Mutant } from '../mutants/mutant.ts';
import type { PartKind } from '../part.ts';

/** A result as it is told: with files in the place of what was recorded and drawn. */
export interface CheckReport extends CheckVerdict {
  /** The trace that opens at `step`: `doorbell step FILE`. */
  readonly trace: string | null;
  /** A PNG of what differs; beside it, what was expected and what was seen. */
  readonly picture: string | null;
}

export interface CheckedPart {
  readonly name: string;
  readonly part: PartKind;
  readonly checks: readonly CheckInfo[];
}

/** A folder or file; a kind, of which the project's own part is meant; or that one with a bug in it. */
export type CheckTarget = string | Mutant;

/** To the thread: which part, and then which of its checks. */
export type CheckerOrder =
  | { readonly kind: 'load'; readonly target: CheckTarget }
  | { readonly kind: 'run'; readonly ids: readonly string[]; readonly out: string };

/** From the thread. */
export type CheckerMessage =
  /** It has loaded what checks need. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'part'; readonly part: CheckedPart }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'begun'; readonly id: string }
  | { readonly kind: 'done'; readonly report: CheckReport }
  | { readonly kind: 'over' };

export interface CheckRequest {
  readonly target: CheckTarget;
  /** What kind of part it has to be. */
  readonly kind?: PartKind;
  /** Where traces and pictures of what failed go. */
  readonly out: string;
  /** Of the kind's checks, those that are run, in the order in which they are. */
  readonly choose: (checks: readonly CheckInfo[]) => readonly CheckInfo[];
  readonly onPart?: (part: CheckedPart) => void;
  /** Before a check begins. */
  readonly onBegun?: (check: CheckInfo) => void;
  /** When it is over. */
  readonly onDone?: (report: CheckReport) => void;
}

const program = new URL('./checker-program.mjs', import.meta.url);

/** One thread, and one request at a time. */
export class Checker {
  private readonly patienceMs: number;
  private worker: Worker | undefined;
  private isReady = false;
  private hear: (message: CheckerMessage) => void = () => {};
  private onEnd: (why: string) => void = () => {};

  /** @param patienceMs  how long one check may take, or the part to be loaded. */
  constructor(patienceMs: number) {
    this.patienceMs = patienceMs;
  }

  /** Starts the thread, if there is none: it has then loaded what checks need when one is wanted. */
  warm(): Worker {
    if (this.worker !== undefined) {
      return this.worker;
    }
    const worker = new Worker(program);
    let why = 'the end of its thread';
    this.isReady = false;
    worker.on('message', (message: CheckerMessage) => {
      if (this.worker === worker) {
        this.isReady = true;
        this.hear(message);
      }
    });
    worker.on('error', (error) => {
      why = `${error.name}: ${error.message}`;
    });
    worker.on('exit', () => {
      if (this.worker === worker) {
        this.worker = undefined;
        this.onEnd(why);
      }
    });
    return (this.worker = worker);
  }

  /** Ends the thread; a request that is under way ends with what it has. */
  close(): void {
    const { worker } = this;
    this.worker = undefined;
    void worker?.terminate();
    this.onEnd('it was ended');
  }

  /** @throws InputError when the target is no part, or of another kind, or no check is wanted. */
  async check(request: CheckRequest, signal: AbortSignal): Promise<readonly CheckReport[]> {
    const part = await this.load(request.target);
    if (request.kind !== undefined && part.part !== request.kind) {
      throw new InputError(`${part.name} is of the kind ${part.part}; ${request.kind} is wanted.`);
    }
    const chosen = request.choose(part.checks);
    if (chosen.length === 0) {
      throw new InputError(
        `None of the ${part.checks.length} checks of a ${part.part} is wanted: doorbell check ${part.part} --list names them.`,
      );
    }
    request.onPart?.({ ...part, checks: chosen });
    const reports: CheckReport[] = [];
    const abort = (): void => {
      this.close();
    };
    signal.addEventListener('abort', abort);
    try {
      while (reports.length < chosen.length && !signal.aborted) {
        if (reports.length > 0) {
          // The thread was ended: another one goes on.
          await this.load(request.target);
        }
        await this.run(request, chosen.slice(reports.length), reports);
      }
    } finally {
      signal.removeEventListener('abort', abort);
    }
    return reports;
  }

  private load(target: CheckTarget): Promise<CheckedPart> {
    const worker = this.warm();
    const name = typeof target === 'string' ? target : target.id;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const order = (): void => {
        timer = this.patience(() => {
          reject(new InputError(`'${name}' does not come back from being loaded.`));
        });
        worker.postMessage({ kind: 'load', target } satisfies CheckerOrder);
      };
      this.hear = (message) => {
        clearTimeout(timer);
        if (message.kind === 'ready') {
          order();
        } else if (message.kind === 'part') {
          resolve(message.part);
        } else if (message.kind === 'refused') {
          reject(new InputError(message.message));
        }
      };
      this.onEnd = (why) => {
        clearTimeout(timer);
        reject(new InputError(`'${name}' ended before it said what it is: ${why}.`));
      };
      if (this.isReady) {
        order();
      }
    });
  }

  /** Until these are over, or one of them has ended the thread. */
  private run(
    { out, onBegun, onDone }: CheckRequest,
    left: readonly CheckInfo[],
    reports: CheckReport[],
  ): Promise<void> {
    const worker = this.warm();
    return new Promise((resolve) => {
      let running: CheckInfo | undefined;
      let timer: NodeJS.Timeout | undefined;
      const note = (report: CheckReport): void => {
        reports.push(report);
        running = undefined;
        onDone?.(report);
      };
      const end = (seen: string): void => {
        clearTimeout(timer);
        if (running !== undefined) {
          const none = { why: null, step: null, trace: null, picture: null };
          note({ ...running, status: 'failed', expected: running.title, seen, ...none });
        }
        resolve();
      };
      this.onEnd = end;
      this.hear = (message) => {
        clearTimeout(timer);
        if (message.kind === 'begun') {
          running = left.find(({ id }) => id === message.id);
          if (running !== undefined) {
            onBegun?.(running);
          }
          timer = this.patience(() => {
            end(`nothing for ${this.patienceMs / 1000} s: it does not come back`);
          });
        } else if (message.kind === 'done') {
          note(message.report);
        } else if (message.kind === 'over') {
          resolve();
        }
      };
      const ids = left.map(({ id }) => id);
      worker.postMessage({ kind: 'run', ids, out } satisfies CheckerOrder);
    });
  }

  /** Ends the thread if nothing is heard of it. */
  private patience(then: () => void): NodeJS.Timeout {
    // A timer cannot wait for ever: 24 days will do.
    return setTimeout(
      () => {
        then();
        this.close();
      },
      Math.min(this.patienceMs, 2 ** 31 - 1),
    );
  }
}
