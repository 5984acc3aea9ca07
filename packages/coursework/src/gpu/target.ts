/** A `Gpu` that is tried, and what it is compared with. */
import { GpuError, type Gpu, type GpuErrorCode, type GpuImage } from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { engineRates, SoftwareRenderer, type Picture } from '@doorbell/lab';
import { Mismatch, Skip } from '../check/mismatch.ts';

/** Of the GPU: some more than what its largest resource here takes. */
export const MEMORY_BYTES = 64 << 20;

export interface Watched {
  readonly gpu: Gpu;
  /** What it presented, oldest first. */
  readonly shown: readonly Picture[];
}

/** This project's own engines, in software. */
export function referenceGpu(): Gpu {
  const [profile] = profiles.values();
  return new SoftwareRenderer({
    display: { flip: () => {} },
    memoryBytes: MEMORY_BYTES,
    rates: engineRates(profile, 'software'),
  });
}

/** @throws Skip when it does not offer all of these commands. Undefined: it has to. */
export function needCommands(
  features: Gpu['features'] | undefined,
  names: readonly string[],
): void {
  if (features === undefined) {
    return;
  }
  const offered: ReadonlySet<string> = features.commands;
  const missing = names.filter((name) => !offered.has(name));
  if (missing.length > 0) {
    throw new Skip(`features.commands does not offer ${missing.join(', ')}.`);
  }
}

/** @throws Mismatch unless it is refused with this code. */
export async function mustRefuse(
  code: GpuErrorCode,
  what: string,
  call: () => Promise<unknown>,
): Promise<void> {
  const expected = `${what} to be refused with GpuError '${code}'`;
  try {
    await call();
  } catch (error) {
    if (error instanceof GpuError && error.code === code) {
      return;
    }
    const seen =
      error instanceof GpuError
        ? `GpuError '${error.code}': ${error.message}`
        : `an error that is no GpuError: ${String(error)}`;
    throw new Mismatch(expected, seen);
  }
  throw new Mismatch(expected, 'no error');
}

/** All of an image, as the Gpu gives it back. */
export async function pictureOf(gpu: Gpu, image: GpuImage): Promise<Picture> {
  const { width, height, stride } = image;
  const bytes = new Uint8Array(stride * height);
  await gpu.read(image, 0, bytes);
  const pixels = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    pixels.set(bytes.subarray(y * stride, y * stride + width * 4), y * width * 4);
  }
  return { width, height, pixels };
}

/** @throws Mismatch at the first pixel that differs. */
export function mustEqual(expected: Picture, seen: Picture): void {
  if (expected.width !== seen.width || expected.height !== seen.height) {
    throw new Mismatch(
      `${expected.width} by ${expected.height} pixels`,
      `${seen.width} by ${seen.height}`,
      { expected, seen },
    );
  }
  const differing: number[] = [];
  for (let at = 0; at < expected.pixels.length; at += 4) {
    if (colorAt(expected, at) !== colorAt(seen, at)) {
      differing.push(at);
    }
  }
  if (differing.length === 0) {
    return;
  }
  const [first] = differing;
  const [x, y] = [(first / 4) % expected.width, Math.floor(first / 4 / expected.width)];
  const count = `${differing.length} of ${expected.pixels.length / 4} pixels differ`;
  throw new Mismatch(
    `${colorAt(expected, first)} at (${x}, ${y})`,
    `${colorAt(seen, first)}; ${count}`,
    { expected, seen },
  );
}

/** `#rrggbbaa` */
function colorAt({ pixels }: Picture, at: number): string {
  return `#${Array.from(pixels.subarray(at, at + 4), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
