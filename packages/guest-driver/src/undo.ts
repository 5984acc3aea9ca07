/**
 * What was taken, and how to give it back. Each acquire pushes its undo at once, so that a probe
 * which fails half way and a remove both end with nothing held.
 */
export class Undo {
  private readonly steps: (() => void)[] = [];

  push(step: () => void): void {
    this.steps.push(step);
  }

  /** Runs the steps, the last one first. One that throws does not keep the others from running. */
  run(): void {
    const step = this.steps.pop();
    if (step !== undefined) {
      try {
        step();
      } finally {
        this.run();
      }
    }
  }
}
