/** How much a peer may send: a bucket that fills at a rate and holds what one second brings. */
export class Allowance {
  private readonly perSecond: number;
  private left: number;
  private since: number;

  /** @param now  in milliseconds, as all times here. */
  constructor(perSecond: number, now: number) {
    this.perSecond = perSecond;
    this.left = perSecond;
    this.since = now;
  }

  /** Takes what has been sent. Gives how long the peer has to pause then, in milliseconds. */
  take(amount: number, now: number): number {
    if (this.perSecond === Infinity) {
      return 0;
    }
    const filled = this.left + ((now - this.since) * this.perSecond) / 1000;
    this.left = Math.min(this.perSecond, filled) - amount;
    this.since = now;
    return this.left >= 0 ? 0 : (-this.left * 1000) / this.perSecond;
  }
}
