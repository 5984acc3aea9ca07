/**
 * The order of things: every call of the Gpu API becomes an operation, and operations take effect
 * in the order in which they were called, awaited or not. With a journal they can be done again.
 */
import type { GpuError } from '@doorbell/abi';
import type { Command, CommandQueue } from './command-queue.ts';
import type { Journal } from './journal.ts';
import { Operation, type Step, type Work } from './operation.ts';

/** For what needs no command: it is over when its turn comes. */
const NOTHING: readonly Step[] = [{ make: () => 'nothing' }];

export class Order {
  /** The queue of the device that is in use. */
  queue: CommandQueue;
  readonly journal: Journal | undefined;
  private readonly onUnrepeatable: (error: GpuError) => void;
  /** What is not over, oldest first. */
  private readonly open = new Set<Operation>();
  /** Operations that have ended. */
  finished = 0;
  /** Set once, when the device is gone for good. */
  private loss: GpuError | undefined;

  /** @param onUnrepeatable  what was done once failed when it was done again. */
  constructor(
    queue: CommandQueue,
    journal: Journal | undefined,
    onUnrepeatable: (error: GpuError) => void,
  ) {
    this.queue = queue;
    this.journal = journal;
    this.onUnrepeatable = onUnrepeatable;
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
      make: () => (operation.failed === undefined ? step.make() : 'nothing'),
      begun: () => {
        operation.begun ||= --operation.toBegin === 0;
      },
      refused: (error) => {
        operation.refused ??= error;
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
    if (operation.failed !== undefined && operation.wasDone) {
      this.onUnrepeatable(operation.failed);
    }
    operation.end(operation.failed);
    this.journal?.commit();
  }
}
