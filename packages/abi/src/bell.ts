/**
 * bell, the GPU: its datasheet as data, of which `docs/reference/bell.md` is made. Here are its
 * ids, BARs and registers; its packets, page tables and faults are in files of their own.
 */
import { bit, field, registerMap } from './register.ts';

export const bellIds = {
  vendor: 0x1234,
  device: 0xbe11,
  revision: 1,
  /** A display controller, not VGA compatible: a 3D controller (0x030200) has no screen. */
  classCode: 0x038000,
} as const;

export const PAGE_BYTES = 4096;
export const CHANNELS = 128;
/** MSI-X vectors: one per channel and one for the function; which is used for what is programmed. */
export const VECTORS = CHANNELS + 1;

export const bellBars = {
  REGISTERS: { index: 0, size: 0x10000 },
  DOORBELLS: { index: 1, size: CHANNELS * PAGE_BYTES },
  /** 64-bit prefetchable, so it takes index 3 too. The size is the part's VRAM. */
  VRAM: { index: 2, size: 256 << 20 },
  MSIX: { index: 4, size: 0x4000 },
} as const;
/** Offsets in BAR4. */
export const msixLayout = { table: 0, pending: 0x2000 } as const;

/** BAR0, offset 0: the function's registers. */
export const bellRegisters = registerMap('bell', 0x1000, 'The function, at offset 0 of BAR0.', {
  ID: { offset: 0x000, width: 4, access: 'RO', reset: 0x4c4c4542, doc: 'The letters BELL.' },
  REVISION: {
    offset: 0x004,
    width: 4,
    access: 'RO',
    reset: 0x00010001,
    bits: { MINOR: field(0, 16, 'Additions.'), MAJOR: field(16, 16, 'Breaking changes.') },
    doc: 'The version of this datasheet.',
  },
  CAPS: {
    offset: 0x008,
    width: 4,
    access: 'RO',
    reset: (CHANNELS | (1 << 8) | (1 << 9)) >>> 0,
    bits: {
      CHANNELS: field(0, 8, 'How many channels there are.'),
      COPY: bit(8, 'The copy engine is there.'),
      RENDER: bit(9, 'The 3D engine is there.'),
      COMPUTE: bit(10, 'The compute engine is there.'),
    },
    doc: 'What the part has.',
  },
  VRAM_PAGES: {
    offset: 0x00c,
    width: 4,
    access: 'RO',
    reset: bellBars.VRAM.size / PAGE_BYTES,
    sensitive: 'behaviour',
    doc: 'VRAM, in pages of 4 KiB.',
  },
  CONTROL: {
    offset: 0x010,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: { ENABLE: bit(0, 'Engines run; when 0 they stop at the end of a packet.') },
    sensitive: 'control',
    doc: 'Turns the function on.',
  },
  RESET: {
    offset: 0x014,
    width: 4,
    access: 'WO',
    reset: 0,
    bits: {
      RESET: bit(0, 'Resets all channels and registers of this map; VRAM keeps its contents.'),
    },
    sensitive: 'control',
    doc: 'Resets the function.',
  },
  STATUS: {
    offset: 0x018,
    width: 4,
    access: 'RO',
    reset: 0,
    bits: { BUSY: bit(0, 'A packet is being executed.') },
    sensitive: 'behaviour',
    doc: 'What the function does now.',
  },
  TIME_LO: {
    offset: 0x020,
    width: 4,
    access: 'RO',
    reset: 0,
    sensitive: 'behaviour',
    doc: 'Nanoseconds, low half; a read latches TIME_HI.',
  },
  TIME_HI: {
    offset: 0x024,
    width: 4,
    access: 'RO',
    reset: 0,
    sensitive: 'behaviour',
    doc: 'Nanoseconds, high half, as of the last read of TIME_LO.',
  },
  WATCHDOG: {
    offset: 0x028,
    width: 4,
    access: 'RW',
    reset: 200_000,
    bits: {
      MICROSECONDS: field(
        0,
        20,
        'A packet that takes longer hangs its channel; 0 does not turn this off.',
      ),
    },
    sensitive: 'control',
    doc: 'How long a packet may take.',
  },
  TLB_INVALIDATE: {
    offset: 0x02c,
    width: 4,
    access: 'WO',
    reset: 0,
    bits: { CHANNEL: field(0, 7, 'Whose translations.'), ALL: bit(31, "Every channel's.") },
    sensitive: 'control',
    doc: 'Forgets cached translations: write it after an entry of a page table was changed.',
  },
  ERROR: {
    offset: 0x030,
    width: 4,
    access: 'W1C',
    reset: 0,
    bits: { RESERVED: bit(0, 'A reserved offset was written, or a register with a wrong width.') },
    doc: 'What went wrong in the register window; its interrupt is ERROR_VECTOR.',
  },
  ERROR_OFFSET: {
    offset: 0x034,
    width: 4,
    access: 'RO',
    reset: 0,
    doc: 'The BAR0 offset of the first error since ERROR was clear.',
  },
  ERROR_ENABLE: {
    offset: 0x038,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: { RESERVED: bit(0, 'ERROR.RESERVED interrupts.') },
    doc: 'Which errors interrupt.',
  },
  ERROR_VECTOR: {
    offset: 0x03c,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: { VECTOR: field(0, 8, 'An MSI-X vector, 0 to 128.') },
    doc: 'Where errors interrupt.',
  },
  SCANOUT_CONTROL: {
    offset: 0x100,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: { ENABLE: bit(0, 'The screen shows VRAM.') },
    sensitive: 'control',
    doc: 'Turns the screen on.',
  },
  SCANOUT_SIZE: {
    offset: 0x104,
    width: 4,
    access: 'RW',
    reset: 0,
    bits: {
      WIDTH: field(0, 16, 'Pixels, at most 4096.'),
      HEIGHT: field(16, 16, 'Pixels, at most 4096.'),
    },
    sensitive: 'control',
    doc: "The screen's size.",
  },
  SCANOUT_STRIDE: {
    offset: 0x108,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'Bytes from row to row.',
  },
  SCANOUT_PAGE: {
    offset: 0x10c,
    width: 4,
    access: 'RW',
    reset: 0,
    sensitive: 'control',
    doc: 'The page of VRAM that holds the first pixel (R, G, B, A).',
  },
  SCANOUT_FLIP: {
    offset: 0x110,
    width: 4,
    access: 'WO',
    reset: 0,
    bits: {
      FLIP: bit(
        0,
        'Shows what the registers above describe; ignored while they reach beyond VRAM.',
      ),
    },
    sensitive: 'control',
    doc: 'Shows a new frame.',
  },
  SCANOUT_FRAMES: {
    offset: 0x114,
    width: 4,
    access: 'RO',
    reset: 0,
    sensitive: 'behaviour',
    doc: 'Frames shown since reset.',
  },
});

