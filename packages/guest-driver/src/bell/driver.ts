/**
 * bell's driver: `probeBell` takes the device in hand, `open` gives one of its channels as a
 * `Gpu`, `remove` lets go of everything.
 */
import { allOnes, bellRegisters, type Gpu, GpuError, type PciDevice, place } from '@doorbell/abi';
import { Undo } from '../undo.ts';
import { AddressSpace } from './address-space.ts';
import { Channel, type ChannelSetup } from './channel.ts';
import type { BellDevice } from './device.ts';
import { BellGpu } from './gpu.ts';
import { takeInHand } from './probe.ts';
import { PushBuffer } from './push-buffer.ts';
import { Queue } from './queue.ts';

const { TLB_INVALIDATE, ERROR_ENABLE } = bellRegisters.rows;
/** MSI-X vectors: 0 for errors of the function, n + 1 for channel n. */
const ERROR_VECTOR = 0;

export interface BellDriver {
  /** A `Gpu` on a channel of its own, which its `close` gives back. @throws GpuError */
  open(): Promise<Gpu>;
  /** Leaves the device as it was found. A `Gpu` that is still open is lost. */
  remove(): void;
}

/** @throws ProbeError when this is no bell that the driver knows; nothing stays held then. */
export async function probeBell(port: PciDevice): Promise<BellDriver> {
  const undo = new Undo();
  try {
    return new Driver(takeInHand(port, undo), undo);
  } catch (error) {
    undo.run();
    throw error;
  }
}

/** A channel that is in use. */
interface Opened {
  readonly queue: Queue;
  readonly undo: Undo;
}

class Driver implements BellDriver {
  private readonly device: BellDevice;
  private readonly undo: Undo;
  /** By number of the channel. */
  private readonly opened = new Map<number, Opened>();

  constructor(device: BellDevice, undo: Undo) {
    this.device = device;
    this.undo = undo;
    const { msix, registers } = device;
    undo.push(
      msix.route(ERROR_VECTOR, () => {
        this.onError();
      }),
    );
    registers.ERROR_VECTOR.write(ERROR_VECTOR);
    registers.ERROR_ENABLE.write(ERROR_ENABLE.bits.RESERVED.mask);
  }

  async open(): Promise<Gpu> {
    const number = this.freeChannel();
    const undo = new Undo();
    try {
      return this.openChannel(number, undo);
    } catch (error) {
      undo.run();
      throw error;
    }
  }

  private freeChannel(): number {
    const { channels } = this.device;
    for (let number = 0; number < channels; number++) {
      if (!this.opened.has(number)) {
        return number;
      }
    }
    throw new GpuError('out-of-memory', `bell: all ${channels} channels are in use.`);
  }

  private openChannel(number: number, undo: Undo): Gpu {
    const { device } = this;
    const { port, registers } = device;

    // 1. Memory: page tables in VRAM, and what the channel and the driver share, in RAM.
    const space = new AddressSpace(device.aperture, device.vram, () => {
      registers.TLB_INVALIDATE.write(place(TLB_INVALIDATE.bits.CHANNEL, number));
    });
    undo.push(() => {
      space.destroy();
    });
    const push = new PushBuffer(port, space, undo);

    // 2. What runs on it, and where its interrupts go.
    const channel = new Channel(number, device.window, device.doorbells);
    const setup: ChannelSetup = {
      pageRoot: space.root,
      ring: push.ringVa,
      ringSize: push.ringBytes,
      fence: push.fenceVa,
      vector: number + 1,
    };
    const queue = new Queue(channel, setup, push, port.clock);
    const gpu = new BellGpu(device, space, queue, undo);
    undo.push(() => {
      gpu.freeAll();
    });
    undo.push(
      device.msix.route(setup.vector, () => {
        queue.interrupt();
      }),
    );

    // 3. On. Its undo runs first: nothing is given back while the channel may use it.
    channel.reset();
    channel.start(setup);
    this.opened.set(number, { queue, undo });
    undo.push(() => {
      this.opened.delete(number);
      channel.stop();
      queue.lose(new GpuError('lost', 'bell: the Gpu is closed.'));
    });
    return gpu;
  }

  /** The handler of the function's vector: a reserved offset was written, or the device is gone. */
  private onError(): void {
    const { ERROR, ERROR_OFFSET } = this.device.registers;
    const error = ERROR.read();
    if (error === 0) {
      return;
    }
    const offset = `0x${ERROR_OFFSET.read().toString(16)}`;
    ERROR.write(error); // after ERROR_OFFSET, which the next error may overwrite from then on
    for (const { queue } of this.opened.values()) {
      if (error === allOnes(4)) {
        queue.lose(new GpuError('lost', 'bell: the device is gone: its registers read all ones.'));
      } else {
        queue.report(
          new GpuError('fault', `bell: no register is at offset ${offset}, or not so wide.`),
        );
      }
    }
  }

  remove(): void {
    for (const { undo } of [...this.opened.values()]) {
      undo.run();
    }
    this.undo.run();
  }
}
