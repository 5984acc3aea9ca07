/** The scanout: shows a rectangle of VRAM when software flips. */
import {
  type bellRegisters,
  type Display,
  extract,
  MAX_SURFACE,
  type MemoryBacking,
  PAGE_BYTES,
  type RegisterFile,
  type Trace,
} from '@doorbell/abi';

/** What the scanout works with. */
export interface ScanoutParts {
  readonly registers: RegisterFile<typeof bellRegisters.rows>;
  readonly vram: MemoryBacking;
  readonly display: Display;
  readonly trace: Trace;
  readonly counts: { flips: number };
}

/** Shows what the registers describe; nothing while they are off or describe what is not there. */
export function flip({ registers, vram, display, trace, counts }: ScanoutParts): void {
  const { SCANOUT_CONTROL, SCANOUT_SIZE } = registers.map.rows;
  const enabled = extract(SCANOUT_CONTROL.bits.ENABLE, registers.get('SCANOUT_CONTROL'));
  const width = extract(SCANOUT_SIZE.bits.WIDTH, registers.get('SCANOUT_SIZE'));
  const height = extract(SCANOUT_SIZE.bits.HEIGHT, registers.get('SCANOUT_SIZE'));
  const stride = registers.get('SCANOUT_STRIDE');
  const page = registers.get('SCANOUT_PAGE');
  if (enabled === 0 || !fits(width) || !fits(height) || stride < width * 4) {
    return;
  }
  const start = page * PAGE_BYTES;
  const end = start + (height - 1) * stride + width * 4;
  if (end > vram.size) {
    return;
  }
  const frame = (registers.get('SCANOUT_FRAMES') + 1) >>> 0;
  registers.set('SCANOUT_FRAMES', frame);
  counts.flips++;
  trace.event('flip', frame, page);
  display.flip(vram.bytes.subarray(start, end), width, height, stride);
}

function fits(pixels: number): boolean {
  return pixels > 0 && pixels <= MAX_SURFACE;
}