/** VFs that a part with SR-IOV has at most. */
export const TOTAL_VFS = 16;
/** BAR0 of the PF: where the quotas begin (entry 0 is the PF's, entry n VF n's), and how far apart they are. */
export const sriovWindow = { base: 0x1000, stride: 0x10 } as const;

/** BAR0 of a PF with SR-IOV: what each function has of the part. */
export const sriovRegisters = registerMap(
  'quota',
  sriovWindow.stride,
  'Function n (0: the PF), at offset 0x1000 + n × 0x10 of the BAR0 of a PF with SR-IOV.',
  {
    CHANNELS: {
      offset: 0x0,
      width: 4,
      access: 'RW',
      reset: 0,
      bits: { CHANNELS: field(0, 8, 'How many.') },
      sensitive: 'control',
      doc: "The VF's channels. For the PF: what is left, read-only.",
    },
    VRAM_PAGES: {
      offset: 0x4,
      width: 4,
      access: 'RW',
      reset: 0,
      bits: { PAGES: field(0, 20, 'Of 4 KiB.') },
      sensitive: 'control',
      doc: "The VF's VRAM. For the PF: what is left, read-only.",
    },
    QUANTUM: {
      offset: 0x8,
      width: 4,
      access: 'RW',
      reset: 1000,
      bits: { MICROSECONDS: field(0, 20, '0 is taken as 1.') },
      sensitive: 'control',
      doc: 'How long the engines run for the function while others want them, too.',
    },
  },
);

/** BAR0: where channel 0's registers begin, and how far apart channels are. */
export const channelWindow = { base: 0x4000, stride: 0x80 } as const;

export const channelStates = { IDLE: 0, RUNNABLE: 1, RUNNING: 2, FAULTED: 3, HUNG: 4 } as const;

