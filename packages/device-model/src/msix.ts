/**
 * MSI-X (PCI Express Base 6.0 §6.1.4): a table of messages, one per vector, and a bit per vector
 * for an interrupt that a mask holds back. Such an interrupt is sent once when the mask goes.
 */
import {
  type AccessWidth,
  allOnes,
  msixCapability,
  msixEntry,
  type Stateful,
  writeMasks,
} from '@doorbell/abi';
import type { BarRegion } from './bar.ts';

const { ENABLE, FUNCTION_MASK } = msixCapability.rows.CONTROL.bits;
const entryWords = msixEntry.size / 4;
const word = {
  ADDRESS_LO: msixEntry.rows.ADDRESS_LO.offset / 4,
  ADDRESS_HI: msixEntry.rows.ADDRESS_HI.offset / 4,
  DATA: msixEntry.rows.DATA.offset / 4,
  CONTROL: msixEntry.rows.CONTROL.offset / 4,
} as const;
const MASK = msixEntry.rows.CONTROL.bits.MASK.mask;
const rows = msixEntry.names.map((name) => msixEntry.rows[name]);
const writable = rows.map((row) => writeMasks(row).rw);

export interface MsixState {
  readonly table: Uint32Array;
  readonly pending: Uint32Array;
  readonly control: number;
}

/** Gives false when the function may not send just then: the interrupt stays pending. */
export type SendMessage = (vector: number, address: number, data: number) => boolean;

export class Msix implements Stateful<MsixState> {
  readonly vectors: number;
  private readonly table: Uint32Array;
  private readonly pending: Uint32Array;
  private messageControl = 0;
  private readonly send: SendMessage;

  /** `send` is handed the messages, as they are to go on the bus. */
  constructor(vectors: number, send: SendMessage) {
    this.vectors = vectors;
    this.table = new Uint32Array(vectors * entryWords);
    // Pending bits come in units of 64 (§7.7.2.8).
    this.pending = new Uint32Array(Math.ceil(vectors / 64) * 2);
    this.send = send;
    this.reset();
  }

  get enabled(): boolean {
    return (this.messageControl & ENABLE.mask) !== 0;
  }

  /** What was written to the message control register. */
  get control(): number {
    return this.messageControl;
  }

  /** Whether the vector's interrupts go out: MSI-X is enabled, and no mask holds them back. */
  delivers(vector: number): boolean {
    const mask = this.table[vector * entryWords + word.CONTROL] & MASK;
    return !this.functionMasked() && mask === 0;
  }

  /** Disabled; every vector masked, nothing pending. */
  reset(): void {
    this.messageControl = 0;
    this.pending.fill(0);
    for (let i = 0; i < this.table.length; i++) {
      this.table[i] = rows[i % entryWords].reset;
    }
  }

  /** The message control register was written. */
  setControl(control: number): void {
    this.messageControl = control;
    this.replayAll();
  }

  /** Sends what is pending and not masked. For when the function may send again. */
  replayAll(): void {
    for (let vector = 0; vector < this.vectors; vector++) {
      this.replay(vector);
    }
  }

  /** Sends a vector's message, or notes it as pending while that cannot be. Disabled: nothing. */
  signal(vector: number): void {
    if (!this.enabled || vector >= this.vectors) {
      return;
    }
    if (!this.delivers(vector) || !this.emit(vector)) {
      this.pending[vector >>> 5] |= 1 << (vector & 31);
    }
  }

  private functionMasked(): boolean {
    return (this.messageControl & (ENABLE.mask | FUNCTION_MASK.mask)) !== ENABLE.mask;
  }

  private replay(vector: number): void {
    const bit = 1 << (vector & 31);
    const isPending = (this.pending[vector >>> 5] & bit) !== 0;
    if (isPending && this.delivers(vector) && this.emit(vector)) {
      this.pending[vector >>> 5] &= ~bit;
    }
  }

  private emit(vector: number): boolean {
    const at = vector * entryWords;
    const { table } = this;
    const address = table[at + word.ADDRESS_HI] * 2 ** 32 + table[at + word.ADDRESS_LO];
    return this.send(vector, address, table[at + word.DATA]);
  }

  /** The table as a region of a BAR. Software must use aligned words (§6.1.4.2). */
  tableRegion(base: number): BarRegion {
    return {
      base,
      size: this.table.byteLength,
      widths: [4],
      read: (offset) => this.readWord(this.table, offset),
      write: (offset, _width: AccessWidth, value) => {
        this.writeEntry(offset, value);
      },
    };
  }

  /** The pending bits as a region of a BAR: read-only. */
  pendingRegion(base: number): BarRegion {
    return {
      base,
      size: this.pending.byteLength,
      widths: [4],
      read: (offset) => this.readWord(this.pending, offset),
      write: () => {},
    };
  }

  private readWord(words: Uint32Array, offset: number): number {
    return offset % 4 === 0 ? words[offset >>> 2] : allOnes(4);
  }

  private writeEntry(offset: number, value: number): void {
    if (offset % 4 !== 0) {
      return;
    }
    const at = offset >>> 2;
    const mask = writable[at % entryWords];
    this.table[at] = (this.table[at] & ~mask) | (value & mask);
    this.replay(Math.floor(at / entryWords));
  }

  save(): MsixState {
    return {
      table: this.table.slice(),
      pending: this.pending.slice(),
      control: this.messageControl,
    };
  }

  load(state: MsixState): void {
    this.table.set(state.table);
    this.pending.set(state.pending);
    this.messageControl = state.control;
  }
}
