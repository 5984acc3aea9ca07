/** docs/reference/bell.md: the datasheet of bell. */
import {
  bellBars,
  bellIds,
  bellRegisters,
  channelRegisters,
  CHANNELS,
  channelStates,
  channelWindow,
  doorbellRegisters,
  drawPackets,
  faults,
  gpuVa,
  msixLayout,
  PAGE_BYTES,
  pte,
  VECTORS,
} from '../bell.ts';
import { MAX_COPY_BYTES, MAX_INDICES, MAX_ROWS, MAX_SURFACE, VERTEX_BYTES } from '../commands.ts';
import { blocks, hex, list, page, steps, table } from './markdown.ts';
import { computePacketTable, drawPacketTables, ringPacketTables } from './packet-tables.ts';
import { bitTable, legend, registerTables } from './register-tables.ts';

const bars = Object.entries(bellBars).map(([name, { index, size }]): (string | number)[] => [
  index,
  name,
  size >= 1 << 20 ? `${size >> 20} MiB` : `${size >> 10} KiB`,
  name === 'VRAM' ? '64 bits, prefetchable' : '32 bits',
]);

const overview = blocks(
  `bell is a GPU behind PCI Express. It has ${CHANNELS} channels, which are independent contexts: each has
a ring of packets in memory, a doorbell, a fence, page tables of its own and its own interrupt. Three
kinds of packets do work: the copy engine's, the 3D engine's, and (reserved) the compute engine's.
A scheduler in the hardware shares the engines among the channels that have something to do.`,
  `This page is all that a driver's author needs, together with the rules of
[configuration space](pci.md). Names of registers stand as REGISTER or REGISTER.FIELD; channel n's
as CHANNEL.REGISTER where the function has one of the same name.`,
);

const identity = blocks(
  '## The function',
  list([
    `Vendor ${hex(bellIds.vendor, 4)}, device ${hex(bellIds.device, 4)}, revision ${hex(bellIds.revision)}, class ${hex(bellIds.classCode, 6)}: a display controller.`,
    'Capabilities: power management, MSI-X, PCI Express with function-level reset, device serial number.',
    `MSI-X has ${VECTORS} vectors: enough for one per channel and one for the function. Any vector may serve any purpose.`,
  ]),
  table(['BAR', 'Name', 'Size', 'Kind'], bars),
  list([
    `BAR0: the function's registers at offset 0; channel n's at ${hex(channelWindow.base)} + n × ${hex(channelWindow.stride)}. Everything else in it is reserved.`,
    `BAR1: one page of ${PAGE_BYTES} bytes per channel, so that a channel's doorbell can be mapped into one guest alone.`,
    'BAR2: the VRAM aperture. It is nothing but memory, and takes accesses of every size. VRAM_PAGES says how much of it there is.',
    `BAR4: the MSI-X table at ${hex(msixLayout.table)}, its pending bits at ${hex(msixLayout.pending)}.`,
  ]),
  `Nothing works after reset: memory decoding and bus mastering are off, BARs have no addresses, all
vectors are masked, all channels are disabled. VRAM's contents after power-on are zero; a reset
keeps them.`,
);

const windowErrors = blocks(
  '### Accesses that mean nothing',
  `Registers are read and written in 4 bytes at an offset that is a multiple of 4. A read of a
reserved offset, or in another size, gives all ones. Such a write does nothing but set
ERROR.RESERVED, if it is to BAR0, and interrupt at ERROR_VECTOR, if ERROR_ENABLE.RESERVED is 1.
ERROR_OFFSET keeps the first such offset until ERROR is clear. A write to a read-only register is no
error; it is ignored. In BAR1 such a write is ignored.`,
);

const functionNotes = blocks(
  '### Notes',
  list([
    'RESET has the effect of a reset of every channel and gives the registers of this map their reset values. It is complete when the write returns. Configuration space, the MSI-X table and VRAM are not touched.',
    'TIME_LO, then TIME_HI, in this order, are one 64-bit number that does not tear.',
    'CONTROL.ENABLE 0 lets the packet that runs finish; none is begun until it is 1. Doorbells are taken all the same.',
    'WATCHDOG counts the time of one packet: on an engine, or in a WAIT. It does not count the time that a channel waits for its turn.',
  ]),
);

