/**
 * Interrupts without an interrupt controller. A message is a memory write, so each message that a
 * driver asks for is given a word of RAM of its own, which is looked at. A line of the I/O APIC is
 * intercepted: QEMU tells its level. Handlers run at the driver's next access or wait, never nested.
 */
import type { Irq, IrqMessage } from '@doorbell/abi';
import { QemuError } from '../qemu/qemu-error.ts';
import type { RamBytes } from './ram-file.ts';

const WORD_BYTES = 4;
/** As Linux's "nobody cared": a line that its handlers cannot quiet is masked. */
const LINE_STORM = 1000;

type Handler = () => void;

export class Interrupts {
  private readonly ram: RamBytes;
  private readonly page: number;
  private readonly slots: number;
  /** By slot. A released slot has none. */
  private readonly handlers: (Handler | undefined)[] = [];
  private readonly lines = new Map<number, Set<Handler>>();
  private readonly high = new Set<number>();
  private readonly masked = new Set<number>();
  /** Has QEMU do what was posted, and tells the lines' levels. */
  private readonly settle: () => void;
  private isRunning = false;

  /** @param page  zeroed RAM for messages. */
  constructor(ram: RamBytes, page: number, bytes: number, settle: () => void) {
    this.ram = ram;
    this.page = page;
    this.slots = bytes / WORD_BYTES;
    this.settle = settle;
  }

  /** Whether somebody wants to know of lines, whose levels come with answers only. */
  get hasLines(): boolean {
    return this.lines.size > 0;
  }

  request(handler: Handler): IrqMessage {
    const free = this.handlers.indexOf(undefined);
    const slot = free < 0 ? this.handlers.length : free;
    if (slot >= this.slots) {
      throw new RangeError(`${this.slots} messages have handlers, and there is no room for more.`);
    }
    const message = { address: this.page + slot * WORD_BYTES, data: slot + 1 };
    this.ram.take32(message.address); // what a former owner sent late
    this.handlers[slot] = handler;
    return message;
  }

  release({ data }: IrqMessage): void {
    this.handlers[data - 1] = undefined;
  }

  addLine(line: number, handler: Handler): void {
    const handlers = this.lines.get(line) ?? new Set();
    this.lines.set(line, handlers.add(handler));
    this.masked.delete(line);
  }

  removeLine(line: number, handler: Handler): void {
    const handlers = this.lines.get(line);
    handlers?.delete(handler);
    if (handlers?.size === 0) {
      this.lines.delete(line);
    }
  }

  /** What the connection hears. */
  setLine(line: number, high: boolean): void {
    if (high) {
      this.high.add(line);
    } else {
      this.high.delete(line);
      this.masked.delete(line);
    }
  }

  /** Runs the handlers of what is pending. Comes first in each access and wait. */
  deliver(): void {
    if (this.isRunning || (this.handlers.length === 0 && this.lines.size === 0)) {
      return;
    }
    this.isRunning = true;
    try {
      this.deliverMessages();
      for (const [line, handlers] of this.lines) {
        this.deliverLine(line, handlers);
      }
    } finally {
      this.isRunning = false;
    }
  }

  private deliverMessages(): void {
    for (let slot = 0; slot < this.handlers.length; slot++) {
      const handler = this.handlers[slot];
      if (handler === undefined) {
        continue;
      }
      const data = this.ram.take32(this.page + slot * WORD_BYTES);
      if (data === slot + 1) {
        handler();
      } else if (data !== 0) {
        throw new QemuError(`The message ${slot + 1} came as ${data}.`);
      }
    }
  }

  private deliverLine(line: number, handlers: ReadonlySet<Handler>): void {
    for (let times = 0; this.high.has(line) && !this.masked.has(line); times++) {
      if (times === LINE_STORM) {
        this.masked.add(line);
        return;
      }
      for (const handler of [...handlers]) {
        handler();
      }
      this.settle(); // the handlers' writes may have lowered it
    }
  }
}

/** The interrupts of one function. */
export class QtestIrq implements Irq {
  private readonly interrupts: Interrupts;
  /** The I/O APIC's input of the function's INTx; undefined: it has none, or none that is known. */
  private readonly line: number | undefined;
  private handler: Handler | undefined;

  constructor(interrupts: Interrupts, line: number | undefined) {
    this.interrupts = interrupts;
    this.line = line;
  }

  request(handler: Handler): IrqMessage {
    return this.interrupts.request(handler);
  }

  release(message: IrqMessage): void {
    this.interrupts.release(message);
  }

  requestLine(handler: Handler): void {
    if (this.line === undefined) {
      throw new RangeError('The function has no INTx line.');
    }
    this.releaseLine();
    this.handler = handler;
    this.interrupts.addLine(this.line, handler);
  }

  releaseLine(): void {
    if (this.line !== undefined && this.handler !== undefined) {
      this.interrupts.removeLine(this.line, this.handler);
      this.handler = undefined;
    }
  }
}
