/** Runs two threads on plain memory in one order of many: each goes on until it sleeps. */
import type { Program, Step } from './step.ts';

/** @param cells  the memory from `base`, by 2 bytes. @throws Error when both sleep. */
export function runInTurns(programs: readonly Program[], cells: Uint16Array, base: number): void {
  const next: Progress[] = programs.map((program) => ({ program, step: undefined, value: 0 }));
  let moved = true;
  while (moved) {
    moved = false;
    for (const progress of next) {
      moved = advance(progress, cells, base) || moved;
    }
  }
  if (next.some(({ step }) => step !== undefined)) {
    throw new Error('Both threads sleep, even when they run in turns.');
  }
}

interface Progress {
  readonly program: Program;
  /** What it sleeps in; undefined before the first step and after the last. */
  step: Step | undefined;
  value: number;
}

/** Whether the thread could do anything. */
function advance(progress: Progress, cells: Uint16Array, base: number): boolean {
  let moved = false;
  for (;;) {
    const { step } = progress;
    if (step?.kind === 'wait') {
      if (cells[(step.address - base) / 2] === 0) {
        return moved;
      }
      cells[(step.address - base) / 2] = 0;
    } else if (step !== undefined) {
      progress.value = access(step, cells, base);
    }
    const { done, value } = progress.program.next(progress.value);
    progress.step = done === true || typeof value === 'string' ? undefined : toStep(value);
    if (done === true) {
      return moved;
    }
    moved = true;
  }
}

function toStep(yielded: Exclude<ReturnType<Program['next']>['value'], string>): Step | undefined {
  return yielded.kind === 'checkpoint' ? undefined : yielded;
}

function access(step: Exclude<Step, { kind: 'wait' }>, cells: Uint16Array, base: number): number {
  if (step.kind === 'fence') {
    return 0;
  }
  const at = (step.address - base) / 2;
  if (step.kind === 'load') {
    return cells[at] + (step.width === 4 ? 0x10000 * cells[at + 1] : 0);
  }
  cells[at] = step.value & 0xffff;
  if (step.width === 4) {
    cells[at + 1] = step.value >>> 16;
  }
  return 0;
}
