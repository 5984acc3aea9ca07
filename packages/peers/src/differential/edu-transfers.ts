/** edu: DMA, with good and bad ranges, and the time that it takes. */
import { createHash } from 'node:crypto';
import {
  type Accessors,
  EDU_DMA_MASK,
  eduBuffer,
  eduInterrupts,
  eduRegisters,
  type0Header,
  writeMasks,
} from '@doorbell/abi';
import { openEdu } from './edu-registers.ts';
import type { Random } from './random.ts';
import { MEMORY_BYTES, type Note, SCRATCH_BYTES, type Sequence, type Side } from './side.ts';

const { rows } = eduRegisters;
const { RUN, FROM_DEVICE, INTERRUPT } = rows.DMA_COMMAND.bits;
const { COMMAND, STATUS } = type0Header.rows;
const MILLISECOND = 1_000_000;
/** From the start to the end of a transfer. */
const TRANSFER = 100 * MILLISECOND;
/** No memory is there, and the device's addresses reach it. */
const NOWHERE = 0xc00_0000;

type Registers = Accessors<typeof rows>;

interface Transfer {
  readonly source: number;
  readonly destination: number;
  readonly count: number;
  readonly command: number;
}

function start(registers: Registers, { source, destination, count, command }: Transfer): void {
  registers.DMA_SOURCE.write(source);
  registers.DMA_DESTINATION.write(destination);
  registers.DMA_COUNT.write(count);
  registers.DMA_COMMAND.write(command);
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

function noteMemory({ memory, scratch }: Side, note: Note): void {
  const bytes = new Uint8Array(SCRATCH_BYTES);
  memory.copyOut(scratch, bytes);
  note('RAM', digest(bytes));
}

/** Bytes that may be there after something, by what has been done then. */
type Outcomes = Readonly<Record<string, Uint8Array>>;

/** In words, where it is one of the outcomes. */
function outcome(held: Uint8Array, outcomes: Outcomes): string {
  const found = Object.entries(outcomes).find(([, bytes]) => digest(bytes) === digest(held));
  return found?.[0] ?? digest(held);
}

/** What the device's buffer holds: it comes out by DMA alone. */
function noteBuffer(
  side: Side,
  registers: Registers,
  where: string,
  note: Note,
  outcomes: Outcomes = {},
): void {
  const { bytes } = eduBuffer;
  start(registers, {
    source: eduBuffer.address,
    destination: side.scratch,
    count: bytes,
    command: RUN.mask | FROM_DEVICE.mask,
  });
  side.clock.delay(TRANSFER);
  const held = new Uint8Array(bytes);
  side.memory.copyOut(side.scratch, held);
  note(where, outcome(held, outcomes));
}

/** Gives what is in the buffer then. */
function fill({ memory, scratch, clock }: Side, registers: Registers, random: Random): Uint8Array {
  const filling = random.bytes(eduBuffer.bytes);
  memory.copyIn(scratch, filling);
  start(registers, {
    source: scratch,
    destination: eduBuffer.address,
    count: eduBuffer.bytes,
    command: RUN.mask,
  });
  clock.delay(TRANSFER);
  return filling;
}

/** The same bytes, but for those that come first. */
function beginning(first: Uint8Array, bytes: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed.set(first);
  return changed;
}

/** A range within the buffer and one within the scratch RAM. */
function good({ scratch }: Side, random: Random): Transfer {
  const count = random.pick([0, 1, 3, 4, 64, eduBuffer.bytes, random.below(eduBuffer.bytes)]);
  const inside = eduBuffer.address + random.below(eduBuffer.bytes - count + 1);
  // Bits above the 28th do nothing.
  const high = (random.chance(4) ? random.next() & ~EDU_DMA_MASK : 0) >>> 0;
  const outside = high + scratch + random.below(SCRATCH_BYTES - count + 1);
  const isOut = random.chance(2);
  return {
    source: isOut ? inside : outside,
    destination: isOut ? outside : inside,
    count,
    command:
      (RUN.mask |
        (isOut ? FROM_DEVICE.mask : 0) |
        (random.chance(2) ? INTERRUPT.mask : 0) |
        (random.next() & rows.DMA_COMMAND.bits.SPARE.mask)) >>>
      0,
  };
}

function noteRegisters(registers: Registers, note: Note): void {
  note('DMA_SOURCE', registers.DMA_SOURCE.read());
  note('DMA_DESTINATION', registers.DMA_DESTINATION.read());
  note('DMA_COUNT', registers.DMA_COUNT.read());
  note('DMA_COMMAND', registers.DMA_COMMAND.read());
  note('INTERRUPT_STATUS', registers.INTERRUPT_STATUS.read());
}

/** Transfers both ways; what is written while one runs is ignored. */
export const moveBytes: Sequence = (side, random, note) => {
  const { registers } = openEdu(side);
  const { clock, memory, scratch } = side;
  memory.copyIn(scratch, random.bytes(SCRATCH_BYTES));
  fill(side, registers, random);
  for (let times = 0; times < 400; times++) {
    start(registers, good(side, random));
    note('DMA_COMMAND at once', registers.DMA_COMMAND.read());
    clock.delay(TRANSFER - MILLISECOND);
    noteMemory(side, note);
    if (random.chance(2)) {
      start(registers, good(side, random));
    }
    noteRegisters(registers, note);
    clock.delay(MILLISECOND);
    noteRegisters(registers, note);
    noteMemory(side, note);
    registers.INTERRUPT_ACKNOWLEDGE.write(eduInterrupts.DMA);
  }
  noteBuffer(side, registers, 'buffer', note);
};

/** To the nanosecond: from a whole millisecond on, and from within one. */
export const timeTransfers: Sequence = (side, random, note) => {
  const { registers } = openEdu(side);
  const { clock } = side;
  for (const late of [0, 300_000]) {
    clock.delay((MILLISECOND - (clock.now() % MILLISECOND)) % MILLISECOND);
    clock.delay(late);
    const from = late === 0 ? 'a whole millisecond' : 'within a millisecond';
    start(registers, { ...good(side, random), command: RUN.mask | FROM_DEVICE.mask, count: 0 });
    clock.delay(TRANSFER - late - 1);
    note(`begun at ${from}, 100 ms less that and 1 ns`, registers.DMA_COMMAND.read());
    clock.delay(1);
    note(`begun at ${from}, 100 ms less that`, registers.DMA_COMMAND.read());
    clock.delay(late);
    note(`begun at ${from}, 100 ms`, registers.DMA_COMMAND.read());
  }
};

/** What the bus does not reach: RAM that is not there, and all while it is no bus master. */
export const missMemory: Sequence = (side, random, note) => {
  const { registers } = openEdu(side);
  const { clock, config, scratch } = side;
  const { MEMORY } = COMMAND.bits;
  const inside = eduBuffer.address;
  const count = 64;
  for (const why of ['no RAM', 'no bus master'] as const) {
    const outside = why === 'no RAM' ? NOWHERE : scratch;
    for (const command of [RUN.mask, RUN.mask | FROM_DEVICE.mask]) {
      const isOut = command !== RUN.mask;
      const before = fill(side, registers, random);
      if (why === 'no bus master') {
        config.write(COMMAND.offset, 2, MEMORY.mask);
      }
      const [source, destination] = isOut ? [inside, outside] : [outside, inside];
      start(registers, { source, destination, count, command });
      clock.delay(TRANSFER);
      noteRegisters(registers, note);
      noteMemory(side, note);
      note(`configuration STATUS after DMA with ${why}`, config.read(STATUS.offset, 2));
      clearStatus(config);
      openEdu(side);
      noteBuffer(side, registers, `buffer after DMA ${isOut ? 'to' : 'from'} ${why}`, note, {
        'as before': before,
        'zeros came': beginning(new Uint8Array(count), before),
      });
    }
  }
};

/** What went wrong is forgotten. */
function clearStatus(config: Side['config']): void {
  config.write(STATUS.offset, 2, writeMasks(STATUS).w1c);
}

/** Half in RAM, half beyond its end. */
export const crossEnd: Sequence = (side, random, note) => {
  const { registers } = openEdu(side);
  const { clock, memory } = side;
  const half = 32;
  const edge = MEMORY_BYTES - half;
  const inside = eduBuffer.address;
  const before = fill(side, registers, random);
  const zeros = new Uint8Array(half);
  memory.copyIn(edge, zeros);
  start(registers, {
    source: inside,
    destination: edge,
    count: 2 * half,
    command: RUN.mask | FROM_DEVICE.mask,
  });
  clock.delay(TRANSFER);
  const last = new Uint8Array(half);
  memory.copyOut(edge, last);
  note(
    'RAM after DMA across its end',
    outcome(last, { 'as before': zeros, 'what there is came': before.subarray(0, half) }),
  );
  const there = random.bytes(half);
  memory.copyIn(edge, there);
  start(registers, { source: edge, destination: inside, count: 2 * half, command: RUN.mask });
  clock.delay(TRANSFER);
  noteRegisters(registers, note);
  clearStatus(side.config);
  noteBuffer(side, registers, 'buffer after DMA across the end of RAM', note, {
    'as before': before,
    'zeros came': beginning(Uint8Array.from([...there, ...zeros]), before),
  });
};

/** A range that is not within the buffer. */
function bad({ scratch }: Side, random: Random): Transfer {
  const { address, bytes } = eduBuffer;
  const [inside, count] = random.pick([
    [address + bytes - 8, 16],
    [address - 1, 4],
    [address, bytes + 1],
    [address + bytes, 1],
    [0, 64],
    [0xffff_fff0, 0x20],
    [0xffff_ffff, 0xffff_ffff],
    [address + 1, 0xffff_ffff],
    [random.next() | 0x8_0000, 1 + random.below(bytes)],
  ]);
  const [from, to] = [inside >>> 0, scratch];
  const isOut = random.chance(2);
  return {
    source: isOut ? from : to,
    destination: isOut ? to : from,
    count,
    command: RUN.mask | (isOut ? FROM_DEVICE.mask : 0) | (random.chance(2) ? INTERRUPT.mask : 0),
  };
}

/** Ranges that are not within the buffer: nothing moves. */
export const leaveBuffer: Sequence = (side, random, note) => {
  const { registers } = openEdu(side);
  fill(side, registers, random);
  for (let times = 0; times < 60; times++) {
    start(registers, bad(side, random));
    side.clock.delay(TRANSFER);
    noteRegisters(registers, note);
    noteMemory(side, note);
    registers.INTERRUPT_ACKNOWLEDGE.write(0xffff_ffff);
  }
  noteBuffer(side, registers, 'buffer', note);
};
