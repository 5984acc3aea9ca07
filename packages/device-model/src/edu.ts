/**
 * edu, QEMU's teaching device (docs/reference/edu.md): factorials, DMA, interrupts. Its behaviour
 * is that of QEMU 11.1's, but for what docs/reference/peers.md lists.
 */
import {
  type AccessWidth,
  allOnes,
  type DeviceHost,
  EDU_DMA_MASK,
  EDU_MSI_OFFSET,
  eduBars,
  eduBuffer,
  eduDurations,
  eduIds,
  eduInterrupts,
  eduRegisters,
  faults,
  RegisterFile,
  type Stateful,
} from '@doorbell/abi';
import { type FunctionState, PciFunction } from './pci-function.ts';

const { rows } = eduRegisters;
const { COMPUTING, INTERRUPT: FACTORIAL_INTERRUPT } = rows.STATUS.bits;
const { RUN, FROM_DEVICE, INTERRUPT: DMA_INTERRUPT } = rows.DMA_COMMAND.bits;

const timer = { FACTORIAL: 0, DMA: 1 } as const;
/** What QEMU gives every device whose board says nothing else. */
const board = { subsystemVendor: 0x1af4, subsystem: 0x1100 } as const;

interface EduState {
  readonly pci: FunctionState;
  readonly registers: Uint32Array;
  readonly buffer: Uint8Array;
}

export class Edu extends PciFunction implements Stateful<EduState> {
  private readonly buffer = new Uint8Array(eduBuffer.bytes);
  private readonly registers = new RegisterFile(eduRegisters, {
    LIVENESS: { write: (written) => this.registers.set('LIVENESS', ~written >>> 0) },
    FACTORIAL: { write: () => this.startFactorial() },
    INTERRUPT_RAISE: { write: (written) => this.raise(written) },
    INTERRUPT_ACKNOWLEDGE: { write: (written) => this.acknowledge(written) },
    DMA_COMMAND: { write: () => this.host.timers.arm(timer.DMA, eduDurations.DMA) },
  });

  constructor(host: DeviceHost) {
    super(host, { ...eduIds, ...board, interruptPin: 1 });
    const { index, size } = eduBars.REGISTERS;
    this.addBar({
      index,
      size,
      is64: false,
      prefetchable: false,
      regions: [
        {
          base: 0,
          size,
          widths: [1, 2, 4],
          read: (offset, width) => this.readRegister(offset, width),
          write: (offset, width, value) => this.writeRegister(offset, width, value),
        },
      ],
    });
    this.addMsi(EDU_MSI_OFFSET);
  }

  // ------------------------------------------------------------------------------ registers

  private readRegister(offset: number, width: AccessWidth): number {
    if (width !== 4) {
      return 0;
    }
    const isWriteOnly =
      offset === rows.INTERRUPT_RAISE.offset || offset === rows.INTERRUPT_ACKNOWLEDGE.offset;
    return isWriteOnly ? allOnes(4) : this.registers.read(offset, 4);
  }

  private writeRegister(offset: number, width: AccessWidth, value: number): void {
    if (width === 4 && !this.ignores(offset, value)) {
      this.registers.write(offset, 4, value);
    }
  }

  /** What an operation uses does not change while it runs. */
  private ignores(offset: number, value: number): boolean {
    if (offset === rows.FACTORIAL.offset) {
      return (this.registers.get('STATUS') & COMPUTING.mask) !== 0;
    }
    if (offset === rows.DMA_COMMAND.offset && (value & RUN.mask) === 0) {
      return true;
    }
    return offset >= rows.DMA_SOURCE.offset && this.transfers();
  }

  private transfers(): boolean {
    return (this.registers.get('DMA_COMMAND') & RUN.mask) !== 0;
  }

  // ------------------------------------------------------------------------------ interrupts

  private raise(bits: number): void {
    const raised = (this.registers.get('INTERRUPT_STATUS') | bits) >>> 0;
    this.registers.set('INTERRUPT_STATUS', raised);
    if (raised !== 0) {
      this.setLevel(true);
      this.signal(0);
    }
  }

  private acknowledge(bits: number): void {
    const left = (this.registers.get('INTERRUPT_STATUS') & ~bits) >>> 0;
    this.registers.set('INTERRUPT_STATUS', left);
    this.setLevel(left !== 0);
  }

  // ------------------------------------------------------------------------------ operations

  override onTimer(id: number): void {
    if (id === timer.FACTORIAL) {
      this.finishFactorial();
    } else {
      this.finishTransfer();
    }
  }

  private startFactorial(): void {
    this.registers.set('STATUS', this.registers.get('STATUS') | COMPUTING.mask);
    this.host.timers.arm(timer.FACTORIAL, eduDurations.FACTORIAL);
  }

  private finishFactorial(): void {
    const { registers } = this;
    const status = registers.get('STATUS');
    registers.set('FACTORIAL', factorial(registers.get('FACTORIAL')));
    registers.set('STATUS', status & ~COMPUTING.mask);
    if ((status & FACTORIAL_INTERRUPT.mask) !== 0) {
      this.raise(eduInterrupts.FACTORIAL);
    }
  }

  private finishTransfer(): void {
    const { registers } = this;
    const command = registers.get('DMA_COMMAND');
    const fault = this.transfer((command & FROM_DEVICE.mask) !== 0);
    if (fault !== faults.NONE.code) {
      this.host.trace.event('fault', 0, fault);
    }
    registers.set('DMA_COMMAND', (command & ~RUN.mask) >>> 0);
    if ((command & DMA_INTERRUPT.mask) !== 0) {
      this.raise(eduInterrupts.DMA);
    }
  }

  /** Moves the bytes, all or none, and says why not: a fault's code. */
  private transfer(fromDevice: boolean): number {
    const { registers } = this;
    const source = registers.get('DMA_SOURCE');
    const destination = registers.get('DMA_DESTINATION');
    const bytes = registers.get('DMA_COUNT');
    const inside = (fromDevice ? source : destination) - eduBuffer.address;
    if (inside < 0 || inside + bytes > eduBuffer.bytes) {
      return faults.BAD_ARGUMENT.code;
    }
    const part = this.buffer.subarray(inside, inside + bytes);
    const address = (fromDevice ? destination : source) & EDU_DMA_MASK;
    const done = fromDevice ? this.bus.write(address, part) : this.bus.read(address, part);
    return done ? faults.NONE.code : faults.BUS.code;
  }

  // ------------------------------------------------------------------------------ state

  protected override onReset(): void {
    this.registers.reset();
    this.buffer.fill(0);
    this.host.timers.disarm(timer.FACTORIAL);
    this.host.timers.disarm(timer.DMA);
  }

  save(): EduState {
    return {
      pci: this.saveFunction(),
      registers: this.registers.save(),
      buffer: this.buffer.slice(),
    };
  }

  load(state: EduState): void {
    this.loadFunction(state.pci);
    this.registers.load(state.registers);
    this.buffer.set(state.buffer);
  }
}

/** Modulo 2^32: from 34 on, the product has 32 factors of two. */
function factorial(n: number): number {
  let product = 1;
  for (let factor = Math.min(n, 34); factor > 1; factor--) {
    product = Math.imul(product, factor);
  }
  return product >>> 0;
}
