/** Scanouts of a virtio-gpu, of images and of blobs: VIRTIO 1.3 §5.7.6.8. */
import type { Check } from '../check/check.ts';
import { mustEqual } from '../gpu/target.ts';
import type { DevicePart } from '../part.ts';
import { responses } from '../virtio/gpu-bytes.ts';
import { mustBe } from '../virtio/must.ts';
import { live } from './device-check.ts';
import { PAGES } from './mock-driver.ts';
import {
  create2d,
  createBlob,
  flush,
  setScanout,
  setScanoutBlob,
  transferToHost2d,
  type Rect,
} from './requests.ts';
import { BYTES, HIGH, IMAGE, lastShown, picture, shownImage, WHOLE, WIDE } from './shown-image.ts';

const { OK_NODATA, ERR_INVALID_SCANOUT_ID } = responses;

export const scanoutChecks: readonly Check<DevicePart>[] = [
  live(
    '5.7.6.8',
    'scanout-ids',
    'A scanout that there is not is ERR_INVALID_SCANOUT_ID.',
    async (driver) => {
      await driver.mustAnswer(OK_NODATA, create2d(IMAGE, WIDE, HIGH));
      const wrong = [16, 0xffff_ffff].map((scanout) => setScanout(scanout, IMAGE, WHOLE));
      await driver.mustAnswer(ERR_INVALID_SCANOUT_ID, ...wrong);
    },
  ),
  live(
    '5.7.6.8',
    'scanout-covered',
    'A scanout that its image does not cover is an error.',
    async (driver) => {
      await shownImage(driver);
      const wrong: readonly Rect[] = [
        [1, 0, WIDE, HIGH],
        [0, 1, WIDE, HIGH],
        [0, 0, WIDE + 1, HIGH],
        [0xffff_fff0, 0, 0x20, HIGH],
      ];
      for (const rect of wrong) {
        await driver.mustRefuse(`[${rect.join(', ')}]`, setScanout(0, IMAGE, rect));
      }
    },
  ),
  live('5.7.6.8', 'scanout-part', 'A scanout may show a part of its image.', async (driver) => {
    const pixels = driver.paint(BYTES);
    await shownImage(driver);
    await driver.mustAnswer(
      OK_NODATA,
      transferToHost2d(IMAGE, WHOLE),
      setScanout(0, IMAGE, [WIDE - 16, 0, 16, HIGH]),
      flush(IMAGE, WHOLE),
    );
    const right = pixels.filter((_, index) => Math.floor(index / 4) % WIDE >= WIDE - 16);
    mustEqual({ width: 16, height: HIGH, pixels: right }, lastShown(driver));
  }),
  live(
    '5.7.6.8',
    'flush-shows',
    'What is shown changes with a flush, and not before; of a resource that is not shown, not at all.',
    async (driver) => {
      driver.paint(BYTES);
      await shownImage(driver);
      await driver.mustAnswer(OK_NODATA, transferToHost2d(IMAGE, WHOLE));
      mustBe('frames before the flush', 0, driver.renderer.shown.length);
      await driver.mustAnswer(OK_NODATA, flush(IMAGE, WHOLE));
      mustBe('frames after it', 1, driver.renderer.shown.length);
      await driver.mustAnswer(OK_NODATA, setScanout(0, 0, [0, 0, 0, 0]), flush(IMAGE, WHOLE));
      mustBe('frames when the scanout is off', 1, driver.renderer.shown.length);
    },
  ),
  live(
    '5.7.6.8',
    'flush-bounds',
    'A flush that is not within its image is an error.',
    async (driver) => {
      await shownImage(driver);
      const wrong: readonly Rect[] = [
        [0, 0, WIDE + 1, HIGH],
        [0, 0xffff_ffff, 1, 2],
      ];
      for (const rect of wrong) {
        await driver.mustRefuse(`[${rect.join(', ')}]`, flush(IMAGE, rect));
      }
    },
  ),
  live(
    '5.7.6.8',
    'blob-mem',
    'A blob whose blob_mem is 0, or none that there is, is an error.',
    async (driver) => {
      for (const memory of [0, 4, 0xffff_ffff]) {
        await driver.mustRefuse(`blob_mem ${memory}`, createBlob(9, memory, [[PAGES, BYTES]]));
      }
      await driver.mustAnswer(OK_NODATA, createBlob(9, 1, [[PAGES, BYTES]]));
    },
  ),
  live(
    '5.7.6.8',
    'blob-scanout',
    'A blob of the driver’s pages is shown as they are at the flush, in a format that there is.',
    async (driver) => {
      const blob = createBlob(9, 1, [[PAGES, BYTES]]);
      await driver.mustAnswer(OK_NODATA, blob, setScanoutBlob(0, 9, [WIDE, HIGH]));
      const pixels = driver.paint(BYTES);
      await driver.mustAnswer(OK_NODATA, flush(9, WHOLE));
      mustEqual(picture(pixels), lastShown(driver));
      await driver.mustRefuse('format 0', setScanoutBlob(0, 9, [WIDE, HIGH], 0));
      await driver.mustRefuse('a size beyond the blob', setScanoutBlob(0, 9, [WIDE, HIGH + 1]));
    },
  ),
];
