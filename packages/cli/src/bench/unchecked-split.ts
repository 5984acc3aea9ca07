/**
 * The split ring's cycle as short as it can be: the same layout, loads, stores, Atomics and free
 * list as the checked one, and no check of anything, no notification, no indirect table.
 */
import { availRing, DESC_BYTES, descFlags, usedRing } from '@doorbell/abi';
import { BUFFER_BYTES, BUFFERS, SLOT_BYTES, type RingPair } from './ring-pair.ts';

const { NEXT, WRITE } = descFlags;
const DESC_WORDS = DESC_BYTES / 4;

export class UncheckedSplit implements RingPair {
  private readonly words: Uint32Array;
  private readonly halves: Uint16Array;
  private readonly copy = new Uint32Array(16);
  private readonly links: Uint16Array;
  private readonly mask: number;
  private readonly avail: number;
  private readonly used: number;
  private firstFree = 0;
  private lastFree: number;
  private availIdx = 0;
  private lastAvail = 0;
  private usedIdx = 0;
  private lastUsed = 0;

  constructor(buffer: SharedArrayBuffer, size: number) {
    this.words = new Uint32Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.mask = size - 1;
    this.lastFree = size - 1;
    this.links = Uint16Array.from({ length: size }, (_, i) => (i + 1) % size);
    this.avail = DESC_BYTES * size;
    this.used = Math.ceil((this.avail + availRing.bytes(size)) / 4) * 4;
  }

  submit(batch: number): void {
    for (let slot = 0; slot < batch; slot++) {
      this.add(BUFFERS + SLOT_BYTES * slot);
    }
    Atomics.store(this.halves, (this.avail + availRing.IDX) >>> 1, this.availIdx);
  }

  private add(address: number): void {
    const { words, links } = this;
    const head = this.firstFree;
    let index = head;
    let at = address;
    for (let i = 0; i < 3; i++) {
      const desc = index * DESC_WORDS;
      const next = links[index];
      words[desc] = at;
      words[desc + 1] = 0;
      words[desc + 2] = BUFFER_BYTES[i];
      words[desc + 3] = i < 2 ? NEXT | (next << 16) : WRITE;
      at += BUFFER_BYTES[i];
      index = next;
    }
    this.firstFree = index;
    this.halves[(this.avail + availRing.RING + 2 * (this.availIdx & this.mask)) >>> 1] = head;
    this.availIdx = (this.availIdx + 1) & 0xffff;
  }

  serve(): void {
    const { words, halves } = this;
    const published = this.usedIdx;
    const availIdx = Atomics.load(halves, (this.avail + availRing.IDX) >>> 1);
    while (this.lastAvail !== availIdx) {
      const head = halves[(this.avail + availRing.RING + 2 * (this.lastAvail & this.mask)) >>> 1];
      this.lastAvail = (this.lastAvail + 1) & 0xffff;
      const written = this.chain(head);
      const entry = (this.used + usedRing.RING + 8 * (this.usedIdx & this.mask)) >>> 2;
      words[entry] = head;
      words[entry + 1] = written;
      this.usedIdx = (this.usedIdx + 1) & 0xffff;
    }
    if (this.usedIdx !== published) {
      Atomics.store(halves, (this.used + usedRing.IDX) >>> 1, this.usedIdx);
    }
  }

  private chain(head: number): number {
    const { words, copy } = this;
    let index = head;
    let read = 0;
    for (;;) {
      const desc = index * DESC_WORDS;
      const link = words[desc + 3];
      const first = (words[desc + 1] * 2 ** 32 + words[desc]) / 4;
      const count = words[desc + 2] >>> 2;
      if ((link & WRITE) !== 0) {
        for (let i = 0; i < count; i++) {
          words[first + i] = copy[i];
        }
        return words[desc + 2];
      }
      for (let i = 0; i < count; i++) {
        copy[read++] = words[first + i];
      }
      index = link >>> 16;
    }
  }

  collect(): number {
    const { words, links } = this;
    const usedIdx = Atomics.load(this.halves, (this.used + usedRing.IDX) >>> 1);
    let bytes = 0;
    while (this.lastUsed !== usedIdx) {
      const entry = (this.used + usedRing.RING + 8 * (this.lastUsed & this.mask)) >>> 2;
      const head = words[entry];
      bytes += words[entry + 1];
      links[this.lastFree] = head;
      this.lastFree = links[links[head]];
      this.lastUsed = (this.lastUsed + 1) & 0xffff;
    }
    return bytes;
  }
}
