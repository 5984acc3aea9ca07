/** An image that is shown, and what is seen of it. */
import type { Picture } from '@doorbell/lab';
import { RGBA, responses } from '../virtio/gpu-bytes.ts';
import { PAGES, type MockDriver } from './mock-driver.ts';
import { attachBacking, create2d, setScanout, type Rect } from './requests.ts';

export const IMAGE = 5;
/** Of pictures: not square, so that nobody takes one for the other. */
export const [WIDE, HIGH] = [32, 16];
export const BYTES = 4 * WIDE * HIGH;
export const WHOLE: Rect = [0, 0, WIDE, HIGH];

/** Makes an image with a backing of the painted pages, which is shown. */
export async function shownImage(driver: MockDriver, format = RGBA): Promise<void> {
  await driver.mustAnswer(
    responses.OK_NODATA,
    create2d(IMAGE, WIDE, HIGH, format),
    attachBacking(IMAGE, [[PAGES, BYTES]]),
    setScanout(0, IMAGE, WHOLE),
  );
}

export function lastShown({ renderer }: MockDriver): Picture {
  return renderer.shown.at(-1) ?? { width: 0, height: 0, pixels: new Uint8Array() };
}

export function picture(pixels: Uint8Array): Picture {
  return { width: WIDE, height: HIGH, pixels };
}
