/**
 * Notices a driver that polls what nothing can change any more: the same address gives the same
 * value again and again, nobody writes, no device does anything, and nothing is left that could.
 * It only counts, so that a run that is well pays nothing that matters.
 */

/** What else goes on in the machine. */
export interface Surroundings {
  /** A number for "now": what is armed later has a larger one. */
  mark(): number;
  /** Whether something that was armed by then is still to come. */
  isLeft(mark: number): boolean;
  /** Events that were no time limit of a wait, so far. */
  deviceEvents(): number;
  /** Whether a task runs: what reads outside of one, such as a benchmark, waits for nothing. */
  runsTask(): boolean;
  /** Hears of a poll that is endless, before it is ended. */
  found(poll: EndlessPoll): void;
}

/** A driver polls what nothing will change. */
export class EndlessPoll extends Error {
  override readonly name = 'EndlessPoll';
  /** Where it reads, and what it finds there. An offset, when it is configuration space. */
  readonly address: number;
  readonly value: number;

  constructor(address: number, value: number) {
    super(
      `The driver polls 0x${address.toString(16)}, which reads 0x${value.toString(16)}, and nothing is left that could change it.`,
    );
    this.address = address;
    this.value = value;
  }
}

/** The same value so often: then one looks whether anything is left. virtio's reset takes half of it. */
const MOST_REPEATS = 200_000;
/** Devices that do something all the time, but nothing that the driver sees, are given so many looks. */
const MOST_LOOKS = 32;

export class PollWatch {
  private readonly surroundings: Surroundings;
  /** Reads since something changed. */
  private reads = 0;
  /** One of them, and how often it was seen again. */
  private address = -1;
  private value = 0;
  private repeats = 0;
  /** When the count began. */
  private mark = 0;
  private deviceEvents = 0;
  private looks = 0;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
  }

  /** A load, or a read of a register, gave this. @throws EndlessPoll */
  read(address: number, value: number): void {
    this.reads++;
    if ((this.reads & (this.reads - 1)) === 0) {
      // At powers of two, so that whatever is read again and again is found, however long the circle.
      this.begin(address, value);
    } else if (address === this.address) {
      if (value !== this.value) {
        this.changed();
      } else if (++this.repeats >= MOST_REPEATS) {
        this.look();
      }
    }
  }

  /** Something was written, or a handler ran. */
  changed(): void {
    this.reads = 0;
    this.looks = 0;
  }

  private begin(address: number, value: number): void {
    this.address = address;
    this.value = value;
    this.repeats = 0;
    if (this.reads === 1) {
      this.mark = this.surroundings.mark();
      this.deviceEvents = this.surroundings.deviceEvents();
    }
  }

  private look(): void {
    const { surroundings } = this;
    const isBusy = surroundings.deviceEvents() !== this.deviceEvents && ++this.looks < MOST_LOOKS;
    if (isBusy || !surroundings.runsTask() || surroundings.isLeft(this.mark)) {
      this.reads = 0;
      return;
    }
    const poll = new EndlessPoll(this.address, this.value);
    this.changed();
    surroundings.found(poll);
    throw poll;
  }
}