const scanout = blocks(
  '### Scanout',
  `The screen shows a rectangle of VRAM: SCANOUT_SIZE pixels of 4 bytes (R, G, B, A in this order),
rows SCANOUT_STRIDE bytes apart, the first one at page SCANOUT_PAGE. These registers are looked at
when SCANOUT_FLIP is written and at no other time. A flip is ignored while SCANOUT_CONTROL.ENABLE is
0, while width or height is 0 or above ${MAX_SURFACE}, while the stride is less than a row, or while
the rectangle reaches beyond VRAM; otherwise SCANOUT_FRAMES counts it. The flip happens at once: a
driver first waits for the fence behind the work that draws the frame.`,
);

const stateDocs: Readonly<Record<keyof typeof channelStates, string>> = {
  IDLE: 'Disabled and stopped, or nothing to do: HEAD equals TAIL.',
  RUNNABLE: 'Waits for its turn, or in a WAIT packet.',
  RUNNING: 'A packet of it is being executed.',
  FAULTED: 'A packet, a doorbell or the ring was wrong: see FAULT.',
  HUNG: 'A packet took too long.',
};

const channelNotes = blocks(
  '### Notes',
  list([
    'A channel is set up while CONTROL.ENABLE is 0. While it is 1, writes to RING, RING_SIZE and PAGE_ROOT are ignored; FENCE_ADDRESS, VECTOR and INTERRUPT_ENABLE may change.',
    'A bit of INTERRUPT that goes from 0 to 1 while its bit in INTERRUPT_ENABLE is 1 sends the message of VECTOR. A bit that stays 1 sends nothing more, so a handler clears what it read before it acts on it.',
    'RESET ends what the channel runs, forgets its translations, and gives all its registers their reset values, HEAD and TAIL too. It is complete when the write returns. It is the only way out of the states faulted and hung. No other channel notices.',
    'CONTROL.ENABLE 0 lets the packet that runs finish, and keeps HEAD and TAIL. With 1 again the channel goes on at HEAD.',
  ]),
  table(
    ['STATUS.STATE', 'Name', 'Meaning'],
    Object.entries(channelStates).map(([name, code]) => [
      code,
      name,
      stateDocs[name as keyof typeof channelStates],
    ]),
  ),
);

const pageTables = blocks(
  '## Page tables',
  `Every address that a channel's ring, packets and fences name is a GPU virtual address of
${gpuVa.bits} bits, translated by the channel's own tables. An address with a bit above them is not
present. The tables lie in VRAM: a directory of ${gpuVa.entries} entries at page PAGE_ROOT, each for a
table of ${gpuVa.entries} entries, each for a page of ${PAGE_BYTES} bytes.`,
  table(
    ['Bits of the address', 'What they choose'],
    [
      ['29:21', 'The entry of the directory'],
      ['20:12', 'The entry of the table'],
      ['11:0', 'The byte of the page'],
    ],
  ),
  `An entry has ${gpuVa.entryBytes} bytes: the low word as below; the high word holds address bits 47:32 in
its bits 15:0, and zeros.`,
  bitTable(pte),
  list([
    'An entry of the directory has VALID and TABLE. Its address is the byte offset in VRAM of the table; WRITE and SYSTEM are zero.',
    'An entry of a table has VALID, and WRITE if the channel may write the page. Its address is a byte offset in VRAM, or with SYSTEM a bus address: the IOVA that the DMA mapping gave. TABLE is zero.',
    'An entry that is not VALID is ignored altogether, and faults NOT_PRESENT. Any other breach of these rules, and an address outside of VRAM, faults BAD_ENTRY.',
  ]),
  `The device may keep translations that it found valid. After a valid entry is changed or removed,
and before the page is used for something else, write TLB_INVALIDATE. An entry that was not valid is
never kept, so a page that is added needs no invalidation. A channel's reset also forgets its
translations.`,
);

