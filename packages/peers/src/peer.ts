/** What a peer is: somebody else's half, and a run in which ours meets it. */
import type { Duplex } from 'node:stream';
import type { Picture } from '@doorbell/guest-driver';
import type { PeerRecorder } from './trace/peer-recorder.ts';
import type { GpuBackend } from './vhost-user/connection.ts';

/** What a peer needs of the machine. */
export type Need = 'qemu' | 'qemu-7.2' | 'linux' | 'koffi';

export interface Peer {
  readonly name: string;
  /** One sentence: which half is ours, which is theirs. */
  readonly summary: string;
  readonly needs: readonly Need[];
  /** No Linux: it is over within seconds. */
  readonly isQuick: boolean;
  /** A device of ours is driven from there, and `run.recorder` records how. */
  readonly records?: true;
  /** In milliseconds; what takes longer has failed. */
  readonly limitMs: number;
  /**
   * Meets the other half. What differs is a failed check; what cannot go on is thrown. Everything
   * that it started has ended when it settles, also after `run.signal`.
   */
  readonly meet: (run: PeerRun) => Promise<void>;
}

/** What a run is handed, and whom it tells. */
export interface PeerRun {
  /** The user gave up, or the time is over. */
  readonly signal: AbortSignal;
  /** For sockets and files: it is empty at first, and removed at the end. */
  readonly folder: string;
  /** What is under way now. */
  step(what: string): void;
  /** `detail`: what was expected and seen, or how much was compared. */
  check(name: string, passed: boolean, detail: string): void;
  /** A line of the guest's console. */
  console(line: string): void;
  /** Something to look at. */
  picture(name: string, picture: Picture): void;
  /** What was counted. */
  counts(title: string, counts: Readonly<Record<string, number>>): void;
  /** A scene's frames, drawn in software by the lab. */
  frames(scene: 'image' | 'bunny', width: number, height: number): Promise<readonly Picture[]>;
  /**
   * The paravirtual backend of `doorbell serve`, with a screen of this size: the lab's
   * `remoteBackend` with the renderer `software`, which whoever starts a run hands in. It draws
   * nothing outside of this process, and is closed by who asked for it.
   */
  openBackend(width: number, height: number): Promise<GpuBackend>;
  /** The user wants a record of what the other half does with a device of ours. Absent: nobody does. */
  readonly recorder?: PeerRecorder | undefined;
  /** The user wants the guest's console; resolves when it was left. Absent: nobody does. */
  readonly keep?: (console: Duplex) => Promise<void>;
}
