/** Two devices on one bus that are sent the same, byte for byte. */
import type { Memory } from '@doorbell/abi';
import type { Picture } from '@doorbell/guest-driver';
import { join } from 'node:path';
import type { Ledger } from '../differential/ledger.ts';
import type { Qmp } from '../qemu/qmp.ts';
import { answerText } from './answer-text.ts';
import { differingPixels, sameness } from '../picture-difference.ts';
import type { RawGpu } from './raw-gpu.ts';
import type { GpuRequest, Step } from './request.ts';

/** A device, and what QEMU calls its display. */
interface Shown {
  readonly gpu: RawGpu;
  readonly id: string;
}

export interface SideBySideParts {
  readonly ours: Shown;
  readonly theirs: Shown;
  readonly memory: Memory;
  readonly qmp: Qmp;
  readonly folder: string;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
  /** Resolves when QEMU has taken all that our device has flushed. */
  readonly taken: () => Promise<void>;
}

/** What takes longer is never answered. */
const PATIENCE_MS = 60_000;

export class SideBySide {
  /** Compared so far. */
  answers = 0;
  screens = 0;
  private readonly parts: SideBySideParts;
  /** What our display showed when it was last looked at. */
  private shown: Picture | undefined;

  constructor(parts: SideBySideParts) {
    this.parts = parts;
  }

  /** @param name  of the sequence: comes before the name of each step in what differs. */
  async play(name: string, steps: readonly Step[], patienceMs = PATIENCE_MS): Promise<void> {
    const { memory, signal } = this.parts;
    for (const step of steps) {
      signal.throwIfAborted();
      if (step.kind === 'request') {
        await this.exchange(name, [step.request], patienceMs);
      } else if (step.kind === 'batch') {
        await this.batch(name, step.requests, patienceMs);
      } else if (step.kind === 'memory') {
        memory.copyIn(step.address, step.bytes);
      } else {
        await this.look(`${name}: ${step.label}`);
      }
    }
  }

  /** A notification is of one queue: runs of requests to the same one go together. */
  private async batch(
    name: string,
    requests: readonly GpuRequest[],
    patienceMs: number,
  ): Promise<void> {
    for (let from = 0; from < requests.length;) {
      const { queue } = requests[from];
      const other = requests.findIndex((one, at) => at > from && one.queue !== queue);
      const to = other < 0 ? requests.length : other;
      await this.exchange(name, requests.slice(from, to), patienceMs);
      from = to;
    }
  }

  private async exchange(
    name: string,
    requests: readonly GpuRequest[],
    patienceMs: number,
  ): Promise<void> {
    const { ours, theirs, ledger } = this.parts;
    const [mine, others] = await Promise.all([
      ours.gpu.exchange(requests, patienceMs),
      theirs.gpu.exchange(requests, patienceMs),
    ]);
    requests.forEach(({ label, queue }, index) => {
      this.answers++;
      const [our, their] = [mine[index], others[index]];
      ledger.compare(`${name}: ${label}`, answerText(our, queue), answerText(their, queue));
    });
  }

  private async look(where: string): Promise<void> {
    const { ledger, qmp, folder, ours, theirs, taken } = this.parts;
    this.screens++;
    await taken();
    const expected = await qmp.screendump(theirs.id, join(folder, 'theirs.ppm'));
    const seen = await qmp.screendump(ours.id, join(folder, 'ours.ppm'));
    const { same, detail } = sameness(expected, seen);
    const isAsBefore = this.shown !== undefined && differingPixels(this.shown, seen) === 0;
    const otherwise = isAsBefore ? 'as before' : detail;
    ledger.compare(where, same ? 'the same' : otherwise, 'the same');
    this.shown = seen;
  }
}
