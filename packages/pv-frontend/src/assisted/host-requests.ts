/**
 * What a channel's driver asks of the host: records, which travel in streams. Those that nobody
 * waits for are collected: they go when there are enough of them, or with one that is waited for.
 */
import type { GpuError } from '@doorbell/abi';
import type { VirtioGpuDevice } from '../device.ts';
import { step } from '../operation.ts';
import { submit3d } from '../requests.ts';

type Ended = (error: GpuError | undefined) => void;

export class HostRequests {
  private readonly device: VirtioGpuDevice;
  private readonly context: number;
  private records: Uint32Array[] = [];
  private ended: Ended[] = [];

  constructor(device: VirtioGpuDevice, context: number) {
    this.device = device;
    this.context = context;
  }

  /** Nobody waits for it. `ended` runs when the host has done it, or never will. */
  later(record: Uint32Array, ended: Ended): void {
    this.records.push(record);
    this.ended.push(ended);
    if (this.records.length >= this.device.options.batch) {
      this.send();
    }
  }

  /** Goes now, behind what was collected. */
  now(record: Uint32Array, ended: Ended): void {
    this.records.push(record);
    this.ended.push(ended);
    this.send();
  }

  /** The host's answer. @throws GpuError */
  async ask(record: Uint32Array): Promise<void> {
    let isOver = false;
    let failure: GpuError | undefined;
    this.now(record, (error) => {
      isOver = true;
      failure = error;
    });
    await this.device.until(() => isOver, 'resource');
    if (failure !== undefined) {
      throw failure;
    }
  }

  send(): void {
    const { records, ended } = this;
    if (records.length === 0) {
      return;
    }
    this.records = [];
    this.ended = [];
    const stream = joined(records);
    this.device.order.add({
      steps: () => [step(() => submit3d(this.context, stream))],
      ended: (error) => {
        ended.forEach((each) => {
          each(error);
        });
      },
      again: false,
    });
  }
}

/** A stream of records. */
export function joined(records: readonly Uint32Array[]): Uint8Array {
  const words = new Uint32Array(records.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const record of records) {
    words.set(record, at);
    at += record.length;
  }
  return new Uint8Array(words.buffer);
}
