/** A check: one clause of a contract, and what tells whether a part keeps it. */
import type { RunRecording } from '@doorbell/lab';
import type { Bench } from './bench.ts';
import type { Pictures } from './mismatch.ts';

/** What is checked, without a part. */
export interface CheckInfo {
  /** Such as `gpu/fill/rectangle`: what is checked, from the contract to the case. */
  readonly id: string;
  /** Where the rule stands: `VIRTIO 1.3 §2.7.7.2`, `Gpu.write`. */
  readonly clause: string;
  /** What is asked, in a sentence. */
  readonly title: string;
}

export interface Check<P> extends CheckInfo {
  /** @throws Mismatch, Skip; whatever else it throws is the part's failure too. */
  readonly run: (part: P, bench: Bench) => void | Promise<void>;
}

/** What is said of a check that was run. */
export interface CheckVerdict extends CheckInfo {
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Of one that failed. */
  readonly expected: string | null;
  /** Of one that failed; of one that was skipped, why. */
  readonly seen: string | null;
  /** Why the machine was stuck, if it was: as `doorbell explain` says it. */
  readonly why: string | null;
  /** The event of the recording at which it was found; null where none was made. */
  readonly step: number | null;
}

/** With what shows it. */
export interface CheckResult extends CheckVerdict {
  readonly recording: RunRecording | undefined;
  readonly pictures: Pictures | undefined;
}