const ring = blocks(
  '## The ring',
  `A channel's packets lie in a ring: RING_SIZE bytes (a power of two from 256 to 1 MiB) at the
virtual address RING (a multiple of 4096; all of it lies below 2^${gpuVa.bits}). HEAD and TAIL are byte
offsets in it. The device reads packets from HEAD on until HEAD equals TAIL. The driver writes packets
from TAIL on; they are not seen until the doorbell is rung with the offset past the last of them. The
device may read ahead up to there, so a packet must not change from then on until it is done.`,
  list([
    'A packet begins with a header word: its opcode in bits 7:0, zeros in bits 15:8, its length in words (header included) in bits 31:16.',
    "A packet does not wrap. When one does not fit before the ring's end, fill the rest with one NOP of that length and go on at offset 0. A packet may end exactly at the end; the next offset is then 0, never RING_SIZE.",
    'The ring is empty when HEAD equals TAIL, so at most RING_SIZE − 4 bytes can be outstanding. The driver must not write over what HEAD has not passed. It need not read HEAD: a fence that has come back says the same of all that was before it.',
    "HEAD moves past a packet when the packet is done. In a fault or a hang it stays at the packet, or at the INDIRECT packet whose buffer holds it; FAULT_PACKET has the packet's own address.",
  ]),
  '### The doorbell',
  registerTables(doorbellRegisters),
  `A write to the doorbell sets CHANNEL.TAIL and makes the channel runnable. Since writes are posted in
order, packets that the driver wrote before are in memory by then. On a channel that is disabled,
faulted or hung a doorbell is ignored. A tail that is not a multiple of 4, or not below RING_SIZE,
faults BAD_TAIL; a ring whose registers break the rules above faults BAD_RING at the doorbell.`,
  "### The ring's own packets",
  ringPacketTables(),
  list([
    'NOP is one whole packet, however long: the words behind its header are not looked at.',
    'The buffer of INDIRECT holds whole packets of any kind but INDIRECT, and may be run any number of times. It begins with nothing set: no target, viewport, scissor, texture or transform. A driver keeps long lists out of the ring with it.',
    'FENCE: first `value` is written to memory at FENCE_ADDRESS (through the page tables, so it may fault), then CHANNEL.FENCE changes, then the interrupt goes out. What earlier packets wrote is in memory before that. While FENCE_ADDRESS is 0 nothing is written to memory.',
    'WAIT compares unsigned. While it waits, other channels run; the word is looked at again every microsecond, and after WATCHDOG the channel is hung. This is how channels wait for each other: one waits for the word at which another has its fence.',
  ]),
);

const scheduling = blocks(
  '## Scheduling',
  list([
    'One packet of one channel runs at a time, on whichever engine it is for. Packets of a channel run in their order, each when the one before it is done and its writes are visible.',
    'Runnable channels take turns, round-robin in order of their numbers. A turn ends when the channel has nothing more to do, waits in a WAIT, or has run for a time slice of 1 ms and another channel is runnable; it ends between packets, never within one. State that a channel has set (target, viewport, scissor, texture, transform) is its own and is there again in its next turn.',
    'A packet that runs longer than WATCHDOG is stopped, and its channel is hung. Nobody else waits longer than that for a packet to end.',
  ]),
);

const faultSection = blocks(
  '## Faults',
  `A packet that the device cannot carry out faults its channel. The channel stops with STATUS.STATE 3
(or 4 after a hang); FAULT.REASON, FAULT.OPCODE, FAULT_ADDRESS and FAULT_PACKET say why and where;
INTERRUPT.FAULT (or INTERRUPT.HANG) is set. Other channels go on. To recover, write CHANNEL.RESET and
set the channel up again. What packets before the one at fault did has happened; what it did itself
is unspecified within the range that it may write.`,
  table(
    ['Code', 'Reason', 'Meaning'],
    Object.entries(faults).map(([name, { code, doc }]) => [code, name, doc]),
  ),
  `FAULT_ADDRESS is the virtual address that could not be reached (codes 1 to 4), or the value that was
bad: the header's opcode or length, the argument, the tail, the register of the ring, the index; 0
after a hang. FAULT_PACKET and FAULT.OPCODE are 0 when a doorbell is to blame and not a packet.`,
);

const packets = blocks(
  '## Packets',
  `Opcodes 0x10 to 0x1f are the copy engine's, 0x20 to 0x2f the 3D engine's, 0x30 to 0x3f the compute
engine's. A packet's length is fixed by its opcode. A field of type *address* is one word, a GPU
virtual address; *u32* a word; *f32* a word whose bits are an IEEE 754 float.`,
  `A rectangle of h rows that lie s bytes apart, of w bytes each, touches the bytes from its address to
address + (h − 1) × s + w, and none when h or w is 0. All of these must be mapped, and for writing
where the packet writes. A field that breaks one of these rules faults BAD_ARGUMENT:`,
  list([
    'Addresses and strides are multiples of 4, except in copy.',
    'A stride is at least a row, unless there is only one.',
    `Of pixels, texels and depths, width and height are at most ${MAX_SURFACE}, and a stride at most ${MAX_SURFACE * 4}; a texture has at least one texel.`,
    `A fill or a copy has at most ${MAX_ROWS} rows and writes at most ${MAX_COPY_BYTES >> 20} MiB.`,
    'A field of choices or flags has no other value than those that its table names.',
    'Where a table says "or none", address 0 is none.',
  ]),
  'A pixel is four bytes: R, G, B, A; as a word, R is in bits 7:0.',
  drawPacketTables(drawPackets),
  '#### Compute',
  `These opcodes are reserved for the compute engine. A part without it (CAPS.COMPUTE 0) faults
UNSUPPORTED.`,
  computePacketTable(),
);

