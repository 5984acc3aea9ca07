/** How much one driver may make the device keep, whatever it asks for. */

export interface Limits {
  readonly resources: number;
  /** Bytes of the renderer's buffers and images. */
  readonly hostBytes: number;
  /** Entries of scatter lists, of all resources together. */
  readonly backingEntries: number;
  readonly contexts: number;
  /** Resources that contexts may name, of all contexts together. */
  readonly attachments: number;
  /** Bytes of one command, with what follows its fixed part. */
  readonly commandBytes: number;
  /** Channels of the physical GPU. */
  readonly channels: number;
  /** Pages of VRAM, and of the driver's RAM that is pinned, and how many ranges they make: of all channels together. */
  readonly vramPages: number;
  readonly pinnedPages: number;
  readonly channelRanges: number;
  /** Bytes of records in one command. */
  readonly recordBytes: number;
}

export const defaultLimits: Limits = {
  resources: 16384,
  hostBytes: 256 << 20, // as QEMU's max_hostmem
  backingEntries: 1 << 18,
  contexts: 256,
  attachments: 65_536,
  commandBytes: 16 << 20,
  channels: 16,
  vramPages: 65_536, // 256 MiB
  pinnedPages: 16_384, // 64 MiB
  channelRanges: 16_384,
  recordBytes: 64 << 10,
};

/** The most entries of one scatter list: as in QEMU. */
export const MAX_ENTRIES = 16384;
