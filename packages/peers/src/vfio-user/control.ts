/** What the thread that serves a device and the thread that started it say to each other. */
import type { Picture } from '@doorbell/guest-driver';
import type { ModelChoice } from '../pci-device/model.ts';
import type { PeerRecord } from '../trace/peer-recorder.ts';

/** What the thread is started with. */
export interface ThreadData {
  /** Where it listens. */
  readonly path: string;
  readonly choice: ModelChoice;
  /** Whether memory of the device may be mapped into the guest. */
  readonly maps: boolean;
  /** Whether the accesses of its clients are recorded. */
  readonly records: boolean;
  /** An eventfd, signalled when a question was posted: the thread waits in poll(2). */
  readonly wake: number;
}

export type Question = 'picture' | 'config' | 'counts' | 'recorded' | 'close';

/** The answer to each question; they are answered in order. */
export interface Answers {
  readonly picture: Picture | undefined;
  /** The 256 bytes of the function's configuration space. */
  readonly config: Uint8Array;
  readonly counts: Readonly<Record<string, number>>;
  /** Undefined: nobody records. */
  readonly recorded: PeerRecord | undefined;
  readonly close: undefined;
}

export type FromThread =
  | { readonly kind: 'listening' }
  | { readonly kind: 'answer'; readonly answer: Answers[Question] }
  /** A connection is over, and why; undefined: the client closed it. */
  | { readonly kind: 'ended'; readonly violation: string | undefined };
