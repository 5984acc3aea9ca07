/** Eventfds, and which descriptors are ready (eventfd(2), poll(2)). */
import type { CLibrary, Watch } from './c-library.ts';

const EFD_CLOEXEC = 0x80000;
const EFD_NONBLOCK = 0x800;
const EVENT_BYTES = 8;

/** `struct pollfd`: a descriptor, and twice 16 bits of events. */
const POLLFD_WORDS = 2;
const POLLIN = 1;
const POLLOUT = 4;

const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0x800;

export class Descriptors {
  private readonly c: CLibrary;
  private readonly one = Buffer.from(new BigUint64Array([1n]).buffer);
  private readonly count = Buffer.alloc(EVENT_BYTES);
  private fds = new Int32Array(POLLFD_WORDS * 8);

  constructor(c: CLibrary) {
    this.c = c;
  }

  eventfd(): number {
    return this.c.call('eventfd', 0, EFD_CLOEXEC | EFD_NONBLOCK);
  }

  signal(eventfd: number): void {
    if (!this.awaitRoom(eventfd, 0)) {
      return; // as below; and whoever shares it may have made it block
    }
    try {
      this.c.call('write', eventfd, this.one, EVENT_BYTES);
    } catch (error) {
      // Nobody has drained it for 2^64 - 2 signals: it is set, which is all that is wanted.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') {
        throw error;
      }
    }
  }

  drain(eventfd: number): boolean {
    if (this.poll([eventfd], 0).length === 0) {
      return false; // as below
    }
    try {
      return this.c.call('read', eventfd, this.count, EVENT_BYTES) > 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
        return false;
      }
      throw error;
    }
  }

  poll(descriptors: readonly number[], timeoutMs: number): readonly number[] {
    if (this.fds.length < descriptors.length * POLLFD_WORDS) {
      this.fds = new Int32Array(descriptors.length * POLLFD_WORDS);
    }
    const { fds } = this;
    descriptors.forEach((descriptor, index) => {
      fds[index * POLLFD_WORDS] = descriptor;
      fds[index * POLLFD_WORDS + 1] = POLLIN;
    });
    if (this.c.call('poll', fds, descriptors.length, timeoutMs) === 0) {
      return [];
    }
    // In the upper half is what happened: there is something, or there will never be anything.
    return descriptors.filter((_, index) => fds[index * POLLFD_WORDS + 1] >>> 16 !== 0);
  }

  awaitRoom(socket: number, timeoutMs: number): boolean {
    this.fds[0] = socket;
    this.fds[1] = POLLOUT;
    return this.c.call('poll', this.fds, 1, timeoutMs) > 0;
  }

  setNonBlocking(descriptor: number): void {
    const flags = this.c.call('fcntl', descriptor, F_GETFL, 0);
    this.c.call('fcntl', descriptor, F_SETFL, flags | O_NONBLOCK);
  }

  /** By this thread's event loop, so that no other thread has to be woken. */
  pollLater(descriptors: readonly number[], timeoutMs: number): Promise<readonly number[]> {
    const ready = this.poll(descriptors, 0);
    if (ready.length > 0 || timeoutMs === 0) {
      return Promise.resolve(ready);
    }
    return new Promise((resolve) => {
      const watches: Watch[] = [];
      const settle = (): void => {
        clearTimeout(timer);
        for (const watch of watches.splice(0)) {
          watch.close();
        }
        resolve(this.poll(descriptors, 0));
      };
      const timer = timeoutMs < 0 ? undefined : setTimeout(settle, timeoutMs);
      for (const descriptor of new Set(descriptors)) {
        watches.push(this.c.watch(descriptor, 'readable', settle));
      }
    });
  }
}
