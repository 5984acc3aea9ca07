/**
 * The packed ring's cycle as short as it can be: the same layout, loads, stores, Atomics and free
 * list as the checked one, and no check of anything, no notification, no indirect table.
 */
import { DESC_BYTES, descFlags } from '@doorbell/abi';
import { BUFFER_BYTES, BUFFERS, SLOT_BYTES, type RingPair } from './ring-pair.ts';

const { NEXT, WRITE, AVAIL, USED } = descFlags;
const DESC_WORDS = DESC_BYTES / 4;

export class UncheckedPacked implements RingPair {
  private readonly words: Uint32Array;
  private readonly halves: Uint16Array;
  private readonly copy = new Uint32Array(16);
  private readonly size: number;
  private readonly ids: Uint16Array;
  private freeIds: number;
  private driverAvail = 0;
  private driverAvailFlags: number = AVAIL;
  private driverUsed = 0;
  private driverUsedFlags: number = AVAIL | USED;
  private deviceAvail = 0;
  private deviceAvailFlags: number = AVAIL;
  private deviceUsed = 0;
  private deviceUsedFlags: number = AVAIL | USED;
  private first = 0;
  private firstFlags = 0;
  private lastId = 0;

  constructor(buffer: SharedArrayBuffer, size: number) {
    this.words = new Uint32Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.size = size;
    this.ids = Uint16Array.from({ length: size }, (_, i) => i);
    this.freeIds = size;
  }

  submit(batch: number): void {
    for (let slot = 0; slot < batch; slot++) {
      this.add(BUFFERS + SLOT_BYTES * slot);
    }
    Atomics.store(this.halves, this.first * 8 + 7, this.firstFlags);
    this.firstFlags = 0;
  }

  private add(address: number): void {
    const { words } = this;
    const id = this.ids[--this.freeIds];
    let at = address;
    for (let i = 0; i < 3; i++) {
      const desc = this.driverAvail * DESC_WORDS;
      const flags = (i < 2 ? NEXT : WRITE) | this.driverAvailFlags;
      words[desc] = at;
      words[desc + 1] = 0;
      words[desc + 2] = BUFFER_BYTES[i];
      if (this.firstFlags === 0) {
        this.halves[desc * 2 + 6] = id;
        this.first = this.driverAvail;
        this.firstFlags = flags;
      } else {
        words[desc + 3] = id | (flags << 16);
      }
      at += BUFFER_BYTES[i];
      if (++this.driverAvail === this.size) {
        this.driverAvail = 0;
        this.driverAvailFlags ^= AVAIL | USED;
      }
    }
  }

  serve(): void {
    const { words, halves } = this;
    let first = -1;
    let firstFlags = 0;
    for (;;) {
      const head = this.deviceAvail * DESC_WORDS;
      const headFlags = Atomics.load(halves, head * 2 + 7);
      if ((headFlags & (AVAIL | USED)) !== this.deviceAvailFlags) {
        break;
      }
      const written = this.chain();
      const used = this.deviceUsed * DESC_WORDS;
      const flags = WRITE | this.deviceUsedFlags;
      words[used + 2] = written;
      if (first < 0) {
        halves[used * 2 + 6] = this.lastId;
        first = used;
        firstFlags = flags;
      } else {
        words[used + 3] = this.lastId | (flags << 16);
      }
      this.deviceUsed += 3;
      if (this.deviceUsed >= this.size) {
        this.deviceUsed -= this.size;
        this.deviceUsedFlags ^= AVAIL | USED;
      }
    }
    if (first >= 0) {
      Atomics.store(halves, first * 2 + 7, firstFlags);
    }
  }

  private chain(): number {
    const { words, copy } = this;
    let read = 0;
    for (;;) {
      const desc = this.deviceAvail * DESC_WORDS;
      if (++this.deviceAvail === this.size) {
        this.deviceAvail = 0;
        this.deviceAvailFlags ^= AVAIL | USED;
      }
      const word = words[desc + 3];
      const first = (words[desc + 1] * 2 ** 32 + words[desc]) / 4;
      const count = words[desc + 2] >>> 2;
      if (((word >>> 16) & WRITE) !== 0) {
        for (let i = 0; i < count; i++) {
          words[first + i] = copy[i];
        }
        this.lastId = word & 0xffff;
        return words[desc + 2];
      }
      for (let i = 0; i < count; i++) {
        copy[read++] = words[first + i];
      }
    }
  }

  collect(): number {
    const { words, halves } = this;
    let bytes = 0;
    for (;;) {
      const desc = this.driverUsed * DESC_WORDS;
      const flags = Atomics.load(halves, desc * 2 + 7);
      if ((flags & (AVAIL | USED)) !== this.driverUsedFlags) {
        return bytes;
      }
      this.ids[this.freeIds++] = words[desc + 3] & 0xffff;
      bytes += words[desc + 2];
      this.driverUsed += 3;
      if (this.driverUsed >= this.size) {
        this.driverUsed -= this.size;
        this.driverUsedFlags ^= AVAIL | USED;
      }
    }
  }
}
