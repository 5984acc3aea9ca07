/**
 * Channels of a GPU that the host hands out one by one: the contract between the host's own driver
 * of the GPU, which owns its registers and page tables, and whoever serves a guest with a channel.
 * The guest fills a ring in its own RAM and rings the doorbell; everything else is the host's.
 */
import type { GpuFeatures } from './gpu.ts';
import type { PciEndpoint } from './ports.ts';

/** Pages of VRAM in a row, zeroed before anybody could see what was there. */
export interface VramRange {
  /** The first, counted in pages of the whole VRAM. */
  readonly page: number;
  readonly pages: number;
}

/** Where the guest finds the channel's ring and fence word: GPU virtual addresses that are mapped. */
export interface RingPlace {
  /** A multiple of 4096. */
  readonly ring: number;
  /** Bytes: a power of two from 256 to 1 MiB. */
  readonly ringBytes: number;
  /** A multiple of 4. */
  readonly fence: number;
}

/** A page that a store of 4 bytes rings: it may be mapped into one guest. */
export interface DoorbellPage {
  readonly endpoint: PciEndpoint;
  readonly bar: number;
  /** Bytes from the start of the BAR. */
  readonly offset: number;
}

/** Why a channel stopped: FAULT, FAULT_ADDRESS and FAULT_PACKET of its registers. */
export interface ChannelFault {
  readonly fault: number;
  readonly address: number;
  readonly packet: number;
}

/** A channel with an address space of its own. It is off until `start`. */
export interface HostChannel {
  readonly doorbell: DoorbellPage;
  /** @throws GpuError `out-of-memory` */
  allocate(pages: number): Promise<VramRange>;
  /** What is still mapped of it is unmapped first. */
  free(range: VramRange): void;
  /**
   * Maps whole pages at a GPU virtual address, where nothing is mapped yet.
   * @throws GpuError `bad-range` when they do not fit there, `out-of-memory` for a page table.
   */
  mapVram(va: number, range: VramRange, writable: boolean): void;
  /** The same for RAM of the guest, whose pages are pinned until they are unmapped. */
  mapMemory(va: number, guestAddress: number, pages: number, writable: boolean): void;
  /** From here on the GPU cannot reach the pages. @throws GpuError `bad-range` when some are not mapped. */
  unmap(va: number, pages: number): void;
  /** Also after it has stopped by itself. @throws GpuError `bad-range` when the GPU takes no such ring. */
  start(place: RingPlace): void;
  /** Ends what it runs. It is off, and what is mapped stays mapped. */
  stop(): void;
  /** What its fault registers say, when it stopped by itself; undefined: it did not. */
  fault(): ChannelFault | undefined;
  /** Stops it and gives everything back. */
  close(): void;
}

/**
 * The shared memory region of a virtual device (VIRTIO 1.3 §2.10): whole pages, each of which leads
 * to nothing, or straight to a doorbell page.
 */
export interface SharedPages {
  readonly pages: number;
  map(page: number, doorbell: DoorbellPage): void;
  unmap(page: number): void;
}

export interface ChannelHost {
  readonly features: GpuFeatures;
  /** @param onInterrupt  a fence passed, or the channel stopped. @throws GpuError `out-of-memory` when none is free. */
  open(onInterrupt: () => void): HostChannel;
  /** Shows pixels of a channel's VRAM: rows of R, G, B, A bytes, `stride` bytes apart. */
  show(range: VramRange, width: number, height: number, stride: number): void;
}
