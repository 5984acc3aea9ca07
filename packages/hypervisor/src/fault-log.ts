/**
 * The IOMMU's fault recording registers: a ring of 128-bit records in the layout that hardware
 * has, so that they are plain data (VT-d 3.3, Fault Recording Registers and Fault Status
 * Register; primary fault logging). Records stay until system software clears them; while none
 * is free, faults are lost, and the overflow bit tells so.
 */
import type { Bdf, Stateful } from '@doorbell/abi';

export interface IommuFault {
  readonly requester: Bdf;
  /** Of the page. */
  readonly iova: number;
  readonly write: boolean;
  /** A code of `faultReasons`. */
  readonly reason: number;
}

export interface FaultLogState {
  readonly words: Uint32Array;
  readonly next: number;
  readonly overflow: boolean;
}

/** CAP_REG.NFR. */
const RECORDS = 8;
const RECORD_WORDS = 4;
/** In a record's last word: F, a fault is recorded; T1, it was a read. Bits 7:0 are the reason. */
const RECORDED = 0x8000_0000;
const READ = 0x4000_0000;

export class FaultLog implements Stateful<FaultLogState> {
  /** Words 0 and 1: the page's address. Word 2: the requester. Word 3: see above. */
  private readonly words = new Uint32Array(RECORDS * RECORD_WORDS);
  /** The record that is filled next (FSTS.FRI follows it). */
  private next = 0;
  private overflowed = false;

  /** A fault found no free record. No more are recorded until the log is cleared. */
  get overflow(): boolean {
    return this.overflowed;
  }

  record(requester: Bdf, iova: number, write: boolean, reason: number): void {
    const at = this.next * RECORD_WORDS;
    if (this.isRecorded(at)) {
      this.overflowed = true;
      return;
    }
    this.words[at] = iova & 0xffff_f000;
    this.words[at + 1] = Math.floor(iova / 2 ** 32);
    this.words[at + 2] = requester;
    this.words[at + 3] = RECORDED | (write ? 0 : READ) | reason;
    this.next = (this.next + 1) % RECORDS;
  }

  /** What is recorded, oldest first. */
  pending(): IommuFault[] {
    const faults: IommuFault[] = [];
    const { length } = this.words;
    for (let step = 0; step < length; step += RECORD_WORDS) {
      const at = (this.next * RECORD_WORDS + step) % length;
      if (this.isRecorded(at)) {
        faults.push(this.decode(at));
      }
    }
    return faults;
  }

  /** Clears F of every record, and the overflow. */
  clear(): void {
    this.words.fill(0);
    this.overflowed = false;
  }

  save(): FaultLogState {
    return { words: this.words.slice(), next: this.next, overflow: this.overflowed };
  }

  load(state: FaultLogState): void {
    this.words.set(state.words);
    this.next = state.next;
    this.overflowed = state.overflow;
  }

  private isRecorded(at: number): boolean {
    return (this.words[at + 3] & RECORDED) !== 0;
  }

  private decode(at: number): IommuFault {
    const flags = this.words[at + 3];
    return {
      requester: this.words[at + 2],
      iova: this.words[at + 1] * 2 ** 32 + this.words[at],
      write: (flags & READ) === 0,
      reason: flags & 0xff,
    };
  }
}
