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
  msixLayout,
  PAGE_BYTES,
  sriovRegisters,
  TOTAL_VFS,
  VECTORS,
} from '../bell.ts';
import { faults } from '../bell-faults.ts';
import { drawPackets } from '../bell-packets.ts';
import { gpuVa, pte } from '../bell-page-tables.ts';
import { MAX_COPY_BYTES, MAX_ROWS, MAX_SURFACE } from '../commands.ts';
import { example } from './bell-example.ts';
import { pixels } from './bell-pixels.ts';
import { blocks, hex, list, page, steps, table } from './markdown.ts';
import { computePacketTable, drawPacketTables, ringPacketTables } from './packet-tables.ts';
import { bitTable, legend, registerTables } from './register-tables.ts';

const bars = Object.entries(bellBars).map(([name, { index, size }]): (string | number)[] => [
  index,
  name,
  size >= 1 << 20 ? `${size >> 20} MiB` : `${size >> 10} KiB`,
  name === 'VRAM' ? '64 bits, prefetchable' : '32 bits',
]);

const version = bellRegisters.rows.REVISION.reset;

const overview = blocks(
  `bell is a GPU behind PCI Express. It has ${CHANNELS} channels, which are independent contexts: each has
a ring of packets in memory, a doorbell, a fence, page tables of its own and its own interrupt. Three
kinds of packets do work: the copy engine's, the 3D engine's, and (reserved) the compute engine's.
A scheduler in the hardware shares the engines among the channels that have something to do.`,
  `This is version ${version >>> 16}.${version & 0xffff} of the datasheet: parts that follow it have ${hex(version, 8)} in REVISION.
It is all that a driver's author needs, together with the rules of [configuration space](pci.md). Names of registers stand as REGISTER or REGISTER.FIELD; channel n's
as CHANNEL.REGISTER where the function has one of the same name.`,
);

