/** edu: its registers in every width, factorials, and interrupts by line and by message. */
import {
  type AccessWidth,
  accessors,
  type Accessors,
  EDU_MSI_OFFSET,
  eduBars,
  eduInterrupts,
  eduRegisters,
  msiCapability,
  type Mmio,
  type0Header,
} from '@doorbell/abi';
import type { Random } from './random.ts';
import type { Note, Sequence, Side } from './side.ts';

const { rows } = eduRegisters;
const { COMMAND, STATUS } = type0Header.rows;
const MICROSECOND = 1000;
/** QEMU computes in a thread of its own, in real time; our model in 10 µs. */
const MOST_POLLS = 200_000;
const LARGEST_FACTORIAL = 1000;

export interface EduWindow {
  readonly mmio: Mmio;
  readonly registers: Accessors<typeof rows>;
}

/** Memory decoded and bus master, and a window on the registers. */
export function openEdu(side: Side): EduWindow {
  side.config.write(COMMAND.offset, 2, COMMAND.bits.MEMORY.mask | COMMAND.bits.BUS_MASTER.mask);
  const mmio = side.mapBar(eduBars.REGISTERS.index);
  return { mmio, registers: accessors(eduRegisters, mmio) };
}

const place = (offset: number, width: number): string =>
  `BAR0 0x${offset.toString(16)}, ${width} bytes`;

/** Registers, what lies between and beyond them; mostly the registers. */
function anywhere(random: Random, width: AccessWidth): number {
  const range = random.pick([0xa0, 0xa0, 0xa0, 0x200, eduBars.REGISTERS.size]);
  return random.below(range / width) * width;
}

/** What would start an operation has its own sequence. */
function starts(offset: number, value: number): boolean {
  return (
    offset === rows.FACTORIAL.offset ||
    (offset === rows.DMA_COMMAND.offset && (value & rows.DMA_COMMAND.bits.RUN.mask) !== 0)
  );
}

/** Reads and writes in every width, anywhere. */
export const useRegisters: Sequence = (side, random, note) => {
  const { mmio, registers } = openEdu(side);
  for (let times = 0; times < 4000; times++) {
    const width = random.pick<AccessWidth>([1, 2, 4, 4]);
    const offset = anywhere(random, width);
    const value = random.next() % 2 ** (8 * width);
    if (random.chance(2) || (width === 4 && starts(offset, value))) {
      note(place(offset, width), mmio.read(offset, width));
    } else {
      mmio.write(offset, width, value);
      note('INTERRUPT_STATUS', registers.INTERRUPT_STATUS.read());
      note('STATUS of configuration space', side.config.read(STATUS.offset, 2));
    }
  }
  for (const name of eduRegisters.names) {
    note(name, mmio.read(rows[name].offset, 4));
  }
  registers.INTERRUPT_ACKNOWLEDGE.write(0xffff_ffff);
  registers.STATUS.write(0);
};

/** Waits for what QEMU does in real time: a poll is also a microsecond of the model's. */
function poll(side: Side, isOver: () => boolean): boolean {
  for (let polls = 0; polls < MOST_POLLS; polls++) {
    if (isOver()) {
      return true;
    }
    side.clock.delay(MICROSECOND);
  }
  return false;
}

export const computeFactorials: Sequence = (side, random, note) => {
  const { registers } = openEdu(side);
  for (let times = 0; times < 300; times++) {
    const interrupts = random.chance(2);
    const n = random.chance(2) ? random.below(40) : random.below(LARGEST_FACTORIAL);
    registers.STATUS.write(interrupts ? random.next() | rows.STATUS.bits.INTERRUPT.mask : 0);
    registers.FACTORIAL.write(n);
    const isOver = poll(side, () =>
      interrupts
        ? (registers.INTERRUPT_STATUS.read() & eduInterrupts.FACTORIAL) !== 0
        : (registers.STATUS.read() & rows.STATUS.bits.COMPUTING.mask) === 0,
    );
    note(`${n}! is over`, Number(isOver));
    note(`${n}!`, registers.FACTORIAL.read());
    note('STATUS', registers.STATUS.read());
    note('INTERRUPT_STATUS', registers.INTERRUPT_STATUS.read());
    registers.INTERRUPT_ACKNOWLEDGE.write(random.next() | eduInterrupts.FACTORIAL);
    note('INTERRUPT_STATUS, acknowledged', registers.INTERRUPT_STATUS.read());
  }
  registers.STATUS.write(0);
};

