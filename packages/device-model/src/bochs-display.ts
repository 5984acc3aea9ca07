/**
 * bochs-display (docs/reference/bochs-display.md): a framebuffer, and registers that say which part
 * of it is shown. Its behaviour is that of QEMU 11.1's, but for what docs/reference/peers.md lists.
 */
import {
  type AccessWidth,
  BOCHS_MIN_SIZE,
  BOCHS_PCIE_OFFSET,
  bochsBars,
  bochsEndianness,
  bochsExtended,
  bochsIds,
  bochsWindow,
  type DeviceHost,
  dispiRegisters,
  edidBlock,
  encodeEdid,
  RegisterFile,
  type Stateful,
} from '@doorbell/abi';
import type { BarRegion } from './bar.ts';
import { PagedMemory, type PagedMemoryState } from './paged-memory.ts';
import { type FunctionState, PciFunction } from './pci-function.ts';

const { ENABLED } = dispiRegisters.rows.ENABLE.bits;
/** What QEMU gives every device whose board says nothing else. */
const board = { subsystemVendor: 0x1af4, subsystem: 0x1100 } as const;

/** The mode that registers describe, in bytes but for width and height. */
interface Mode {
  readonly width: number;
  readonly height: number;
  readonly pixelBytes: number;
  readonly stride: number;
  readonly start: number;
}

/** What the screen shows: rows of R, G, B, A bytes without gaps. */
export interface Scanout {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

interface BochsState {
  readonly pci: FunctionState;
  readonly dispi: Uint32Array;
  readonly extended: Uint32Array;
  readonly framebuffer: PagedMemoryState;
}

export class BochsDisplay extends PciFunction implements Stateful<BochsState> {
  private readonly framebuffer: PagedMemory;
  private readonly edid: Uint8Array;
  private readonly dispi = new RegisterFile(dispiRegisters);
  private readonly extended = new RegisterFile(bochsExtended);

  /**
   * The display connected to it prefers `width` by `height` pixels.
   * @param memory  holds the framebuffer, all zero: one that a host maps into a guest, or a new one.
   */
  constructor(host: DeviceHost, width = 1024, height = 768, memory?: ArrayBufferLike) {
    super(host, { ...bochsIds, ...board });
    this.framebuffer = new PagedMemory(bochsBars.FRAMEBUFFER.size, memory);
    this.edid = encodeEdid('DBL', bochsIds.device, 'Doorbell', width, height);
    const { FRAMEBUFFER, REGISTERS } = bochsBars;
    this.addBar({ ...FRAMEBUFFER, is64: false, prefetchable: true, memory: this.framebuffer });
    this.addBar({
      ...REGISTERS,
      is64: false,
      prefetchable: false,
      regions: [this.edidRegion(), this.dispiRegion(), this.extendedRegion()],
    });
    this.addPcie(BOCHS_PCIE_OFFSET);
  }

  // ------------------------------------------------------------------------------ BAR2

  private edidRegion(): BarRegion {
    return {
      base: bochsWindow.edid,
      size: edidBlock.size,
      widths: [1, 2, 4],
      read: (offset, width) => littleEndian(this.edid, offset, width),
      write: () => {},
    };
  }

  /** Registers have two bytes: one byte reaches its register's low half, four reach two registers. */
  private dispiRegion(): BarRegion {
    const { dispi } = this;
    return {
      base: bochsWindow.dispi,
      size: dispiRegisters.size + 2, // 4 bytes at the last register reach past it
      widths: [1, 2, 4],
      read: (offset, width) => {
        const low = dispi.read(offset & ~1, 2);
        if (width === 4) {
          return (low | (dispi.read((offset & ~1) + 2, 2) << 16)) >>> 0;
        }
        return width === 1 ? low & 0xff : low;
      },
      write: (offset, width, value) => {
        dispi.write(offset & ~1, 2, value & 0xffff);
        if (width === 4) {
          dispi.write((offset & ~1) + 2, 2, value >>> 16);
        }
      },
    };
  }