const identity = blocks(
  '## The function',
  list([
    `Vendor ${hex(bellIds.vendor, 4)}, device ${hex(bellIds.device, 4)}, revision ${hex(bellIds.revision)}, class ${hex(bellIds.classCode, 6)}: a display controller, not VGA compatible.`,
    'Capabilities: power management, MSI-X, PCI Express with function-level reset, device serial number; on parts with virtual functions, SR-IOV.',
    `MSI-X has ${VECTORS} vectors: enough for one per channel and one for the function. Any vector may serve any purpose. Numbers from ${VECTORS} on name none: what signals one sets its bit of INTERRUPT or ERROR, and its message is lost.`,
  ]),
  table(['BAR', 'Name', 'Size', 'Kind'], bars),
  list([
    `BAR0: the function's registers at offset 0; channel n's at ${hex(channelWindow.base)} + n × ${hex(channelWindow.stride)}. Everything else in it is reserved.`,
    `BAR1: one page of ${PAGE_BYTES} bytes per channel, so that a channel's doorbell can be mapped into one guest alone.`,
    'BAR2: the VRAM aperture. It is nothing but memory, and takes accesses of every size. VRAM_PAGES says how much of it there is.',
    `BAR4: the MSI-X table at ${hex(msixLayout.table)}, its pending bits at ${hex(msixLayout.pending)}. [An entry](pci.md#msi-x-table-entry) has 16 bytes; vector n's begins at n × 16.`,
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
    'A write to a register or a doorbell has had its whole effect when it returns, RESET and TLB_INVALIDATE too.',
    'RESET has the effect of a reset of every channel and gives the registers of this map their reset values. Configuration space, the MSI-X table and VRAM are not touched.',
    'TIME_LO, then TIME_HI, in this order, are one 64-bit number that does not tear.',
    'CONTROL.ENABLE 0 lets the packet that runs finish; none is begun until it is 1. The engines have stopped when STATUS.BUSY reads 0. Doorbells are taken all the same, and a WAIT that was begun goes on.',
    'WATCHDOG counts the time of one packet: on an engine, or in a WAIT. It does not count the time that a channel waits for its turn. With 0 the first packet that takes any time hangs its channel, which in practice is every one.',
    'TLB_INVALIDATE with ALL 0 forgets those of CHANNEL. Translations that the packet under way has made stay as they were until it is done.',
    'ERROR works like INTERRUPT of a channel: only a bit that goes from 0 to 1 while ERROR_ENABLE has it sends a message.',
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
  IDLE: 'Nothing to do: HEAD equals TAIL. Or CONTROL.ENABLE is 0 and no packet runs.',
  RUNNABLE: 'Enabled, and waits for its turn or in a WAIT packet.',
  RUNNING: 'A packet of it is being executed.',
  FAULTED: 'A packet, a doorbell or the ring was wrong: see FAULT.',
  HUNG: 'A packet took too long.',
};

const channelNotes = blocks(
  '### Notes',
  list([
    'A channel is set up while CONTROL.ENABLE is 0. While it is 1, writes to RING, RING_SIZE, PAGE_ROOT and CONTROL.PRIVILEGED are ignored; FENCE_ADDRESS, VECTOR and INTERRUPT_ENABLE may change.',
    'Reset the channel before another RING or RING_SIZE: HEAD and TAIL would stay. A write to PAGE_ROOT does not forget translations: reset the channel or write TLB_INVALIDATE.',
    'FENCE_ADDRESS keeps what was written. One that is not a multiple of 4 faults the next FENCE: BAD_ARGUMENT, with FENCE_ADDRESS in FAULT_ADDRESS.',
    'A bit of INTERRUPT that goes from 0 to 1 while its bit in INTERRUPT_ENABLE is 1 sends the message of VECTOR. A bit that stays 1 sends nothing more, so a handler clears what it read before it acts on it. Nor does setting a bit of INTERRUPT_ENABLE whose bit of INTERRUPT is 1 already: a driver reads INTERRUPT after it has enabled.',
    'After a fault or a hang INTERRUPT can be cleared as always; FAULT, FAULT_ADDRESS, FAULT_PACKET and STATUS stay as they are until RESET.',
    'RESET ends what the channel runs, forgets its translations, and gives all its registers their reset values, HEAD and TAIL too. It is the only way out of the states faulted and hung. No other channel notices.',
    'CONTROL.ENABLE 0 lets the packet that runs finish, and keeps HEAD and TAIL. The channel has stopped when STATUS.STATE is no longer 2: then it is 0, or 3 or 4 if that packet failed. A WAIT that was begun goes on being looked at all the same, and may hang the channel; so reset a channel before its memory or its tables are given back. With 1 again the channel goes on where it stopped, in an indirect buffer too.',
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
    'A packet begins with a header word: its opcode in bits 7:0, its length in words (header included) in bits 31:16. Bits 15:8 are ignored; write zeros.',
    "A packet does not wrap. When one does not fit before the ring's end, fill the rest with one NOP of that length and go on at offset 0. A packet may end exactly at the end; the next offset is then 0, never RING_SIZE.",
    'The ring is empty when HEAD equals TAIL, so at most RING_SIZE − 4 bytes can be outstanding. The driver must not write over what HEAD has not passed. It need not read HEAD: a fence that has come back says the same of all that was before it. When it comes back, HEAD may still be at the FENCE itself and STATUS.STATE be 2.',
    "HEAD moves past a packet when the packet is done. In a fault or a hang it stays at the packet, or at the INDIRECT packet whose buffer holds it; FAULT_PACKET has the packet's own address.",
  ]),
  '### The doorbell',
  registerTables(doorbellRegisters),
  `A write to the doorbell sets CHANNEL.TAIL and, unless that equals HEAD, makes the channel runnable.
Since writes are posted in order, packets that the driver wrote before are in memory by then. On a
channel that is disabled, faulted or hung a doorbell is ignored.`,
  `A bad doorbell faults the channel, ends the packet that it runs, and leaves TAIL as it was. The ring's
registers are looked at first: RING_SIZE, then RING, fault BAD_RING with the value of that register in
FAULT_ADDRESS. A tail that is not a multiple of 4, or not below RING_SIZE, faults BAD_TAIL with the tail
in FAULT_ADDRESS. The ring's registers are looked at again before each packet.`,
  "### The ring's own packets",
  ringPacketTables(),
  list([
    'NOP is one whole packet, however long: the words behind its header are not looked at.',
    'The buffer of INDIRECT holds whole packets of any kind but INDIRECT, and may be run any number of times. It begins with nothing set: no target, viewport, scissor, texture or transform. With 0 words the packet does nothing, not even that. A driver keeps long lists out of the ring with it.',
    'FENCE: first `value` is written to memory at FENCE_ADDRESS (through the page tables, so it may fault), then CHANNEL.FENCE changes, then the interrupt goes out. What earlier packets wrote is in memory before that. While FENCE_ADDRESS is 0 nothing is written to memory. The part does not compare values: they need not rise, and may wrap to 0.',
    'WAIT compares unsigned, without regard to wrap: a fence that has wrapped to 0 is below all earlier ones. A driver that uses WAIT starts again from 0, with nothing outstanding, before its numbers reach 2^32. While it waits, other channels run; the word is looked at again every microsecond, and after WATCHDOG the channel is hung. A fault of the channel that it waits for does not end it. This is how channels wait for each other: one waits for the word at which another has its fence.',
  ]),
);

const scheduling = blocks(
  '## Scheduling',
  list([
    'One packet of one channel runs at a time, on whichever engine it is for. Packets of a channel run in their order, each when the one before it is done and its writes are visible.',
    'Runnable channels take turns, round-robin in order of their numbers. A turn ends when the channel has nothing more to do, waits in a WAIT, or has run for a time slice of 1 ms and another channel is runnable; it ends between packets, never within one. State that a channel has set (target, viewport, scissor, texture, transform) is its own and is there again in its next turn.',
    'Each row of a triangle takes at least the time of four pixels, whether or not it covers one, so that slivers are not free.',
    'With virtual functions, the functions take turns first, round-robin, each for its QUANTUM unless no other has a runnable channel; a turn ends between packets. Within its turn the channels of a function take turns as above.',
    'A host may load a scheduler of its own, which says whose turn it is in place of the functions’: it knows tenants (virtual machines, or processes), each with the channels that were turned on for it. A tenant’s channels take turns as above. Taking in another tenant’s context takes the engines a time of its own. When the host asks for it, a draw is stopped behind each 64 triangles if its tenant’s turn is over, and goes on in the next; other packets never are.',
    'A packet that runs longer than WATCHDOG is stopped, and its channel is hung. Nobody else waits longer than that for a packet to end.',
  ]),
);

const shares = blocks(
  '## Virtual functions',
  `A part with SR-IOV has [the capability](pci.md#single-root-io-virtualization) in the configuration space of its physical function (PF),
and up to ${TOTAL_VFS} virtual functions (VFs), device ${hex(bellIds.device, 4)} too: the same driver takes them. A VF is a bell of its
own: its registers, its doorbells, its VRAM aperture, its MSI-X, its screen and its requester ID.
What it has of the part is its share, which the driver of the PF sets before VF_ENABLE:`,
  registerTables(sriovRegisters),
  list([
    "The PF's own channels and VRAM are what the VFs leave, and come first. Shares lie behind one another in the order of the VFs. CAPS.CHANNELS and VRAM_PAGES of each function say what it has, and its channels and its VRAM count from 0.",
    'VF_ENABLE stays 0 while the quotas of the VFs that NUM_VFS wants are more than the part has. While it is 1, the quotas do not change.',
    "A GPU page table of a VF names pages of the VF's own VRAM: the GPU's MMU adds where the share begins and checks where it ends, as a second stage. A page outside of it is BAD_ENTRY.",
    "A register of a VF is about the VF alone: CONTROL.ENABLE, RESET and TLB_INVALIDATE about its channels, SCANOUT about its screen, STATUS.BUSY about its packets. Its WATCHDOG holds for its channels, but never more than the PF's. The PF's registers are about the PF's own channels in the same way.",
    'Channels and VRAM that change hands are reset: a VF finds channels as after a reset and VRAM that holds zeros, and so does the PF when it takes them back. Function-level reset of a VF makes its VRAM zeros, too.',
    'VF_ENABLE 0, or function-level reset of the PF, ends the VFs: all that is left of one reads all ones. RESET of the PF does not touch them.',
    'A BAR of the VFs has the size of the same BAR of the PF; what is beyond the share reads all ones and ignores writes.',
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
bad: the header's opcode or length, the argument, the tail, the register of the ring, the index, the offset that REGISTER names; 0
after a hang. FAULT_PACKET and FAULT.OPCODE are 0 when a doorbell is to blame and not a packet.`,
  `BUS is every DMA that the bus refused, a write too, or that went out while COMMAND.BUS_MASTER was 0.`,
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
  `A blit or a draw may read the bytes between the rows that it writes, and write them back: nobody else
should write them meanwhile.`,
  'A pixel is four bytes: R, G, B, A; as a word, R is in bits 7:0.',
  drawPacketTables(drawPackets),
  '#### Compute',
  `These opcodes are reserved for the compute engine. A part without it (CAPS.COMPUTE 0) faults
UNSUPPORTED.`,
  computePacketTable(),
);

const bringUp = blocks(
  '## Bringing it up, step by step',
  steps([
    'Match the ids. Set COMMAND.MEMORY and map BAR0, BAR1, BAR2.',
    'Read ID: it spells BELL. Check that REVISION.MAJOR is 1. Read CAPS and VRAM_PAGES.',
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

const simplifications = blocks(
  '## Where real parts differ',
  list([
    'Memory writes are posted on PCI Express: a requester never learns that one was refused. bell does, and faults BUS.',
    'For the same reason a write to a register may still be on its way when the processor goes on, and a driver reads a register of the function to be sure of it. A write to bell is complete when it returns.',
    'A packet of bell does its work when it begins, and then takes its time. Nothing can be seen of a packet half done, unless it faults or hangs.',
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
    shares,
    faultSection,
    packets,
    pixels,
    bringUp,
    example,
    simplifications,
  );
}
