/**
 * Tells a click from a double click: a click counts once no other has followed it for a while, so that
 * a double click does not do first what a click does.
 */

/** Milliseconds. */
const FOLLOWS = 250;
/** Pixels: two clicks that are further apart are two. */
const APART = 6;

interface Heard<T> {
  onClick(what: T): void;
  onDouble(): void;
}

interface Waiting {
  readonly x: number;
  readonly y: number;
  /** Does what the click does. */
  readonly act: () => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class Clicks<T> {
  private readonly heard: Heard<T>;
  private waiting: Waiting | undefined;

  constructor(heard: Heard<T>) {
    this.heard = heard;
  }

  /** @param what  lies there. */
  click(what: T, x: number, y: number): void {
    const { waiting } = this;
    this.drop();
    if (waiting !== undefined && Math.hypot(waiting.x - x, waiting.y - y) <= APART) {
      this.heard.onDouble();
      return;
    }
    waiting?.act();
    const act = (): void => this.heard.onClick(what);
    const timer = setTimeout(() => {
      this.waiting = undefined;
      act();
    }, FOLLOWS);
    this.waiting = { x, y, act, timer };
  }

  /** A click that waits is none any more. */
  drop(): void {
    clearTimeout(this.waiting?.timer);
    this.waiting = undefined;
  }
}
