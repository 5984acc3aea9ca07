/**
 * edu's driver (docs/reference/edu.md): computes factorials and moves bytes, each by telling the
 * device what to do and waiting for its interrupt.
 */
import {
  type Accessors,
  accessors,
  EDU_DMA_MASK,
  eduBars,
  eduBuffer,
  eduIds,
  eduInterrupts,
  eduRegisters,
  type PciDevice,
  type WaitQueue,
} from '@doorbell/abi';
import { enableMsi } from './msi.ts';
import { Mutex } from './mutex.ts';
import { enableBusMaster, enableMemory, matches, ProbeError } from './pci.ts';
import { Undo } from './undo.ts';

const { RUN, FROM_DEVICE, INTERRUPT } = eduRegisters.rows.DMA_COMMAND.bits;
/** In nanoseconds. A transfer takes a tenth of this; what takes this long will not end. */
const TIMEOUT = 1_000_000_000;

/** The device did not do what it was told. */
export class EduError extends Error {
  override readonly name = 'EduError';
}

export class Edu {
  // Set by the probe, and the same until `remove`.
  private readonly device: PciDevice;
  private readonly registers: Accessors<typeof eduRegisters.rows>;
  private readonly undo = new Undo();
  /** A page for DMA: its address for the CPU, and for the device. */
  private readonly page: number;
  private readonly iova: number;
  /** The device does one thing at a time. */
  private readonly mutex: Mutex;

  /** Interrupts that came. The handler sets bits; who starts an operation clears its bit. */
  private arrived = 0;
  private readonly interrupted: WaitQueue;

  /** The probe. @throws ProbeError when this is no edu, or a broken one; nothing is held then. */
  constructor(device: PciDevice) {
    this.device = device;
    this.mutex = new Mutex(device.clock);
    this.interrupted = device.clock.waitQueue();
    try {
      // 1. Is it ours?
      if (!matches(device.config, eduIds)) {
        throw new ProbeError('The function is no edu.');
      }
      // 2. Let it decode its BAR, and map that.
      this.undo.push(enableMemory(device.config));
      this.registers = accessors(eduRegisters, device.mapBar(eduBars.REGISTERS.index));
      // 3. Is it what its ids promise, and alive?
      const id = this.registers.ID.read();
      this.registers.LIVENESS.write(id);
      if ((id & 0xffff) !== 0x00ed || this.registers.LIVENESS.read() !== ~id >>> 0) {
        throw new ProbeError(`edu identifies itself as 0x${id.toString(16)}, or does not answer.`);
      }
      // 4. A page for DMA.
      this.page = device.memory.allocate(eduBuffer.bytes);
      this.undo.push(() => device.memory.free(this.page));
      // 5. Its address for the device, which has 28 address bits.
      this.iova = device.dma.map(this.page, eduBuffer.bytes, 'both');
      this.undo.push(() => device.dma.unmap(this.iova, eduBuffer.bytes));
      if (this.iova + eduBuffer.bytes - 1 > EDU_DMA_MASK) {
        throw new ProbeError('edu cannot reach the page that it was given.');
      }
      // 6. An interrupt. It is a memory write, so none comes before step 7.
      this.undo.push(enableMsi(device, this.handleInterrupt));
      // 7. Let it read and write memory. Last, so that remove takes this away first.
      this.undo.push(enableBusMaster(device.config));
    } catch (error) {
      this.undo.run();
      throw error;
    }
  }

  /** The probe, backwards. */
  remove(): void {
    this.undo.run();
  }

  private readonly handleInterrupt = (): void => {
    const raised = this.registers.INTERRUPT_STATUS.read();
    this.registers.INTERRUPT_ACKNOWLEDGE.write(raised);
    this.arrived |= raised;
    this.interrupted.wake();
  };

  /** Starts an operation and waits for the interrupt that ends it. */
  private async perform(interrupt: number, start: () => void): Promise<void> {
    this.arrived &= ~interrupt;
    start();
    if (!(await this.interrupted.until(() => (this.arrived & interrupt) !== 0, 'data', TIMEOUT))) {
      throw new EduError('edu did not finish within a second.');
    }
  }

  /** n! modulo 2^32. */
  factorial(n: number): Promise<number> {
    return this.mutex.holding(async () => {
      await this.perform(eduInterrupts.FACTORIAL, () => {
        this.registers.STATUS.write(eduRegisters.rows.STATUS.bits.INTERRUPT.mask);
        this.registers.FACTORIAL.write(n);
      });
      return this.registers.FACTORIAL.read();
    });
  }

  /** Puts bytes at `offset` of the device's buffer. @throws RangeError when they do not fit */
  write(offset: number, bytes: Uint8Array): Promise<void> {
    return this.mutex.holding(async () => {
      checkRange(offset, bytes.length);
      this.device.memory.copyIn(this.page, bytes);
      await this.transfer(this.iova, eduBuffer.address + offset, bytes.length, 0);
    });
  }

  /** Gets the bytes at `offset` of the device's buffer. @throws RangeError when there are less */
  read(offset: number, into: Uint8Array): Promise<void> {
    return this.mutex.holding(async () => {
      checkRange(offset, into.length);
      await this.transfer(eduBuffer.address + offset, this.iova, into.length, FROM_DEVICE.mask);
      this.device.memory.copyOut(this.page, into);
    });
  }

  private transfer(from: number, to: number, bytes: number, direction: number): Promise<void> {
    return this.perform(eduInterrupts.DMA, () => {
      this.registers.DMA_SOURCE.write(from);
      this.registers.DMA_DESTINATION.write(to);
      this.registers.DMA_COUNT.write(bytes);
      this.registers.DMA_COMMAND.write(RUN.mask | INTERRUPT.mask | direction);
    });
  }
}

function checkRange(offset: number, bytes: number): void {
  if (offset < 0 || offset + bytes > eduBuffer.bytes) {
    throw new RangeError(`The buffer of edu has no ${bytes} bytes at ${offset}.`);
  }
}
