/** Gives way to whatever else runs on this thread, once the device has kept it busy for a while. */
import type { Clock } from '@doorbell/abi';

/** How long the device may keep the thread: its peers' messages, timers and signals wait as long. */
const SPAN_NS = 5e6;

export class Turns {
  private readonly clock: Clock;
  private readonly breathe: () => Promise<void>;
  private last: number;

  constructor(clock: Clock, breathe: () => Promise<void>) {
    this.clock = clock;
    this.breathe = breathe;
    this.last = clock.now();
  }

  /** The thread had its turn just now: whoever calls was waiting. */
  begin(): void {
    this.last = this.clock.now();
  }

  get isOver(): boolean {
    return this.clock.now() - this.last >= SPAN_NS;
  }

  /** Between two commands. */
  async give(): Promise<void> {
    await this.breathe();
    this.begin();
  }
}
