/** What VFIO signals a user by, and a user VFIO: Linux's eventfd. */
export interface EventFd {
  /** write(2). */
  signal(): void;
  /** The kernel's end: `listener` is run at each signal; undefined for none any more. */
  listen(listener: (() => void) | undefined): void;
}

/** One that counts, for who polls it. */
export class EventCounter implements EventFd {
  private count = 0;
  private listener: (() => void) | undefined;
  private isSignalling = false;

  /** One that its own listener signals does not run it again, as in Linux (eventfd_signal_allowed). */
  signal(): void {
    this.count++;
    if (!this.isSignalling) {
      this.isSignalling = true;
      this.listener?.();
      this.isSignalling = false;
    }
  }

  listen(listener: (() => void) | undefined): void {
    this.listener = listener;
  }

  /** read(2): signals since the last time; 0 when there were none (Linux: EAGAIN). */
  take(): number {
    const taken = this.count;
    this.count = 0;
    return taken;
  }
}
