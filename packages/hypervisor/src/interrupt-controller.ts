/**
 * Takes message-signalled interrupts and INTx lines to the handlers of one operating system.
 * On bare metal an interrupt costs its delivery. In a guest it costs three exits (the physical
 * interrupt, the injection, the end of interrupt), or none when the hardware posts it.
 */
import { formatBdf, type Bdf, type IrqMessage, type Stateful } from '@doorbell/abi';
import type { ExitReason } from './counters.ts';
import type { Cpu, InterruptSink } from './cpu.ts';
import type { Machine } from './machine.ts';
import { cost } from './profile.ts';

/** Where the local APICs of an x86 machine take messages (Intel SDM 3A §11.11.1). */
const MESSAGE_ADDRESS = 0xfee00000;
/** The first vector that is not an exception (Intel SDM 3A §6.2). */
const FIRST_VECTOR = 32;
/** As Linux's "nobody cared": a line that its handler cannot quiet is masked. */
const LINE_STORM = 1000;

export type InterruptMode = 'native' | 'injected' | 'posted';

interface Entry {
  handler: (() => void) | undefined;
  /** Where it runs: where it was asked for. */
  readonly cpu: Cpu;
  /** A line's level; false for messages. */
  high: boolean;
  readonly isLine: boolean;
  repeats: number;
}

export interface InterruptControllerState {
  readonly entries: readonly {
    readonly used: boolean;
    readonly high: boolean;
    readonly isLine: boolean;
    readonly repeats: number;
    /** The CPU's number. */
    readonly cpu: number;
  }[];
}

const nobody = (): void => undefined;

export class InterruptController implements InterruptSink, Stateful<InterruptControllerState> {
  private readonly machine: Machine;
  private readonly cpu: Cpu;
  private readonly mode: InterruptMode;
  private readonly number: number;
  private readonly entries: Entry[] = [];
  /** INTx lines: entries of their own, from when a function is plugged in. */
  private readonly lines = new Map<Bdf, number>();

  constructor(machine: Machine, cpu: Cpu, mode: InterruptMode) {
    this.machine = machine;
    this.cpu = cpu;
    this.mode = mode;
    this.number = machine.addController(this);
  }

  request(handler: () => void): IrqMessage {
    return { address: MESSAGE_ADDRESS, data: FIRST_VECTOR + this.newEntry(handler, false) };
  }

  release(message: IrqMessage): void {
    const entry = this.entries[message.data - FIRST_VECTOR];
    if (entry !== undefined) {
      entry.handler = undefined;
    }
  }

  /** Gives a function its INTx line, which stays with its place. Returns the line's number for `setLine`. */
  addLine(at: Bdf): number {
    const known = this.lines.get(at);
    if (known !== undefined) {
      return known;
    }
    const line = this.newEntry(undefined, true);
    this.lines.set(at, line);
    return line;
  }

  /** @throws RangeError when no function is there. */
  lineOf(at: Bdf): number {
    const line = this.lines.get(at);
    if (line === undefined) {
      throw new RangeError(`No function is at ${formatBdf(at)}.`);
    }
    return line;
  }

  handleLine(line: number, handler: (() => void) | undefined): void {
    const entry = this.entries[line];
    entry.handler = handler;
    entry.repeats = 0;
    if (entry.high && handler !== undefined) {
      this.machine.interrupt(entry.cpu, this.number, line);
    }
  }

  setLine(line: number, high: boolean): void {
    const entry = this.entries[line];
    const rises = high && !entry.high;
    entry.high = high;
    if (rises && entry.handler !== undefined) {
      this.machine.interrupt(entry.cpu, this.number, line);
    }
  }

  /** A message was written. One that no handler asked for is dropped, as a spurious one is. */
  signal(address: number, data: number): void {
    const number = data - FIRST_VECTOR;
    const entry = this.entries[number];
    if (address === MESSAGE_ADDRESS && entry?.handler !== undefined) {
      this.machine.interrupt(entry.cpu, this.number, number);
    }
  }

  /** Whether a message with this data would run a handler. */
  handles(data: number): boolean {
    return this.entries[data - FIRST_VECTOR]?.handler !== undefined;
  }

  // ------------------------------------------------------------------------------ delivery

  begin(number: number): void {
    const { machine } = this;
    const { tracer } = machine;
    const data = FIRST_VECTOR + number;
    if (this.mode === 'native') {
      machine.charge(cost['interrupt.delivery']);
    } else {
      machine.counts.injections++;
      if (this.mode === 'posted') {
        tracer.cause = tracer.event('posted', data, 0) || tracer.cause;
        machine.charge(cost['interrupt.posted']);
      } else {
        this.exit('external-interrupt', cost['exit.interrupt']);
        this.exit('injection', cost['exit.injection']);
        tracer.cause = tracer.event('injection', data, 0) || tracer.cause;
      }
    }
    tracer.cause = tracer.event('handler', data, 0) || tracer.cause;
    machine.charge(cost['driver.handler']);
  }

  handle(number: number): void {
    this.entries[number]?.handler?.();
  }

  end(number: number): void {
    if (this.mode === 'injected') {
      this.exit('end-of-interrupt', cost['exit.eoi']);
    }
    const entry = this.entries[number];
    if (entry.isLine && entry.high && entry.handler !== undefined) {
      if (++entry.repeats < LINE_STORM) {
        this.machine.interrupt(entry.cpu, this.number, number);
      }
    } else {
      entry.repeats = 0;
    }
  }

  private exit(reason: ExitReason, price: number): void {
    this.machine.exit(reason, price, 0);
  }

  private newEntry(handler: (() => void) | undefined, isLine: boolean): number {
    const free = this.entries.findIndex((entry) => entry.handler === undefined && !entry.isLine);
    const cpu = this.machine.cpuOf(this.cpu);
    const entry: Entry = { handler, cpu, high: false, isLine, repeats: 0 };
    if (free < 0 || isLine) {
      return this.entries.push(entry) - 1;
    }
    this.entries[free] = entry;
    return free;
  }

  save(): InterruptControllerState {
    return {
      entries: this.entries.map(({ handler, cpu, high, isLine, repeats }) => ({
        used: handler !== undefined,
        high,
        isLine,
        repeats,
        cpu: cpu.number,
      })),
    };
  }

  /** Handlers are code and stay; an entry that has none here gets one that does nothing. */
  load(state: InterruptControllerState): void {
    const old = this.entries.splice(0);
    state.entries.forEach(({ used, cpu: number, high, isLine, repeats }, index) => {
      const handler = used ? (old[index]?.handler ?? nobody) : undefined;
      const cpu = this.machine.cpu(number);
      this.entries.push({ handler, cpu, high, isLine, repeats });
    });
  }
}
