/** edu as something that does DMA to any address below 4 GiB, and tells what it got. */
import {
  type Accessors,
  accessors,
  eduBars,
  eduBuffer,
  eduRegisters,
  type PciDevice,
  type0Header,
} from '@doorbell/abi';

const { RUN, FROM_DEVICE } = eduRegisters.rows.DMA_COMMAND.bits;
const { MEMORY, BUS_MASTER } = type0Header.rows.COMMAND.bits;
/** What a transfer takes at most. In nanoseconds. */
const TRANSFER = 100_000_000;

export class EduRequester {
  private readonly device: PciDevice;
  private readonly registers: Accessors<typeof eduRegisters.rows>;

  constructor(device: PciDevice) {
    this.device = device;
    device.config.write(type0Header.rows.COMMAND.offset, 2, MEMORY.mask | BUS_MASTER.mask);
    this.registers = accessors(eduRegisters, device.mapBar(eduBars.REGISTERS.index));
  }

  /** From memory to the start of the buffer. */
  read(iova: number, bytes: number): void {
    this.transfer(iova, eduBuffer.address, bytes, 0);
  }

  /** From the start of the buffer to memory. */
  write(iova: number, bytes: number): void {
    this.transfer(eduBuffer.address, iova, bytes, FROM_DEVICE.mask);
  }

  private transfer(source: number, destination: number, bytes: number, direction: number): void {
    const { registers } = this;
    registers.DMA_SOURCE.write(source);
    registers.DMA_DESTINATION.write(destination);
    registers.DMA_COUNT.write(bytes);
    registers.DMA_COMMAND.write(RUN.mask | direction);
    this.device.clock.delay(TRANSFER);
  }
}
