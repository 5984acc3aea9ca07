/**
 * A network card of Intel's as something that reads from any address of 64 bits: the head of its
 * transmit ring (82540EM: PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's
 * Manual §13.4). Nothing of what it reads comes out.
 */
import {
  type Accessors,
  accessors,
  bit,
  type PciDevice,
  registerMap,
  type0Header,
} from '@doorbell/abi';

const { MEMORY, BUS_MASTER } = type0Header.rows.COMMAND.bits;

const transmitRegisters = registerMap('82540EM transmit', 0x4000, 'BAR0.', {
  TCTL: {
    offset: 0x0400,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: { EN: bit(1, 'Descriptors are fetched.') },
    doc: 'Transmit control (§13.4.33).',
  },
  TDBAL: { offset: 0x3800, width: 4, access: 'RW', reset: 0, doc: 'The ring, bits 31:4.' },
  TDBAH: { offset: 0x3804, width: 4, access: 'RW', reset: 0, doc: 'The ring, bits 63:32.' },
  TDLEN: { offset: 0x3808, width: 4, access: 'RW', reset: 0, doc: 'Its size in bytes.' },
  TDH: { offset: 0x3810, width: 4, access: 'RW', reset: 0, doc: 'The next descriptor.' },
  TDT: { offset: 0x3818, width: 4, access: 'RW', reset: 0, doc: 'One past the last.' },
});

const RING_BYTES = 128;

export class WideRequester {
  private readonly registers: Accessors<typeof transmitRegisters.rows>;

  constructor(device: PciDevice) {
    device.config.write(type0Header.rows.COMMAND.offset, 2, MEMORY.mask | BUS_MASTER.mask);
    this.registers = accessors(transmitRegisters, device.mapBar(0));
    this.registers.TCTL.write(transmitRegisters.rows.TCTL.bits.EN.mask);
  }

  /** Reads a descriptor of 16 bytes; both are a multiple of 16. */
  read(iova: number): void {
    const { registers } = this;
    registers.TDBAL.write(iova % 2 ** 32);
    registers.TDBAH.write(Math.floor(iova / 2 ** 32));
    registers.TDLEN.write(RING_BYTES);
    registers.TDH.write(0);
    registers.TDT.write(1);
    registers.TDH.read();
  }
}
