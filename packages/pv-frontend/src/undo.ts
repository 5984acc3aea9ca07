/**
 * What was taken, and how to give it back. Each acquire pushes its undo at once, so that a probe
 * which fails half way and a remove both end with nothing held.
 */
export class Undo {
  private readonly steps: (() => void | Promise<void>)[] = [];

  push(step: () => void | Promise<void>): void {
    this.steps.push(step);
  }

  /** Runs the steps, the last one first. One that fails does not keep the others from running. */
  async run(): Promise<void> {
    const step = this.steps.pop();
    if (step !== undefined) {
      try {
        await step();
      } finally {
        await this.run();
      }
    }
  }
}
