/** What the driver's queues did. The hypervisor counts what it costs. */
import type { CommandQueue } from './command-queue.ts';
import type { Session } from './probe.ts';

export interface FrontendCounts {
  /** Notifications that the driver sent, and those that the device did not want. */
  readonly kicks: number;
  readonly suppressedKicks: number;
  /** Descriptors that were made available. */
  readonly descriptors: number;
  /** Commands that have ended. */
  readonly commands: number;
}

export const noCounts: FrontendCounts = {
  kicks: 0,
  suppressedKicks: 0,
  descriptors: 0,
  commands: 0,
};

export function countsOf({ control, cursor }: Session): FrontendCounts {
  return addCounts(countsOfQueue(control), countsOfQueue(cursor));
}

function countsOfQueue({ kicks, ended, ring }: CommandQueue): FrontendCounts {
  const { suppressed, descriptors } = ring;
  return { kicks, suppressedKicks: suppressed, descriptors, commands: ended };
}

export function addCounts(a: FrontendCounts, b: FrontendCounts): FrontendCounts {
  return {
    kicks: a.kicks + b.kicks,
    suppressedKicks: a.suppressedKicks + b.suppressedKicks,
    descriptors: a.descriptors + b.descriptors,
    commands: a.commands + b.commands,
  };
}
