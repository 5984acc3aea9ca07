/**
 * The capset `bell-channel` of a virtio-gpu: a context of it is a channel of the GPU. The host has
 * its page tables: the driver asks for memory in a stream of records (SUBMIT_3D), many in one
 * command. What the channel runs never passes here: it stands in a ring in the driver's RAM, and
 * the channel's doorbell page is a blob that the driver maps (RESOURCE_MAP_BLOB).
 */
import { BadCommand } from './command-stream.ts';
import { header, headerOpcode, headerWords } from './commands.ts';
import { bytes, struct, u32, u64 } from './layout.ts';

/** Linux takes ids up to 63. */
export const CHANNEL_CAPSET = 49;
export const CHANNEL_CAPSET_VERSION = 1;
export const channelCapset = struct('bell_channel_capset', {
  version: u32,
  /** The largest image's width and height, in pixels. */
  max_image_size: u32,
  /** The largest buffer, in bytes. */
  max_buffer_bytes: u64,
  /** Bit n: the command whose opcode is n, of 256. */
  commands: bytes(32),
  /** MSI-X vectors of the function that START may name: the first of them, and how many. */
  first_vector: u32,
  vectors: u32,
});

/** A blob (HOST3D) by the GPU virtual address that ALLOCATE put it at; this one is the doorbell page. */
export const DOORBELL_BLOB = 0;

/** What the device writes where START says, when the channel stops by itself. */
export const channelReport = struct('bell_channel_report', {
  /** 1; the driver clears it before START. */
  stopped: u32,
  /** As the channel's registers FAULT, FAULT_ADDRESS and FAULT_PACKET. */
  fault: u32,
  address: u32,
  packet: u32,
});

/** In words. */
interface RecordField<W extends 1 | 2 = 1 | 2> {
  readonly words: W;
  readonly doc: string;
}
const word = (doc: string): RecordField<1> => ({ words: 1, doc });
/** The low word first; below 2^52. */
const address = (doc: string): RecordField<2> => ({ words: 2, doc });

export interface ChannelRecordRow {
  readonly opcode: number;
  readonly doc: string;
  readonly fields: Readonly<Record<string, RecordField>>;
}

/** A record is a header as a command's (commands.ts), and its fields. */
export const channelRecords = {
  ALLOCATE: {
    opcode: 0x01,
    doc: 'Puts pages of VRAM, which are zero, at a GPU virtual address.',
    fields: {
      va: word('Where: a multiple of 4096, not 0, where nothing is.'),
      pages: word('How many, of 4 KiB.'),
    },
  },
  MAP: {
    opcode: 0x02,
    doc: "Puts pages of the driver's RAM, which lie together, at a GPU virtual address.",
    fields: {
      va: word('Where: a multiple of 4096, not 0, where nothing is.'),
      pages: word('How many, of 4 KiB.'),
      address: address('The first, as the device reaches it: a multiple of 4096.'),
      writable: word('1: the GPU may write them.'),
    },
  },
  UNMAP: {
    opcode: 0x03,
    doc: 'Takes away all that one ALLOCATE or MAP put somewhere. The GPU cannot reach it any more.',
    fields: { va: word('Where that began.') },
  },
  START: {
    opcode: 0x04,
    doc: 'Turns the channel on: it takes doorbells. Also after it has stopped by itself.',
    fields: {
      ring: word("The ring's GPU virtual address: a multiple of 4096."),
      ring_bytes: word('A power of two from 256 to 1 MiB.'),
      fence: word('GPU virtual address, a multiple of 4, that FENCE packets write to.'),
      report: address("Where in the driver's RAM a bell_channel_report goes: a multiple of 4."),
      vector: word('The MSI-X vector of its interrupts; 0xffff: none.'),
    },
  },
  STOP: { opcode: 0x05, doc: 'Ends what the channel runs, and turns it off.', fields: {} },
} as const satisfies Record<string, ChannelRecordRow>;

export type ChannelRecordName = keyof typeof channelRecords;
export type ChannelRecordFields<N extends ChannelRecordName> = {
  readonly [K in keyof (typeof channelRecords)[N]['fields']]: number;
};
/** A decoded record. */
export type ChannelRecord = {
  readonly [N in ChannelRecordName]: { readonly name: N; readonly fields: ChannelRecordFields<N> };
}[ChannelRecordName];

const WORD = 2 ** 32;
/** Addresses are numbers below 2^52, so that what is added to them is exact. */
const MOST_HIGH = 2 ** 20;

const byOpcode = new Map<number, ChannelRecordName>(
  Object.entries(channelRecords).map(([name, { opcode }]) => [opcode, name as ChannelRecordName]),
);

/** A record's length in words, header included. */
function wordsOf({ fields }: ChannelRecordRow): number {
  return Object.values(fields).reduce((sum, { words }) => sum + words, 1);
}

export function encodeRecord<N extends ChannelRecordName>(
  name: N,
  fields: ChannelRecordFields<N>,
): Uint32Array {
  const row: ChannelRecordRow = channelRecords[name];
  const values: Readonly<Record<string, number>> = fields;
  const out = new Uint32Array(wordsOf(row));
  out[0] = header(row.opcode, out.length);
  let at = 1;
  for (const [field, { words }] of Object.entries(row.fields)) {
    out[at] = values[field] % WORD;
    if (words === 2) {
      out[at + 1] = Math.floor(values[field] / WORD);
    }
    at += words;
  }
  return out;
}

/**
 * The records of a stream that somebody else wrote. Nothing of their fields is checked.
 * @throws BadCommand on an unknown opcode, a wrong length, an address of more than 52 bits, or a
 * stream that ends early.
 */
export function decodeRecords(stream: Uint32Array): ChannelRecord[] {
  const records: ChannelRecord[] = [];
  for (let at = 0; at < stream.length; at += headerWords(stream[at])) {
    records.push(recordAt(stream, at));
  }
  return records;
}

function recordAt(stream: Uint32Array, at: number): ChannelRecord {
  const name = byOpcode.get(headerOpcode(stream[at]));
  if (name === undefined) {
    throw new BadCommand(`Word ${at}: no record has opcode ${headerOpcode(stream[at])}.`);
  }
  const row: ChannelRecordRow = channelRecords[name];
  const words = wordsOf(row);
  if (headerWords(stream[at]) !== words || at + words > stream.length) {
    throw new BadCommand(`Word ${at}: ${name} is ${words} words long.`);
  }
  const fields: Record<string, number> = {};
  let next = at + 1;
  for (const [field, { words: width }] of Object.entries(row.fields)) {
    const high = width === 2 ? stream[next + 1] : 0;
    if (high >= MOST_HIGH) {
      throw new BadCommand(`Word ${next}: an address has more than 52 bits.`);
    }
    fields[field] = high * WORD + stream[next];
    next += width;
  }
  return { name, fields } as ChannelRecord;
}
