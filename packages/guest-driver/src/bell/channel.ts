/**
 * One channel of bell, as its registers have it (datasheet, "channel"): where its ring is, its
 * doorbell, its interrupt, its reset.
 */
import {
  type Accessors,
  accessors,
  channelRegisters,
  channelWindow,
  doorbellRegisters,
  extract,
  GpuError,
  type Mmio,
  PAGE_BYTES,
} from '@doorbell/abi';
import { readFault } from './fault.ts';
import { notReset } from './reset-values.ts';

const { CONTROL, RESET, STATUS, INTERRUPT } = channelRegisters.rows;

/** Where the driver put what the channel needs: what its registers are set to. */
export interface ChannelSetup {
  /** The VRAM page of the page directory. */
  readonly pageRoot: number;
  /** GPU virtual address of the ring, and its bytes. */
  readonly ring: number;
  readonly ringSize: number;
  /** GPU virtual address that fences are written to. */
  readonly fence: number;
  /** The MSI-X vector. */
  readonly vector: number;
}

export class Channel {
  private readonly name: string;
  private readonly window: Mmio;
  private readonly base: number;
  private readonly registers: Accessors<typeof channelRegisters.rows>;
  private readonly doorbell: Accessors<typeof doorbellRegisters.rows>;

  constructor(number: number, registers: Mmio, doorbells: Mmio) {
    this.name = `bell: channel ${number}`;
    this.window = registers;
    this.base = channelWindow.base + number * channelWindow.stride;
    this.registers = accessors(channelRegisters, registers, this.base);
    this.doorbell = accessors(doorbellRegisters, doorbells, number * PAGE_BYTES);
  }

  /** Ends what the channel runs. It is off afterwards. */
  stop(): void {
    this.registers.RESET.write(RESET.bits.RESET.mask);
  }

  /** As `stop`, and makes sure. @throws GpuError `lost` */
  reset(): void {
    this.stop();
    const wrong = notReset(channelRegisters, this.window, this.base);
    if (wrong !== undefined) {
      throw new GpuError('lost', `${this.name} was reset, but ${wrong} was not.`);
    }
  }

  start(setup: ChannelSetup): void {
    const { registers } = this;
    const { FENCE, FAULT, HANG } = INTERRUPT.bits;
    registers.PAGE_ROOT.write(setup.pageRoot);
    registers.RING.write(setup.ring);
    registers.RING_SIZE.write(setup.ringSize);
    registers.FENCE_ADDRESS.write(setup.fence);
    registers.VECTOR.write(setup.vector);
    registers.INTERRUPT_ENABLE.write(FENCE.mask | FAULT.mask | HANG.mask);
    // Last: the device may use all of the above from here on.
    registers.CONTROL.write(CONTROL.bits.ENABLE.mask);
  }

  /** Publishes the ring up to `tail`. */
  ring(tail: number): void {
    // The packets must be in memory before the doorbell is rung. An x86 CPU keeps its stores in
    // order; on others a write barrier stands here, and for stores to VRAM, which a CPU may
    // combine, on every one.
    this.doorbell.TAIL.write(tail);
  }

  /** Why the channel interrupted; all ones when it is gone. */
  acknowledge(): number {
    const causes = this.registers.INTERRUPT.read();
    if (causes !== 0) {
      // Before anyone looks at the fence: one that is written after the look interrupts anew.
      this.registers.INTERRUPT.write(causes);
    }
    return causes;
  }

  /** As `channelStates` has it; another number when the channel is gone. */
  state(): number {
    return extract(STATUS.bits.STATE, this.registers.STATUS.read());
  }

  /** Why the channel stopped. */
  fault(): GpuError {
    return readFault(this.registers);
  }
}
