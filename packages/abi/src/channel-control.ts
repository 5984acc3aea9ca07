/**
 * The control stream of hardware-assisted paravirtualization: what a driver asks of the host for a
 * hardware channel of its own. A context of the capset `bell-channel` is such a channel, and
 * SUBMIT_3D carries records to it: a header word as commands have it, and the fields as words.
 * Submission itself is not here: the driver rings the channel's doorbell page.
 */
import { struct, u32 } from './layout.ts';

/** The capset's id (VIRTIO 1.3 §5.7.6.8); its contents are those of the capset `bell`. */
export const CHANNEL_CAPSET = 49;

interface ControlRecord {
  readonly opcode: number;
  readonly doc: string;
  /** One word each. */
  readonly fields: Readonly<Record<string, string>>;
}

const va = 'GPU virtual address, a multiple of 4096';
const pages = 'Pages of 4 KiB';

export const controlRecords = {
  ALLOCATE: {
    opcode: 0x40,
    doc: 'Maps zeroed VRAM of the host at an address of the channel, to read and write.',
    fields: { va, pages },
  },
  FREE: {
    opcode: 0x41,
    doc: 'Gives VRAM back that ALLOCATE mapped there, all of it.',
    fields: { va, pages },
  },
  MAP: {
    opcode: 0x42,
    doc: "Maps pages of the driver's RAM, which stay where they are until UNMAP.",
    fields: {
      va,
      addressLo: 'Address of the first page, bits 31:0, a multiple of 4096',
      addressHi: 'Bits 63:32',
      pages,
      writable: '1: the GPU may write them; 0: it may not',
    },
  },
  UNMAP: {
    opcode: 0x43,
    doc: 'From here on the GPU does not reach the pages that one MAP mapped there.',
    fields: { va, pages },
  },
  START: {
    opcode: 0x44,
    doc: 'Turns the channel on.',
    fields: {
      ring: "The ring's GPU virtual address",
      ringBytes: 'A power of two from 256 to 1 MiB',
      fence: 'GPU virtual address that FENCE packets write to',
      statusLo: 'Address of the status block in RAM, bits 31:0, a multiple of 16',
      statusHi: 'Bits 63:32',
      vector: 'MSI-X vector of the function that tells of fences and stops; 65535: none',
    },
  },
  STOP: {
    opcode: 0x45,
    doc: 'Turns the channel off and ends what it runs. What is mapped stays mapped.',
    fields: {},
  },
} as const satisfies Record<string, ControlRecord>;

export type ControlName = keyof typeof controlRecords;

/** What the device writes to the status block, before it signals, when the channel stops by itself. */
export const channelStatus = struct('bell_channel_status', {
  /** How often the channel has stopped since START. */
  stops: u32,
  /** As in FAULT: the reason in bits 7:0, the opcode in bits 15:8. */
  fault: u32,
  /** As FAULT_ADDRESS and FAULT_PACKET. */
  address: u32,
  packet: u32,
});

/** `blob_id` of the blob (HOST3D, made in the channel's context) that is its doorbell page: 4096 bytes. */
export const DOORBELL_BLOB = 1;
/** The shared memory region that blobs of the host are mapped into (VIRTIO_GPU_SHM_ID_HOST_VISIBLE). */
export const HOST_VISIBLE_REGION = 1;
/** Its bytes: a doorbell page for each channel that there can be. */
export const HOST_VISIBLE_BYTES = 128 * 4096;
