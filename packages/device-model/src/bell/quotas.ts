/** The quotas of a physical function (datasheet, "Shares"): who has how much of the part. */
import {
  type AccessWidth,
  CHANNELS,
  extract,
  RegisterFile,
  sriovRegisters,
  sriovWindow,
  type Stateful,
  TOTAL_VFS,
} from '@doorbell/abi';
import type { BarRegion } from '../bar.ts';
import type { Share } from './part-function.ts';

const { QUANTUM } = sriovRegisters.rows;
const NS_PER_US = 1000;

export interface QuotaParts {
  /** Of the part. */
  readonly vramPages: number;
  /** Quotas do not change while the virtual functions are there. */
  readonly frozen: () => boolean;
  /** What the physical function has now. */
  readonly physical: () => Share;
}

export class Quotas implements Stateful<readonly Uint32Array[]> {
  private readonly parts: QuotaParts;
  /** Of the physical function, then of each virtual one. */
  private readonly files: readonly RegisterFile<typeof sriovRegisters.rows>[];

  constructor(parts: QuotaParts) {
    this.parts = parts;
    const physical = new RegisterFile(sriovRegisters, {
      CHANNELS: { read: () => parts.physical().channels },
      VRAM_PAGES: { read: () => parts.physical().pages },
    });
    const virtual = Array.from({ length: TOTAL_VFS }, () => new RegisterFile(sriovRegisters));
    this.files = [physical, ...virtual];
  }

  /** @param reserved  hears of writes that no register takes. */
  region(reserved: (offset: number) => void): BarRegion {
    const { base, stride } = sriovWindow;
    const widths: readonly AccessWidth[] = [1, 2, 4];
    return {
      base,
      size: this.files.length * stride,
      widths,
      read: (offset, width) => this.files[Math.floor(offset / stride)].read(offset % stride, width),
      write: (offset, width, value) => {
        const file = this.files[Math.floor(offset / stride)];
        const at = offset % stride;
        if (!file.has(at, width)) {
          reserved(base + offset);
        } else if (!this.parts.frozen()) {
          file.write(at, width, value);
        }
      },
    };
  }

  /**
   * Shares of the physical function and `count` virtual ones, in a row: the physical function's
   * first. Undefined: the part has not that much.
   */
  shares(count: number): readonly Share[] | undefined {
    const wanted = this.files.slice(1, count + 1);
    const sum = (name: 'CHANNELS' | 'VRAM_PAGES'): number =>
      wanted.reduce((total, file) => total + file.get(name), 0);
    const channels = CHANNELS - sum('CHANNELS');
    const pages = this.parts.vramPages - sum('VRAM_PAGES');
    if (channels < 0 || pages < 0) {
      return undefined;
    }
    const shares: Share[] = [
      { firstChannel: 0, channels, firstPage: 0, pages, quantumNs: quantumNs(this.files[0]) },
    ];
    for (const file of wanted) {
      const before = shares[shares.length - 1];
      shares.push({
        firstChannel: before.firstChannel + before.channels,
        channels: file.get('CHANNELS'),
        firstPage: before.firstPage + before.pages,
        pages: file.get('VRAM_PAGES'),
        quantumNs: quantumNs(file),
      });
    }
    return shares;
  }

  reset(): void {
    this.files.forEach((file) => {
      file.reset();
    });
  }

  save(): readonly Uint32Array[] {
    return this.files.map((file) => file.save());
  }

  load(state: readonly Uint32Array[]): void {
    state.forEach((saved, index) => {
      this.files[index].load(saved);
    });
  }
}

function quantumNs(file: RegisterFile<typeof sriovRegisters.rows>): number {
  return Math.max(1, extract(QUANTUM.bits.MICROSECONDS, file.get('QUANTUM'))) * NS_PER_US;
}
