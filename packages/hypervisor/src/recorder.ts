/**
 * Records what code that replay does without does to its machine: what crosses the ports of a
 * computer, when tasks and handlers run, what is asked of the host. One row of numbers each;
 * bytes stand beside.
 */
import type { Stateful } from '@doorbell/abi';

export const portOps = [
  // Ports of a computer.
  'mmioRead',
  'mmioWrite',
  'mmioWriteBlock',
  'mmioReadBlock',
  'configRead',
  'configWrite',
  'load',
  'store',
  'copyIn',
  'copyOut',
  'allocate',
  'free',
  'dmaMap',
  'dmaUnmap',
  'irqRequest',
  'irqRelease',
  'lineRequest',
  'lineRelease',
  'delay',
  'spend',
  'request',
  'trace',
  'sleep',
  'wakeUp',
  // The machine: `where` is a CPU.
  'pay',
  'beginHandler',
  'endHandler',
  'newCpu',
  'spawn',
  'yield',
  'wait',
  'wake',
  'resume',
  'forget',
  'end',
  'halt',
  // Services, and who is asked by one.
  'call',
  'enter',
  'leave',
] as const;
export type PortOp = (typeof portOps)[number];

const numbers = Object.fromEntries(portOps.map((op, index) => [op, index])) as Record<
  PortOp,
  number
>;
const ROW = 8;

export interface Crossing {
  readonly op: PortOp;
  /** The number of the port's or service's owner, or of the CPU. */
  readonly where: number;
  /** Five. */
  readonly args: readonly number[];
  /** What the port returned, if a number. */
  readonly result: number;
  /** What was read, or what was written. */
  readonly bytes: Uint8Array | undefined;
}

/** Crossings as plain data. */
export interface RecorderState {
  /** Eight numbers for each: the operation, where it was, its arguments, what it returned. */
  readonly rows: Float64Array;
  /** Crossings that have bytes, in order, and those bytes. */
  readonly withBytes: Uint32Array;
  readonly bytes: readonly Uint8Array[];
}

export class Recorder implements Stateful<RecorderState> {
  private rows = new Float64Array(ROW * 1024);
  private readonly blobs = new Map<number, Uint8Array>();
  length = 0;
  /** Called after a crossing that is over, when nothing else is under way: a state can be saved. */
  onCrossing: (() => void) | undefined;
  /** Handlers, and calls out of what replay does again, that are under way. */
  private depth = 0;

  /** With as many numbers as the operation has. */
  add(op: PortOp, where: number, a = 0, b = 0, c = 0, d = 0, e = 0): void {
    const at = this.length * ROW;
    if (at + ROW > this.rows.length) {
      const larger = new Float64Array(this.rows.length * 2);
      larger.set(this.rows);
      this.rows = larger;
    }
    const { rows } = this;
    rows[at] = numbers[op];
    rows[at + 1] = where;
    rows[at + 2] = a;
    rows[at + 3] = b;
    rows[at + 4] = c;
    rows[at + 5] = d;
    rows[at + 6] = e;
    this.length++;
    if (op === 'beginHandler' || op === 'enter') {
      this.depth++;
    } else if (op === 'endHandler' || op === 'leave') {
      this.depth--;
    }
  }

  /** Of what was added last: the number that the port returned, and the bytes that it was given or gave. */
  result(result: number, bytes?: Uint8Array): void {
    this.rows[this.length * ROW - 1] = result;
    if (bytes !== undefined) {
      this.blobs.set(this.length - 1, bytes.slice());
    }
  }

  /** What was added last is a crossing that is over. */
  crossed(): void {
    if (this.depth === 0) {
      this.onCrossing?.();
    }
  }

  at(index: number): Crossing {
    const row = this.rows.subarray(index * ROW, (index + 1) * ROW);
    return {
      op: portOps[row[0]],
      where: row[1],
      args: [row[2], row[3], row[4], row[5], row[6]],
      result: row[7],
      bytes: this.blobs.get(index),
    };
  }

  save(): RecorderState {
    return {
      rows: this.rows.slice(0, this.length * ROW),
      withBytes: Uint32Array.from(this.blobs.keys()),
      bytes: [...this.blobs.values()],
    };
  }

  /** In the place of what was recorded. @throws RangeError when those are no crossings. */
  load({ rows, withBytes, bytes }: RecorderState): void {
    const count = rows.length / ROW;
    if (!Number.isInteger(count) || withBytes.length !== bytes.length) {
      throw new RangeError('The rows of the crossings are not whole.');
    }
    for (let index = 0; index < count; index++) {
      if (portOps[rows[index * ROW]] === undefined) {
        throw new RangeError(`Crossing ${index} is of no port.`);
      }
    }
    this.rows = rows.length === 0 ? new Float64Array(ROW) : rows.slice();
    this.blobs.clear();
    withBytes.forEach((index, at) => this.blobs.set(index, bytes[at]));
    this.length = count;
  }
}
