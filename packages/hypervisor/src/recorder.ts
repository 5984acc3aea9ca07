/**
 * Records what crosses a driver's ports, so that it can be fed to the machine again without the
 * driver. One row of numbers per crossing; bytes stand beside.
 */
import type { Stateful } from '@doorbell/abi';

export const portOps = [
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
  'beginHandler',
  'endHandler',
  'wait',
  'resume',
] as const;
export type PortOp = (typeof portOps)[number];

const numbers = Object.fromEntries(portOps.map((op, index) => [op, index])) as Record<
  PortOp,
  number
>;
const ROW = 6;

export interface Crossing {
  readonly op: PortOp;
  readonly args: readonly number[];
  /** What the port returned, if a number. */
  readonly result: number;
  /** What was read, or what was written. */
  readonly bytes: Uint8Array | undefined;
}

/** Crossings as plain data. */
export interface RecorderState {
  /** Six numbers for each: the port, its arguments, what it returned. */
  readonly rows: Float64Array;
  /** Crossings that have bytes, in order, and those bytes. */
  readonly withBytes: Uint32Array;
  readonly bytes: readonly Uint8Array[];
}

export class Recorder implements Stateful<RecorderState> {
  private rows = new Float64Array(ROW * 1024);
  private readonly blobs = new Map<number, Uint8Array>();
  length = 0;
  /** Called after a crossing that is over; not within a handler of the driver's that has not ended. */
  onCrossing: (() => void) | undefined;
  private handling = false;

  add(op: PortOp, a = 0, b = 0, c = 0, d = 0, bytes?: Uint8Array, result = 0): void {
    const at = this.length * ROW;
    if (at + ROW > this.rows.length) {
      const larger = new Float64Array(this.rows.length * 2);
      larger.set(this.rows);
      this.rows = larger;
    }
    this.rows[at] = numbers[op];
    this.rows[at + 1] = a;
    this.rows[at + 2] = b;
    this.rows[at + 3] = c;
    this.rows[at + 4] = d;
    this.rows[at + 5] = result;
    if (bytes !== undefined) {
      this.blobs.set(this.length, bytes.slice());
    }
    this.length++;
    if (op === 'beginHandler') {
      this.handling = true;
    } else if (op === 'endHandler') {
      this.handling = false;
    }
    if (!this.handling) {
      this.onCrossing?.();
    }
  }

  /** A handler begins. The machine had handled so many events, at this time. */
  begin(eventsRun: number, now: number): void {
    this.add('beginHandler', eventsRun, now);
  }

  wait(timeoutNs: number): void {
    this.add('wait', timeoutNs);
  }

  end(): void {
    this.add('endHandler');
  }

  at(index: number): Crossing {
    const row = this.rows.subarray(index * ROW, (index + 1) * ROW);
    return {
      op: portOps[row[0]],
      args: [...row.subarray(1, 5)],
      result: row[5],
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
