/** Both halves of a virtqueue, as the paravirtual pair has them. */
import { Chain, LinearMemory, MAX_INDIRECT, type RingOptions } from '@doorbell/abi';
import { PackedDeviceQueue, SplitDeviceQueue, type DeviceQueue } from '@doorbell/pv-backend';
import {
  PackedDriverQueue,
  queueLayout,
  setupAt,
  SplitDriverQueue,
  type DriverQueue,
} from '@doorbell/pv-frontend';
import { BUFFER_BYTES, BUFFERS, SIZE, SLOT_BYTES, type RingPair } from './ring-pair.ts';

const OPTIONS: RingOptions = { indirect: true, eventIdx: false, inOrder: false };

export class CheckedRing implements RingPair {
  private readonly words: Uint32Array;
  private readonly driver: DriverQueue;
  private readonly device: DeviceQueue;
  private readonly request = new Chain(BUFFER_BYTES.length);
  private readonly chain = new Chain(SIZE + MAX_INDIRECT);
  private readonly memory: LinearMemory;
  /** What the device read last. */
  private readonly copy = new Uint32Array(16);

  constructor(packed: boolean, buffer: SharedArrayBuffer) {
    const memory = new LinearMemory(buffer);
    const setup = setupAt(queueLayout(packed, SIZE, 0), 0);
    this.words = new Uint32Array(buffer);
    this.memory = memory;
    this.driver = packed
      ? new PackedDriverQueue(memory, setup, OPTIONS)
      : new SplitDriverQueue(memory, setup, OPTIONS);
    this.device = packed
      ? new PackedDeviceQueue(memory, setup, OPTIONS)
      : new SplitDeviceQueue(memory, setup, OPTIONS);
  }

  submit(batch: number): void {
    for (let slot = 0; slot < batch; slot++) {
      this.add(BUFFERS + SLOT_BYTES * slot);
    }
    this.driver.publish();
  }

  private add(address: number): void {
    const { request } = this;
    let at = address;
    request.clear();
    for (let i = 0; i < BUFFER_BYTES.length; i++) {
      request.push(at, BUFFER_BYTES[i], i === BUFFER_BYTES.length - 1);
      at += BUFFER_BYTES[i];
    }
    this.driver.add(request);
  }

  serve(): void {
    const { device, chain } = this;
    while (device.next(chain)) {
      device.put(chain.id, this.answer());
    }
    device.publish();
  }

  /** Gives how many bytes it wrote. */
  private answer(): number {
    const { chain } = this;
    let at = 0;
    for (let i = 0; i < chain.readable; i++) {
      at = this.read(chain.addresses[i], chain.lengths[i], at);
    }
    return this.write(chain.addresses[chain.readable], chain.lengths[chain.readable]);
  }

  /** Checked once more where bytes are touched, as a device half does. */
  private read(address: number, length: number, to: number): number {
    const { words, copy } = this;
    const first = this.wordsAt(address, length);
    const count = length >>> 2;
    for (let i = 0; i < count; i++) {
      copy[to + i] = words[first + i];
    }
    return to + count;
  }

  private write(address: number, length: number): number {
    const { words, copy } = this;
    const first = this.wordsAt(address, length);
    const count = length >>> 2;
    for (let i = 0; i < count; i++) {
      words[first + i] = copy[i];
    }
    return length;
  }

  private wordsAt(address: number, length: number): number {
    if (!this.memory.reaches(address, length)) {
      throw new Error('The device cannot reach a buffer.');
    }
    return address >>> 2;
  }

  collect(): number {
    let bytes = 0;
    while (this.driver.take() >= 0) {
      bytes += this.driver.usedLength;
    }
    return bytes;
  }
}
