/** One peer's run: what surrounds it, and what came of it. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Picture } from '@doorbell/guest-driver';
import { getCommand, missing, type NeedStatus } from './needs.ts';
import type { Peer, PeerRun } from './peer.ts';
import { PeerUnavailable } from './peer-unavailable.ts';
import type { GpuBackend } from './vhost-user/connection.ts';
import { overdue, TimeLimit } from './time-limit.ts';

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

export interface NamedPicture {
  readonly name: string;
  readonly picture: Picture;
}

export interface TitledCounts {
  readonly title: string;
  readonly counts: Readonly<Record<string, number>>;
}

/** What is said of a meeting. */
export interface PeerVerdict {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'missing';
  /** Empty when it passed. */
  readonly why: string;
  /** The command that gets what is missing; empty where there is none, or no need. */
  readonly get: string;
  readonly checks: readonly Check[];
  readonly counts: readonly TitledCounts[];
  readonly wallMs: number;
}

/** With what was shown. */
export interface PeerResult extends PeerVerdict {
  readonly pictures: readonly NamedPicture[];
  /** What ended it. */
  readonly error?: unknown;
}

/** Who is told at once of what a run tells. */
export type PeerListener = Partial<
  Pick<PeerRun, 'step' | 'check' | 'console' | 'picture' | 'counts'>
>;

export interface RunPeerOptions extends Pick<PeerRun, 'frames' | 'keep' | 'recorder'> {
  /** See `PeerRun`. `onError`: it has a bug, and cannot go on. */
  readonly openBackend: (
    size: { readonly width: number; readonly height: number },
    onError: (error: unknown) => void,
  ) => Promise<GpuBackend>;
  /** The user gives up. */
  readonly signal?: AbortSignal;
  /** What a peer is granted to end after its signal, in milliseconds. */
  readonly graceMs?: number;
}

/** Longer than QEMU takes to be killed by its timeout(1). */
const GRACE_MS = 10_000;

/** Never leaves its folder. @throws `options.signal`'s reason, once the peer has ended. */
export async function runPeer(
  peer: Peer,
  listener: PeerListener,
  options: RunPeerOptions,
): Promise<PeerResult> {
  options.signal?.throwIfAborted();
  const lacking = missing(peer.needs);
  return lacking.length > 0
    ? missingResult(peer, lacking)
    : await new RunningPeer(peer, listener, options).result();
}

/** What a run has told so far. */
interface Findings {
  readonly checks: Check[];
  readonly pictures: NamedPicture[];
  readonly counts: TitledCounts[];
  step: string;
}

class RunningPeer {
  private readonly peer: Peer;
  private readonly listener: PeerListener;
  private readonly options: RunPeerOptions;
  private readonly begun = performance.now();
  private readonly findings: Findings = { checks: [], pictures: [], counts: [], step: '' };
  private readonly limit: TimeLimit;
  /** What is ours has failed, and cannot say so to the peer. */
  private readonly broken = new AbortController();

  constructor(peer: Peer, listener: PeerListener, options: RunPeerOptions) {
    this.peer = peer;
    this.listener = listener;
    this.options = options;
    this.limit = new TimeLimit(peer.limitMs);
  }

  async result(): Promise<PeerResult> {
    const { peer, limit, options } = this;
    const error = await inFolder((folder) => this.meet(folder));
    options.signal?.throwIfAborted();
    const { step, ...found } = this.findings;
    const wallMs = performance.now() - this.begun;
    const ended = { name: peer.name, ...found, wallMs, ...(error === undefined ? {} : { error }) };
    if (error instanceof PeerUnavailable) {
      return { ...ended, status: 'missing', why: error.message, get: '' };
    }
    const why = limit.isOver
      ? `It took longer than ${peer.limitMs / 1000} s${during(step)}.`
      : error === undefined
        ? failedChecks(found.checks)
        : `${messageOf(error)}${during(step)}`;
    return { ...ended, status: why === '' ? 'passed' : 'failed', why, get: '' };
  }

  /** Gives what was thrown, if anything. */
  private async meet(folder: string): Promise<unknown> {
    const { peer, limit, broken, options } = this;
    const given = options.signal === undefined ? [] : [options.signal];
    const signal = AbortSignal.any([limit.signal, broken.signal, ...given]);
    limit.start();
    try {
      await Promise.race([
        peer.meet(this.surroundings(folder, signal)),
        overdue(signal, options.graceMs ?? GRACE_MS),
      ]);
      return broken.signal.reason as unknown;
    } catch (error) {
      return broken.signal.reason ?? error ?? new Error('It threw nothing that says why.');
    } finally {
      limit.stop();
    }
  }

  private surroundings(folder: string, signal: AbortSignal): PeerRun {
    const { listener, findings, limit } = this;
    const { frames, keep, openBackend, recorder } = this.options;
    return {
      folder,
      signal,
      frames,
      recorder,
      openBackend: (width, height) =>
        openBackend({ width, height }, (error) => {
          this.broken.abort(error);
        }),
      step: (what) => {
        findings.step = what;
        listener.step?.(what);
      },
      check: (name, passed, detail) => {
        findings.checks.push({ name, passed, detail });
        listener.check?.(name, passed, detail);
      },
      console: (line) => listener.console?.(line),
      picture: (name, picture) => {
        findings.pictures.push({ name, picture });
        listener.picture?.(name, picture);
      },
      counts: (title, counts) => {
        findings.counts.push({ title, counts });
        listener.counts?.(title, counts);
      },
      ...(keep === undefined ? {} : { keep: (console) => limit.pause(() => keep(console)) }),
    };
  }
}

/** A folder that is removed at the end, also when this process ends first. */
async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'doorbell-'));
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', remove);
  try {
    return await use(folder);
  } finally {
    process.off('exit', remove);
    await rm(folder, { recursive: true, force: true });
  }
}

function missingResult({ name }: Peer, lacking: readonly NeedStatus[]): PeerResult {
  const nothing = { checks: [], pictures: [], counts: [], wallMs: 0 };
  return {
    name,
    status: 'missing',
    why: lacking.map(({ need, why }) => `${need}: ${why}`).join('; '),
    get: getCommand(lacking),
    ...nothing,
  };
}

/** Empty when all passed. */
function failedChecks(checks: readonly Check[]): string {
  if (checks.length === 0) {
    return 'It checked nothing.';
  }
  const failed = checks.filter(({ passed }) => !passed);
  return failed.length === 0
    ? ''
    : `${failed.length} of ${checks.length} checks failed, first: ${failed[0].name}.`;
}

function during(step: string): string {
  return step === '' ? '' : ` (during: ${step})`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