/** INTx: how often the handler runs, and what it sees. */
export const raiseLine: Sequence = async (side, random, note) => {
  const { registers } = openEdu(side);
  const { config, irq, clock } = side;
  let isMasked = false;
  irq.requestLine(() => {
    const raised = registers.INTERRUPT_STATUS.read();
    note('INTERRUPT_STATUS in the handler', raised);
    registers.INTERRUPT_ACKNOWLEDGE.write(raised);
  });
  for (let times = 0; times < 300; times++) {
    if (random.chance(4)) {
      isMasked = !isMasked;
      const command = config.read(COMMAND.offset, 2);
      const mask = COMMAND.bits.INTX_DISABLE.mask;
      config.write(COMMAND.offset, 2, isMasked ? command | mask : command & ~mask);
    } else {
      registers.INTERRUPT_RAISE.write(random.chance(4) ? 0 : 1 << random.below(32));
    }
    await clock.sleep(MICROSECOND);
    note('INTERRUPT_STATUS after the handler', registers.INTERRUPT_STATUS.read());
    note('STATUS of configuration space', config.read(STATUS.offset, 2));
  }
  irq.releaseLine();
  registers.INTERRUPT_ACKNOWLEDGE.write(0xffff_ffff);
  config.write(COMMAND.offset, 2, config.read(COMMAND.offset, 2) & ~COMMAND.bits.INTX_DISABLE.mask);
};

/** What a message writes, and when: with and without MSI, and as a bus master and not. */
export const sendMessages: Sequence = (side, random, note) => {
  const { registers } = openEdu(side);
  const { config, memory } = side;
  for (let times = 0; times < 400; times++) {
    const address = side.scratch + random.below(64) * 4;
    memory.store32(address, 0);
    const isMaster = setUpMessage(side, random, address, note);
    const raised = random.chance(8) ? 0 : 1 << random.below(32);
    registers.INTERRUPT_RAISE.write(raised);
    // A read waits for the writes before it, and so do messages that they send.
    note('INTERRUPT_STATUS', registers.INTERRUPT_STATUS.read());
    note(isMaster ? 'message' : 'message while it is no bus master', memory.load32(address));
    memory.store32(address, 0);
    registers.INTERRUPT_ACKNOWLEDGE.write(0xffff_ffff);
    note('INTERRUPT_STATUS, acknowledged', registers.INTERRUPT_STATUS.read());
    note('message of an acknowledgement', memory.load32(address));
    note('STATUS of configuration space', config.read(STATUS.offset, 2));
  }
  config.write(EDU_MSI_OFFSET + msiCapability.rows.CONTROL.offset, 2, 0);
  openEdu(side);
};

/** Programs the capability; gives whether the function is a bus master. */
function setUpMessage({ config }: Side, random: Random, address: number, note: Note): boolean {
  const { CONTROL, ADDRESS_LO, ADDRESS_HI, DATA } = msiCapability.rows;
  const { MEMORY, BUS_MASTER } = COMMAND.bits;
  const at = EDU_MSI_OFFSET;
  const isMaster = !random.chance(8);
  config.write(at + ADDRESS_LO.offset, 4, address | random.below(4));
  config.write(at + ADDRESS_HI.offset, 4, 0);
  config.write(at + DATA.offset, 2, 1 + random.below(0xffff));
  config.write(at + CONTROL.offset, 2, random.chance(4) ? 0 : CONTROL.bits.ENABLE.mask);
  config.write(COMMAND.offset, 2, MEMORY.mask | (isMaster ? BUS_MASTER.mask : 0));
  note('MSI address', config.read(at + ADDRESS_LO.offset, 4));
  note('MSI data', config.read(at + DATA.offset, 2));
  return isMaster;
}
