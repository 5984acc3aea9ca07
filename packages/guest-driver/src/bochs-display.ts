/**
 * bochs-display's driver (docs/reference/bochs-display.md): a mode is set by writing registers,
 * a picture is shown by writing memory. There is no interrupt and no DMA.
 */
import {
  type Accessors,
  accessors,
  BOCHS_MIN_SIZE,
  bochsBars,
  bochsEndianness,
  bochsExtended,
  bochsIds,
  bochsWindow,
  decodeEdid,
  type Edid,
  edidBlock,
  dispiRegisters,
  type Mmio,
  type PciDevice,
} from '@doorbell/abi';
import { enableMemory, matches, ProbeError } from './pci.ts';
import { Undo } from './undo.ts';

const PIXEL_BYTES = 4;
const { ENABLED, LINEAR } = dispiRegisters.rows.ENABLE.bits;

/** A picture in memory: rows of R, G, B, A bytes without gaps. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export class BochsDisplay {
  /** What the display says of itself; undefined when its EDID is missing or damaged. */
  readonly edid: Edid | undefined;
  /** In bytes. */
  readonly memory: number;

  private readonly framebuffer: Mmio;
  private readonly registers: Mmio;
  private readonly dispi: Accessors<typeof dispiRegisters.rows>;
  private readonly undo = new Undo();
  /** The mode that is set, in pixels; none at first. */
  private width = 0;
  private height = 0;

  /** The probe. @throws ProbeError when this is no bochs-display; nothing is held then. */
  constructor(device: PciDevice) {
    try {
      // 1. Is it ours?
      if (!matches(device.config, bochsIds)) {
        throw new ProbeError('The function is no bochs-display.');
      }
      // 2. Let it decode its BARs, and map them.
      this.undo.push(enableMemory(device.config));
      this.framebuffer = device.mapBar(bochsBars.FRAMEBUFFER.index);
      this.registers = device.mapBar(bochsBars.REGISTERS.index);
      this.dispi = accessors(dispiRegisters, this.registers, bochsWindow.dispi);
      // 3. Does it speak DISPI? The low digit is the version.
      const id = this.dispi.ID.read();
      if ((id & 0xfff0) !== 0xb0c0) {
        throw new ProbeError(`bochs-display identifies itself as 0x${id.toString(16)}.`);
      }
      // 4. How much can it show? It may claim more than its BAR lets us reach.
      this.memory = Math.min(this.dispi.VIDEO_MEMORY.read() * 0x10000, this.framebuffer.size);
      // 5. What is connected to it?
      this.edid = this.readEdid();
      // 6. The screen stays off until a mode is set, and is off again when we go.
      this.undo.push(() => this.dispi.ENABLE.write(0));
    } catch (error) {
      this.undo.run();
      throw error;
    }
  }

  /** The probe, backwards. */
  remove(): void {
    this.undo.run();
  }

  private readEdid(): Edid | undefined {
    const block = new Uint8Array(edidBlock.size);
    this.registers.readBlock(bochsWindow.edid, block);
    return decodeEdid(block);
  }

  /** Shows the first `width` by `height` pixels of memory. @throws RangeError */
  setMode(width: number, height: number): void {
    const fits = width * height * PIXEL_BYTES <= this.memory;
    if (!fits || Math.min(width, height) < BOCHS_MIN_SIZE || Math.max(width, height) > 0xffff) {
      throw new RangeError(`bochs-display has no mode of ${width}x${height} pixels.`);
    }
    const { dispi } = this;
    // Off meanwhile, so that no frame is shown with one half of each mode.
    dispi.ENABLE.write(0);
    const extended = accessors(bochsExtended, this.registers, bochsWindow.extended);
    extended.ENDIANNESS.write(bochsEndianness.LITTLE);
    dispi.BPP.write(PIXEL_BYTES * 8);
    dispi.XRES.write(width);
    dispi.YRES.write(height);
    dispi.BANK.write(0);
    dispi.VIRT_WIDTH.write(width);
    dispi.VIRT_HEIGHT.write(height);
    dispi.X_OFFSET.write(0);
    dispi.Y_OFFSET.write(0);
    dispi.ENABLE.write(ENABLED.mask | LINEAR.mask);
    this.width = width;
    this.height = height;
  }

  /** Puts a picture on the screen with its first pixel at (x, y). @throws RangeError */
  draw(picture: Picture, x: number, y: number): void {
    const { width, height } = picture;
    if (x < 0 || y < 0 || x + width > this.width || y + height > this.height) {
      throw new RangeError(`${width}x${height} pixels at ${x},${y} reach beyond the screen.`);
    }
    const row = new Uint8Array(width * PIXEL_BYTES);
    for (let line = 0; line < height; line++) {
      toXrgb(picture.pixels, line * row.length, row);
      this.framebuffer.writeBlock(((y + line) * this.width + x) * PIXEL_BYTES, row);
    }
  }
}

/** A word 0x00RRGGBB per pixel, little-endian: the bytes B, G, R, 0. */
function toXrgb(rgba: Uint8Array, from: number, row: Uint8Array): void {
  for (let at = 0; at < row.length; at += PIXEL_BYTES) {
    row[at] = rgba[from + at + 2];
    row[at + 1] = rgba[from + at + 1];
    row[at + 2] = rgba[from + at];
    row[at + 3] = 0;
  }
}
