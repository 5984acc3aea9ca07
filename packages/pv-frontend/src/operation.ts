/** A call of the Gpu API on its way: one or several commands, in order. */
import type { GpuError } from '@doorbell/abi';
import type { Made } from './command-queue.ts';
import type { Request } from './requests.ts';
import type { Resource } from './resource.ts';

/** A command of an operation. `done` runs when it is over: without a response after an error. */
export interface Step {
  make(): Made;
  done?(response: Uint8Array | undefined): void;
}

/** A step that is a command, and no more. */
export function step(make: () => Request): Step {
  return { make };
}

/** What an operation does, and what must be known of it to do it again on another device. */
export interface Work {
  /** Its commands, made anew each time that it is done. */
  steps(): readonly Step[];
  /** Runs once, when it is over. With an error: it was lost. */
  ended?(error: GpuError | undefined): void;
  /** A context or resource that is there from then on, or no more. */
  readonly brings?: object;
  readonly takes?: object;
  /** What it writes to a resource. The bytes are the work's own when it may be done again. */
  readonly writes?: {
    readonly resource: Resource;
    readonly offset: number;
    readonly bytes: Uint8Array;
  };
  /** A stream's bytes, and the resources that it writes. */
  readonly stream?: { readonly bytes: number; readonly written: ReadonlySet<Resource> };
  /** Whether it is done again although it was over: what nothing depends on is not. */
  readonly again: boolean;
}

export class Operation {
  readonly work: Work;
  /** The device was given all of it, once. */
  begun = false;
  /** It ended, once: with this error or without. */
  over = false;
  error: GpuError | undefined;
  /** The error, when it was found before the device was given anything. */
  refused: GpuError | undefined;
  /** Of the time that it is being done: steps that have not begun, and that are not over. */
  toBegin = 0;
  left = 0;
  failed: GpuError | undefined;

  constructor(work: Work) {
    this.work = work;
  }

  /** It is there: from now on it is only ever done again. */
  get wasDone(): boolean {
    return this.over && this.error === undefined;
  }

  /** The end, of the first time that it is done: a repetition ends nothing. */
  end(error: GpuError | undefined): void {
    this.begun = true;
    if (!this.over) {
      this.over = true;
      this.error = error;
      this.work.ended?.(error);
    }
  }
}
