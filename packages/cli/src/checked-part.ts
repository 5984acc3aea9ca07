/** A part that is checked, with progress on stderr. */
import type { Checker, CheckedPart, CheckReport, CheckRequest } from '@doorbell/coursework/node';
import { Interrupted } from './failure.ts';
import { progressOn, type ProgressDisplay } from './progress.ts';
import { terminalOf } from './terminal.ts';

export interface CheckedReports {
  /** Undefined: nothing was checked. */
  readonly part: CheckedPart | undefined;
  readonly reports: readonly CheckReport[];
}

/** @throws InputError as `Checker.check` does; Interrupted */
export async function checkWithProgress(
  checker: Checker,
  request: Omit<CheckRequest, 'onPart' | 'onBegun'>,
  signal: AbortSignal,
): Promise<CheckedReports> {
  const stderr = terminalOf(process.stderr);
  let part: CheckedPart | undefined;
  let begun = 0;
  let progress: ProgressDisplay | undefined;
  const showProgress = ({ checks }: CheckedPart): void => {
    const job = { total: checks.length, noun: 'checks' };
    progress = stderr.isTerminal ? progressOn(process.stderr, stderr, job) : undefined;
  };
  const heard: CheckRequest = {
    ...request,
    onPart: (found) => {
      part = found;
      showProgress(found);
    },
    onBegun: ({ id }) => {
      progress?.update(id, begun++);
    },
    onDone: (report) => {
      if (request.onDone !== undefined && part !== undefined) {
        // What is said meanwhile stands above the bar.
        progress?.stop();
        request.onDone(report);
        showProgress(part);
      }
    },
  };
  const reports = await checker.check(heard, signal).finally(() => progress?.stop());
  if (signal.aborted) {
    throw new Interrupted();
  }
  return { part, reports };
}
