/** A function as the part sees it: what it has of the part, and the ports through which it acts. */
import type { BusMaster, MemoryBacking } from '@doorbell/abi';
import { PAGE_BYTES } from '@doorbell/abi';
import { VramWindow } from './vram-window.ts';

/** Channels in a row, pages of VRAM in a row, and a turn on the engines. */
export interface Share {
  readonly firstChannel: number;
  readonly channels: number;
  readonly firstPage: number;
  readonly pages: number;
  /** How long the engines run for it while others want them, too. */
  readonly quantumNs: number;
}

interface FunctionPorts {
  readonly bus: BusMaster;
  /** CONTROL.ENABLE. */
  readonly enabled: () => boolean;
  /** WATCHDOG in nanoseconds. */
  readonly watchdogNs: () => number;
  /** An interrupt by this MSI-X vector. */
  readonly signal: (vector: number) => void;
  /** A packet writes a register of the function. */
  readonly register: (offset: number, value: number) => void;
}

/** Of a function that nobody has made, or that is gone. */
const noPorts: FunctionPorts = {
  bus: { read: () => false, write: () => false, takeLatency: () => 0 },
  enabled: () => false,
  watchdogNs: () => 0,
  signal: () => undefined,
  register: () => undefined,
};

export class PartFunction {
  /** 0: the physical function; n: virtual function n. */
  readonly index: number;
  ports = noPorts;
  /** False: the virtual function was turned off. */
  alive = true;
  private given: Share;
  private vram: VramWindow;

  constructor(index: number, vram: MemoryBacking, share: Share) {
    this.index = index;
    this.given = share;
    this.vram = new VramWindow(vram, share.firstPage * PAGE_BYTES, share.pages * PAGE_BYTES);
  }

  get share(): Share {
    return this.given;
  }

  /** Its VRAM. */
  get window(): VramWindow {
    return this.vram;
  }

  give(vram: MemoryBacking, share: Share): void {
    this.given = share;
    this.vram = new VramWindow(vram, share.firstPage * PAGE_BYTES, share.pages * PAGE_BYTES);
  }

  /** It has nothing any more. */
  end(): void {
    this.alive = false;
    this.ports = noPorts;
  }

  /** Whether one of the part's channels is its own. */
  has(channel: number): boolean {
    const { firstChannel, channels } = this.given;
    return channel >= firstChannel && channel < firstChannel + channels;
  }
}