  private extendedRegion(): BarRegion {
    const { extended } = this;
    const { ENDIANNESS } = bochsExtended.rows;
    const { LITTLE, BIG } = bochsEndianness;
    return {
      base: bochsWindow.extended,
      size: bochsExtended.size,
      widths: [1, 2, 4],
      read: (offset, width) => (width === 4 ? extended.read(offset, 4) : 0),
      write: (offset, width, value) => {
        if (offset !== ENDIANNESS.offset || value === LITTLE || value === BIG) {
          extended.write(offset, width, value);
        }
      },
    };
  }

  // ------------------------------------------------------------------------------ the screen

  /** The mode that the registers describe, if there is one and memory holds it. */
  private mode(): Mode | undefined {
    const { dispi } = this;
    const pixelBytes = dispi.get('BPP') / 8;
    const width = dispi.get('XRES');
    const height = dispi.get('YRES');
    const stride = Math.max(width, dispi.get('VIRT_WIDTH')) * pixelBytes;
    const start = dispi.get('X_OFFSET') * pixelBytes + dispi.get('Y_OFFSET') * stride;
    const isMode =
      (dispi.get('ENABLE') & ENABLED.mask) !== 0 &&
      (pixelBytes === 4 || pixelBytes === 2) &&
      Math.min(width, height) >= BOCHS_MIN_SIZE &&
      start + stride * height <= this.framebuffer.size;
    return isMode ? { width, height, pixelBytes, stride, start } : undefined;
  }

  /** What the screen shows now; undefined: it is dark. */
  scanout(): Scanout | undefined {
    const mode = this.mode();
    if (mode === undefined) {
      return undefined;
    }
    const { width, height, pixelBytes, stride, start } = mode;
    const bigEndian = this.extended.get('ENDIANNESS') === bochsEndianness.BIG;
    const convert = pixelBytes === 2 ? from565 : bigEndian ? fromXrgbBig : fromXrgbLittle;
    const pixels = new Uint8Array(width * height * 4);
    for (let y = 0; y < height; y++) {
      const row = start + y * stride;
      convert(
        this.framebuffer.bytes.subarray(row, row + width * pixelBytes),
        pixels.subarray(y * width * 4, (y + 1) * width * 4),
      );
    }
    return { width, height, pixels };
  }

  // ------------------------------------------------------------------------------ state

  /** It has no timers. */
  override onTimer(): void {}

  protected override onReset(): void {
    this.dispi.reset();
    this.extended.reset();
  }

  save(): BochsState {
    return {
      pci: this.saveFunction(),
      dispi: this.dispi.save(),
      extended: this.extended.save(),
      framebuffer: this.framebuffer.save(),
    };
  }

  load(state: BochsState): void {
    this.loadFunction(state.pci);
    this.dispi.load(state.dispi);
    this.extended.load(state.extended);
    this.framebuffer.load(state.framebuffer);
  }
}

function littleEndian(bytes: Uint8Array, at: number, width: AccessWidth): number {
  let value = 0;
  for (let i = 0; i < width; i++) {
    value |= bytes[at + i] << (8 * i);
  }
  return value >>> 0;
}

/** The bytes B, G, R, X. */
function fromXrgbLittle(from: Uint8Array, rgba: Uint8Array): void {
  for (let at = 0; at < rgba.length; at += 4) {
    rgba[at] = from[at + 2];
    rgba[at + 1] = from[at + 1];
    rgba[at + 2] = from[at];
    rgba[at + 3] = 0xff;
  }
}

/** The bytes X, R, G, B. */
function fromXrgbBig(from: Uint8Array, rgba: Uint8Array): void {
  for (let at = 0; at < rgba.length; at += 4) {
    rgba[at] = from[at + 1];
    rgba[at + 1] = from[at + 2];
    rgba[at + 2] = from[at + 3];
    rgba[at + 3] = 0xff;
  }
}

/** Five bits of red at the top, six of green, five of blue; their top bits fill up the bottom. */
function from565(from: Uint8Array, rgba: Uint8Array): void {
  for (let at = 0; at < rgba.length; at += 4) {
    const pixel = from[at / 2] | (from[at / 2 + 1] << 8);
    const red = pixel >>> 11;
    const green = (pixel >>> 5) & 0x3f;
    const blue = pixel & 0x1f;
    rgba[at] = (red << 3) | (red >>> 2);
    rgba[at + 1] = (green << 2) | (green >>> 4);
    rgba[at + 2] = (blue << 3) | (blue >>> 2);
    rgba[at + 3] = 0xff;
  }
}