const drawing = blocks(
  '## What the 3D engine draws',
  list([
    `A vertex has ${VERTEX_BYTES} bytes: position x, y, z; normal x, y, z; texture coordinates u, v (all f32); colour R, G, B, A (one byte each). Three indices make a triangle; a remainder of one or two is ignored. A draw has at most ${MAX_INDICES} indices.`,
    'Position (x, y, z, 1) times the matrix is a point in clip space. Only what has w > 0 and 0 ≤ z ≤ w is drawn. Divided by w, x and y from −1 to 1 fall on the viewport, y = −1 at its top; z is the depth, scaled to 0 to 0xffffff.',
    "A vertex's colour is its R, G and B times ambient + max(0, normal · light), at most 255; A stays. Colours and texture coordinates are interpolated with perspective. The texel, if there is a texture, is multiplied with the colour.",
    'A pixel belongs to a triangle when its centre lies within it; a centre on an edge belongs to the triangle of which it is a left or a top edge, so that two triangles with a common edge draw each pixel once.',
    'With flag 2 a pixel is drawn where its depth is less than what the depth buffer holds; with flag 4 its depth is stored. Without a depth buffer both are ignored. With flag 1 a triangle that is clockwise on the screen is dropped.',
    'A pixel is drawn where target, viewport and scissor meet. There is no blending here; blit blends.',
    'Before the first setTarget of a channel after its reset, a draw faults BAD_ARGUMENT. The other state is zero after reset, so that nothing is drawn.',
  ]),
);

const bringUp = blocks(
  '## Bringing it up, step by step',
  steps([
    'Match the ids. Set COMMAND.MEMORY and map BAR0, BAR1, BAR2.',
    'Read ID: it spells BELL. Check REVISION.MAJOR 1. Read CAPS and VRAM_PAGES.',
    'Write RESET.',
    'Set COMMAND.BUS_MASTER. Enable MSI-X; program and unmask the vectors that are wanted.',
    'Choose VRAM pages for a directory and the tables of a channel; clear them; enter the pages of the ring, of a page for the fence, and of whatever the packets touch. RAM is first mapped for DMA, and its entries have SYSTEM.',
    'Write RING, RING_SIZE, PAGE_ROOT, FENCE_ADDRESS, VECTOR and INTERRUPT_ENABLE of the channel, then its CONTROL.ENABLE.',
    'Write WATCHDOG if another limit is wanted, and CONTROL.ENABLE.',
  ]),
  '## A submission, step by step',
  steps([
    'Wait until the ring has room: until enough fences have come back.',
    "Write the packets (or one INDIRECT to a buffer of them) from the driver's own tail on.",
    'Write a FENCE with the next number and `interrupt` 1.',
    'Ring the doorbell with the offset past it: one 4-byte write to the page of the channel in BAR1.',
    "The device sets TAIL; when the channel's turn comes it reads the packets at HEAD through the page tables, checks them, runs them, and moves HEAD.",
    'At the FENCE it writes the number to memory, sets INTERRUPT.FENCE, and sends the message of VECTOR.',
    'The handler reads INTERRUPT, writes back what it read to clear it, then reads the number in memory and completes all submissions up to it. With FAULT or HANG it reports the fault and resets the channel.',
  ]),
  '## Taking it down',
  steps([
    'Write RESET: nothing runs, and no more DMA is issued.',
    'Mask the vectors and disable MSI-X. Clear COMMAND.BUS_MASTER.',
    'Unmap and free the memory.',
    'Clear COMMAND.MEMORY.',
  ]),
);

export function bellPage(): string {
  return page(
    'bell: the datasheet',
    overview,
    identity,
    '## Function registers',
    legend,
    registerTables(bellRegisters),
    windowErrors,
    functionNotes,
    scanout,
    '## Channel registers',
    `Channel n's registers begin at ${hex(channelWindow.base)} + n × ${hex(channelWindow.stride)} of BAR0, n from 0 to ${CHANNELS - 1}.`,
    registerTables(channelRegisters),
    channelNotes,
    pageTables,
    ring,
    scheduling,
    faultSection,
    packets,
    drawing,
    bringUp,
  );
}
