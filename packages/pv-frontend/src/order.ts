/**
 * The order of things: every call of the Gpu API becomes an operation, and operations take effect
 * in the order in which they were called, awaited or not. With a journal they can be done again.
 */
import { GpuError } from '@doorbell/abi';
import type { Command, CommandQueue, Made } from './command-queue.ts';
import type { Journal } from './journal.ts';
import { Operation, type Step, type Work } from './operation.ts';

/** For what needs no command: it is over when its turn comes. */
const NOTHING: readonly Step[] = [{ make: () => 'nothing' }];

export class Order {
  /** The queue of the device that is in use. */
  queue: CommandQueue;
  readonly journal: Journal | undefined;
  /** What is not over, oldest first. */
  private readonly open = new Set<Operation>();
  /** Operations that have ended. */
  finished = 0;
  /** Set once, when the device is gone for good. */
  private loss: GpuError | undefined;

  constructor(queue: CommandQueue, journal: Journal | undefined) {
    this.queue = queue;
    this.journal = journal;
  }

  get idle(): boolean {
    return this.open.size === 0;
  }

  add(work: Work): Operation {
    const operation = new Operation(work);
    if (this.loss !== undefined) {
      operation.end(this.loss);
      return operation;
    }
    this.open.add(operation);
    this.journal?.add(operation);
    this.perform(operation);
    const checkpoint = this.journal?.checkpointDue();
    if (checkpoint !== undefined) {
      this.add(checkpoint);
    }
    return operation;
  }

  /** After the device was lost: what it held, and what it did not finish, on another one. */
  replay(queue: CommandQueue): void {
    this.queue = queue;
    for (const operation of this.journal?.operations() ?? []) {
      this.perform(operation);
    }
  }

  /** Everything ends with `error`, and so does everything later. */
  lose(error: GpuError): void {
    this.loss = error;
    for (const operation of this.open) {
      this.open.delete(operation);
      operation.end(error);
    }
  }

  private perform(operation: Operation): void {
    const made = operation.work.steps();
    const steps = made.length > 0 ? made : NOTHING;
    operation.toBegin = steps.length;
    operation.left = steps.length;
    operation.failed = undefined;
    for (const step of steps) {
      this.queue.enqueue(this.command(operation, step));
    }
  }

  private command(operation: Operation, step: Step): Command {
    return {
      make: () => (operation.failed === undefined ? turn(operation, step) : 'nothing'),
      begun: () => {
        operation.begun ||= --operation.toBegin === 0;
      },
      done: (response, error) => {
        operation.failed ??= error;
        step.done?.(response);
        if (--operation.left === 0) {
          this.finish(operation);
        }
      },
    };
  }

  private finish(operation: Operation): void {
    if (this.open.delete(operation)) {
      this.finished++;
    }
    operation.end(operation.failed);
    this.journal?.commit();
  }
}

/** @throws GpuError that the operation ends with. */
function turn(operation: Operation, step: Step): Made {
  try {
    return step.make();
  } catch (error) {
    operation.refused ??= error instanceof GpuError ? error : undefined;
    throw error;
  }
}
