/** Resources of a virtio-gpu and their backings: VIRTIO 1.3 §5.7.6.8. */
import type { Check } from '../check/check.ts';
import { mustEqual } from '../gpu/target.ts';
import type { DevicePart } from '../part.ts';
import { HEADER_BYTES, responses, wordAt } from '../virtio/gpu-bytes.ts';
import { mustBe } from '../virtio/must.ts';
import { pixelFormats, toRgba } from '../virtio/pixel-formats.ts';
import { live } from './device-check.ts';
import { HEIGHT, PAGES, RAM_BYTES, WIDTH } from './mock-driver.ts';
import {
  attachBacking,
  create2d,
  detachBacking,
  flush,
  getDisplayInfo,
  setScanout,
  transferToHost2d,
  unref,
  type Rect,
} from './requests.ts';
import { BYTES, HIGH, IMAGE, lastShown, picture, shownImage, WHOLE, WIDE } from './shown-image.ts';

const { OK_NODATA, ERR_INVALID_RESOURCE_ID } = responses;

export const resourceChecks: readonly Check<DevicePart>[] = [
  live(
    '5.7.6.8',
    'display-info',
    'GET_DISPLAY_INFO tells the mode of each scanout that is enabled.',
    async (driver) => {
      const answer = await driver.ask(getDisplayInfo());
      mustBe('the type', responses.OK_DISPLAY_INFO, wordAt(answer, 0));
      const words = [0, 1, 2, 3, 4, 5].map((index) => wordAt(answer, HEADER_BYTES + 4 * index));
      mustBe('the first scanout', [0, 0, WIDTH, HEIGHT, 1, 0], words);
    },
  ),
  live('5.7.6.8', 'resource-ids', 'An id is of one resource, and 0 is of none.', async (driver) => {
    await driver.mustAnswer(OK_NODATA, create2d(IMAGE, WIDE, HIGH));
    await driver.mustRefuse('an id that is taken', create2d(IMAGE, WIDE, HIGH));
    await driver.mustRefuse('the id 0', create2d(0, WIDE, HIGH));
    mustBe('resources of the renderer', 1, driver.renderer.alive);
  }),
  live(
    '5.7.6.8',
    'unknown-resource',
    'A resource that there is not, or not any more, is ERR_INVALID_RESOURCE_ID.',
    async (driver) => {
      await shownImage(driver);
      await driver.mustAnswer(OK_NODATA, unref(IMAGE));
      await driver.mustAnswer(
        ERR_INVALID_RESOURCE_ID,
        unref(IMAGE),
        attachBacking(IMAGE, [[PAGES, BYTES]]),
        detachBacking(IMAGE),
        transferToHost2d(IMAGE, WHOLE),
        flush(IMAGE, WHOLE),
        setScanout(0, IMAGE, WHOLE),
      );
      await driver.kick();
      mustBe('resources of the renderer', 0, driver.renderer.alive);
    },
  ),
  live(
    '5.7.6.8',
    'sizes',
    'An image without pixels, or with more than there can be, is an error and leaves nothing.',
    async (driver) => {
      for (const [width, height] of [
        [0, HIGH],
        [WIDE, 0],
        [0x8000, 0x8000],
        [0xffff_ffff, 0xffff_ffff],
        [0x4000_0001, 4],
      ]) {
        await driver.mustRefuse(`${width} by ${height}`, create2d(IMAGE, width, height));
      }
      mustBe('resources of the renderer', 0, driver.renderer.alive);
      await driver.mustAnswer(OK_NODATA, create2d(IMAGE, WIDE, HIGH));
    },
  ),
  live('5.7.6.8', 'formats-known', 'A format that there is not is an error.', async (driver) => {
    for (const format of [0, 5, 66, 0xffff_ffff]) {
      await driver.mustRefuse(`the format ${format}`, create2d(IMAGE, WIDE, HIGH, format));
    }
  }),
  ...pixelFormats.map((format) =>
    live(
      '5.7.6.8',
      `format-${format.name.toLowerCase()}`,
      `An image of ${format.name}_UNORM is shown with its bytes in that order.`,
      async (driver) => {
        const pixels = driver.paint(BYTES);
        await shownImage(driver, format.number);
        await driver.mustAnswer(OK_NODATA, transferToHost2d(IMAGE, WHOLE), flush(IMAGE, WHOLE));
        mustEqual(picture(toRgba(pixels, format)), lastShown(driver));
      },
    ),
  ),
  live(
    '5.7.6.8',
    'backing-in-pieces',
    'A backing may be in pieces, which end in the middle of a row, or of a pixel.',
    async (driver) => {
      const pixels = driver.paint(BYTES);
      const pieces = [100, 6, BYTES - 106];
      const list = pieces.map((bytes, index) => {
        const from = pieces.slice(0, index).reduce((sum, each) => sum + each, 0);
        const to = PAGES + 0x4000 * (pieces.length - index);
        driver.memory.bytes.set(pixels.subarray(from, from + bytes), to);
        return [to, bytes] as const;
      });
      await driver.mustAnswer(
        OK_NODATA,
        create2d(IMAGE, WIDE, HIGH),
        attachBacking(IMAGE, list),
        setScanout(0, IMAGE, WHOLE),
        transferToHost2d(IMAGE, WHOLE),
        flush(IMAGE, WHOLE),
      );
      mustEqual(picture(pixels), lastShown(driver));
    },
  ),
  live(
    '5.7.6.8',
    'transfer-rectangle',
    'A transfer of a rectangle moves its rows, from the offset on, as far apart as in the image.',
    async (driver) => {
      const pixels = driver.paint(BYTES);
      await shownImage(driver);
      const [x, y, width, height] = [3, 2, 5, 4];
      const offset = 4 * (y * WIDE + x);
      const moved = transferToHost2d(IMAGE, [x, y, width, height], offset);
      await driver.mustAnswer(OK_NODATA, moved, flush(IMAGE, WHOLE));
      const expected = pixels.map((byte, index) => {
        const [column, row] = [Math.floor(index / 4) % WIDE, Math.floor(index / 4 / WIDE)];
        const isIn = column >= x && column < x + width && row >= y && row < y + height;
        return isIn ? byte : 0;
      });
      mustEqual(picture(expected), lastShown(driver));
    },
  ),
  live(
    '5.7.6.8',
    'transfer-bounds',
    'A transfer that is not within its image, or whose bytes are not in the backing, is an error.',
    async (driver) => {
      await shownImage(driver);
      const wrong: readonly (readonly [Rect, number])[] = [
        [[1, 0, WIDE, HIGH], 0],
        [[0, 1, WIDE, HIGH], 0],
        [[0xffff_fff0, 0, 0x20, 1], 0],
        [[0, 0xffff_ffff, 1, 2], 0],
        [WHOLE, 4],
        [[0, 0, 1, 1], BYTES],
        [[0, 0, 1, 1], 2 ** 40],
      ];
      for (const [rect, offset] of wrong) {
        const request = transferToHost2d(IMAGE, rect, offset);
        await driver.mustRefuse(`[${rect.join(', ')}] from ${offset}`, request);
      }
      await driver.mustAnswer(OK_NODATA, transferToHost2d(IMAGE, [WIDE - 1, HIGH - 1, 1, 1], 0));
    },
  ),
  live('5.7.6.8', 'attached-once', 'A resource has one backing at a time.', async (driver) => {
    await shownImage(driver);
    await driver.mustRefuse('a second backing', attachBacking(IMAGE, [[PAGES, BYTES]]));
    await driver.mustAnswer(
      OK_NODATA,
      detachBacking(IMAGE),
      attachBacking(IMAGE, [[PAGES, BYTES]]),
    );
  }),
  live(
    '5.7.6.8',
    'backing-bounds',
    'A backing beyond memory, or with fewer entries than it says, is an error.',
    async (driver) => {
      await driver.mustAnswer(OK_NODATA, create2d(IMAGE, WIDE, HIGH));
      await driver.mustRefuse('a missing entry', attachBacking(IMAGE, [[PAGES, BYTES]], 2));
      await driver.mustRefuse('2^32 - 1 entries', attachBacking(IMAGE, [[PAGES, 4]], 0xffff_ffff));
      const across = attachBacking(IMAGE, [[RAM_BYTES - 16, 32]]);
      await driver.mustRefuse('pages beyond the end of memory', across);
      await driver.mustRefuse('pages at 2^48', attachBacking(IMAGE, [[2 ** 48, BYTES]]));
      await driver.mustAnswer(OK_NODATA, attachBacking(IMAGE, [[PAGES, BYTES]]));
    },
  ),
  live(
    '5.7.6.8',
    'detached',
    'After DETACH_BACKING the pages are not read any more.',
    async (driver) => {
      await shownImage(driver);
      await driver.mustAnswer(OK_NODATA, detachBacking(IMAGE));
      await driver.mustRefuse('a transfer without a backing', transferToHost2d(IMAGE, WHOLE));
    },
  ),
  live('5.7.6.8', 'new-is-zero', 'A new image is not what was there before.', async (driver) => {
    driver.paint(BYTES);
    await shownImage(driver);
    await driver.mustAnswer(OK_NODATA, transferToHost2d(IMAGE, WHOLE), unref(IMAGE));
    await shownImage(driver);
    await driver.mustAnswer(OK_NODATA, flush(IMAGE, WHOLE));
    mustEqual(picture(new Uint8Array(BYTES)), lastShown(driver));
  }),
];
