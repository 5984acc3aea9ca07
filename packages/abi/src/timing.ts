/**
 * Video timings: how many pixels and lines a display counts per frame, seen and unseen. The
 * 18-byte detailed timing descriptor is VESA E-EDID 1.4 §3.10.2.
 */
import { bytes, struct, u16, u8 } from './layout.ts';

export interface Timing {
  /** Pixel clock in kHz, a multiple of 10. */
  readonly clockKhz: number;
  /** Pixels across: visible, unseen, and from the last visible one to the sync pulse and its end. */
  readonly width: number;
  readonly hBlank: number;
  readonly hFront: number;
  readonly hSync: number;
  /** Lines down, likewise. */
  readonly height: number;
  readonly vBlank: number;
  readonly vFront: number;
  readonly vSync: number;
}

/** Bytes 0 to 17, as E-EDID 1.4 table 3.21 has them. "High" bytes hold the bits that did not fit. */
const layout = struct('detailed timing', {
  clock: u16, // in units of 10 kHz
  width: u8,
  hBlank: u8,
  hHigh: u8, // width 11:8, hBlank 11:8
  height: u8,
  vBlank: u8,
  vHigh: u8, // height 11:8, vBlank 11:8
  hFront: u8,
  hSync: u8,
  vFrontSync: u8, // vFront 3:0, vSync 3:0
  high: u8, // hFront 9:8, hSync 9:8, vFront 5:4, vSync 5:4
  sizeAndBorder: bytes(5),
  flags: u8,
});

export const TIMING_BYTES = layout.size;

/** Separate digital sync, horizontal positive, vertical negative: how reduced blanking is recognised. */
const SYNC_FLAGS = 0x1a;

/** @throws RangeError when a value has more bits than the descriptor gives it. */
export function encodeTiming(timing: Timing): Uint8Array {
  const { clockKhz, width, hBlank, hFront, hSync, height, vBlank, vFront, vSync } = timing;
  const fits =
    Math.max(width, hBlank, height, vBlank) < 1 << 12 &&
    Math.max(hFront, hSync) < 1 << 10 &&
    Math.max(vFront, vSync) < 1 << 6 &&
    clockKhz / 10 < 1 << 16;
  if (!fits) {
    throw new RangeError(`A detailed timing cannot hold ${width}x${height} at ${clockKhz} kHz.`);
  }
  return layout.encode({
    clock: clockKhz / 10,
    width: width & 0xff,
    hBlank: hBlank & 0xff,
    hHigh: ((width >> 8) << 4) | (hBlank >> 8),
    height: height & 0xff,
    vBlank: vBlank & 0xff,
    vHigh: ((height >> 8) << 4) | (vBlank >> 8),
    hFront: hFront & 0xff,
    hSync: hSync & 0xff,
    vFrontSync: ((vFront & 0xf) << 4) | (vSync & 0xf),
    high: ((hFront >> 8) << 6) | ((hSync >> 8) << 4) | ((vFront >> 4) << 2) | (vSync >> 4),
    sizeAndBorder: new Uint8Array(5),
    flags: SYNC_FLAGS,
  });
}

/** Undefined: the descriptor holds something else than a timing (its clock is 0). */
export function decodeTiming(from: Uint8Array): Timing | undefined {
  const at = layout.decode(from);
  if (at.clock === 0) {
    return undefined;
  }
  return {
    clockKhz: at.clock * 10,
    width: at.width | ((at.hHigh >> 4) << 8),
    hBlank: at.hBlank | ((at.hHigh & 0xf) << 8),
    hFront: at.hFront | ((at.high >> 6) << 8),
    hSync: at.hSync | (((at.high >> 4) & 3) << 8),
    height: at.height | ((at.vHigh >> 4) << 8),
    vBlank: at.vBlank | ((at.vHigh & 0xf) << 8),
    vFront: (at.vFrontSync >> 4) | (((at.high >> 2) & 3) << 4),
    vSync: (at.vFrontSync & 0xf) | ((at.high & 3) << 4),
  };
}

/** Lines of vertical sync tell the aspect ratio (CVT 1.2, table 3-2); 10 is any other. */
const syncOfAspect = [
  [4, 3, 4],
  [16, 9, 5],
  [16, 10, 6],
  [5, 4, 7],
  [15, 9, 7],
] as const;

/** VESA CVT 1.2 §3.5, reduced blanking, at 60 Hz: what `cvt -r` prints. */
export function reducedBlanking(width: number, height: number): Timing {
  const aspect = syncOfAspect.find(([across, down]) => width * down === height * across);
  const vSync = aspect?.[2] ?? 10;
  const vFront = 3;
  const lineUs = (1e6 / 60 - 460) / height; // blanking lasts at least 460 µs
  const vBlank = Math.max(Math.floor(460 / lineUs) + 1, vFront + vSync + 6);
  const hBlank = 160;
  const hertz = 60 * (height + vBlank) * (width + hBlank);
  const clockKhz = Math.floor(hertz / 250_000) * 250; // in steps of 0.25 MHz
  return { clockKhz, width, hBlank, hFront: 48, hSync: 32, height, vBlank, vFront, vSync };
}