export const channelRegisters = registerMap(
  'channel',
  channelWindow.stride,
  'Channel n, at offset 0x4000 + n × 0x80 of BAR0.',
  {
    CONTROL: {
      offset: 0x00,
      width: 4,
      access: 'RW',
      reset: 0,
      bits: {
        ENABLE: bit(
          0,
          'The channel takes doorbells. RING, RING_SIZE and PAGE_ROOT must not change while 1.',
        ),
        PRIVILEGED: bit(
          1,
          'REGISTER packets run. For the owner of the part: no user fills the ring of such a channel. Does not change while ENABLE is 1.',
        ),
      },
      sensitive: 'control',
      doc: 'Turns the channel on.',
    },
    RESET: {
      offset: 0x04,
      width: 4,
      access: 'WO',
      reset: 0,
      bits: {
        RESET: bit(0, 'Ends what the channel runs, and gives its registers their reset values.'),
      },
      sensitive: 'control',
      doc: 'Resets the channel; no other channel notices.',
    },
    STATUS: {
      offset: 0x08,
      width: 4,
      access: 'RO',
      reset: 0,
      bits: {
        STATE: field(
          0,
          3,
          '0 idle, 1 runnable, 2 running, 3 faulted, 4 hung. Faulted and hung last until reset.',
        ),
      },
      doc: 'What the channel does now.',
    },
    PAGE_ROOT: {
      offset: 0x0c,
      width: 4,
      access: 'RW',
      reset: 0,
      bits: { PAGE: field(0, 20, 'A page of VRAM.') },
      sensitive: 'control',
      doc: "The channel's page directory.",
    },
    RING: {
      offset: 0x10,
      width: 4,
      access: 'RW',
      reset: 0,
      doc: "The ring's GPU virtual address: a multiple of 4096.",
    },
    RING_SIZE: {
      offset: 0x14,
      width: 4,
      access: 'RW',
      reset: 0,
      doc: "The ring's bytes: a power of two from 256 to 1 MiB.",
    },
    HEAD: {
      offset: 0x18,
      width: 4,
      access: 'RO',
      reset: 0,
      doc: 'Bytes from the start of the ring to the packet that runs next.',
    },
    TAIL: {
      offset: 0x1c,
      width: 4,
      access: 'RO',
      reset: 0,
      doc: 'The last tail that a doorbell brought and that was right.',
    },
    FENCE_ADDRESS: {
      offset: 0x20,
      width: 4,
      access: 'RW',
      reset: 0,
      doc: 'GPU virtual address, a multiple of 4, that FENCE packets write to.',
    },
    FENCE: {
      offset: 0x24,
      width: 4,
      access: 'RO',
      reset: 0,
      doc: 'The value of the last FENCE packet; 0 before the first.',
    },
    INTERRUPT: {
      offset: 0x28,
      width: 4,
      access: 'W1C',
      reset: 0,
      bits: {
        FENCE: bit(0, 'A FENCE packet asked for an interrupt.'),
        FAULT: bit(1, 'The channel faulted.'),
        HANG: bit(2, 'The watchdog stopped the channel.'),
      },
      doc: 'Why the channel interrupts: a bit that goes from 0 to 1 while enabled signals VECTOR.',
    },
    INTERRUPT_ENABLE: {
      offset: 0x2c,
      width: 4,
      access: 'RW',
      reset: 0,
      bits: {
        FENCE: bit(0, 'Fences interrupt.'),
        FAULT: bit(1, 'Faults interrupt.'),
        HANG: bit(2, 'Hangs interrupt.'),
      },
      doc: 'Which causes interrupt.',
    },
    VECTOR: {
      offset: 0x30,
      width: 4,
      access: 'RW',
      reset: 0,
      bits: { VECTOR: field(0, 8, 'An MSI-X vector, 0 to 128.') },
      sensitive: 'control',
      doc: 'Where the channel interrupts.',
    },
    FAULT: {
      offset: 0x34,
      width: 4,
      access: 'RO',
      reset: 0,
      bits: {
        REASON: field(0, 8, 'See the table of faults.'),
        OPCODE: field(8, 8, 'Of the packet.'),
      },
      doc: 'Why the channel faulted.',
    },
    FAULT_ADDRESS: {
      offset: 0x38,
      width: 4,
      access: 'RO',
      reset: 0,
      doc: 'The GPU virtual address, or the bad value.',
    },
    FAULT_PACKET: {
      offset: 0x3c,
      width: 4,
      access: 'RO',
      reset: 0,
      doc: 'GPU virtual address of the packet that faulted.',
    },
  },
);

/** BAR1: page n belongs to channel n alone. */
export const doorbellRegisters = registerMap(
  'doorbell',
  PAGE_BYTES,
  'Channel n, at offset n × 4096 of BAR1.',
  {
    TAIL: {
      offset: 0,
      width: 4,
      access: 'WO',
      reset: 0,
      doc: 'Bytes from the start of the ring to past the last packet: a multiple of 4 below RING_SIZE.',
    },
  },
);
