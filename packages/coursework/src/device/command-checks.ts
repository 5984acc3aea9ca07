/** Resources, backings, scanouts and contexts of a virtio-gpu: VIRTIO 1.3 §5.7.6.8, §5.7.6.9. */
import { CommandEncoder } from '@doorbell/abi';
import type { Picture } from '@doorbell/lab';
import type { Check } from '../check/check.ts';
import { mustEqual } from '../gpu/target.ts';
import type { DevicePart } from '../part.ts';
import { HEADER_BYTES, RGBA, responses, wordAt } from '../virtio/gpu-bytes.ts';
import { must, mustBe } from '../virtio/must.ts';
import { pixelFormats, toRgba } from '../virtio/pixel-formats.ts';
import { live } from './device-check.ts';
import { HEIGHT, PAGES, RAM_BYTES, WIDTH, type MockDriver } from './mock-driver.ts';
import {
  attachBacking,
  create2d,
  createBlob,
  ctxAttachResource,
  ctxCreate,
  ctxDestroy,
  detachBacking,
  flush,
  getCapset,
  getCapsetInfo,
  getDisplayInfo,
  setScanout,
  setScanoutBlob,
  submit3d,
  transferToHost2d,
  unref,
  type Rect,
} from './requests.ts';

const { OK_NODATA, ERR_INVALID_RESOURCE_ID, ERR_INVALID_SCANOUT_ID, ERR_INVALID_CONTEXT_ID } =
  responses;
const BELL = 48;
const IMAGE = 5;
/** Of pictures: not square, so that nobody takes one for the other. */
const [WIDE, HIGH] = [32, 16];
const BYTES = 4 * WIDE * HIGH;
const WHOLE: Rect = [0, 0, WIDE, HIGH];
/** An image with a backing of the painted pages, which is shown. */
async function shownImage(driver: MockDriver, format = RGBA): Promise<void> {
  await driver.mustAnswer(
    OK_NODATA,
    create2d(IMAGE, WIDE, HIGH, format),
    attachBacking(IMAGE, [[PAGES, BYTES]]),
    setScanout(0, IMAGE, WHOLE),
  );
}

function lastShown({ renderer }: MockDriver): Picture {
  return renderer.shown.at(-1) ?? { width: 0, height: 0, pixels: new Uint8Array() };
}

function picture(pixels: Uint8Array): Picture {
  return { width: WIDE, height: HIGH, pixels };
}

const resourceChecks: readonly Check<DevicePart>[] = [
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

const scanoutChecks: readonly Check<DevicePart>[] = [
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
];

const blobChecks: readonly Check<DevicePart>[] = [
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

const contextChecks: readonly Check<DevicePart>[] = [
  live(
    '5.7.6.9',
    'context-for-capset',
    'A context of a capset that is offered does what its stream says.',
    async (driver) => {
      await shownImage(driver);
      const dst = { handle: IMAGE, offset: 0 };
      const all = { dst, stride: 4 * WIDE, width: WIDE, height: HIGH, value: 0x40302010 };
      const stream = [...new CommandEncoder().fill(all).finish().words];
      await driver.mustAnswer(
        OK_NODATA,
        ctxCreate(3, BELL),
        ctxAttachResource(3, IMAGE),
        submit3d(3, stream),
        flush(IMAGE, WHOLE),
      );
      const pixels = Uint8Array.from({ length: BYTES }, (_, index) => 0x10 * ((index % 4) + 1));
      mustEqual(picture(pixels), lastShown(driver));
    },
  ),
  live(
    '5.7.6.9',
    'context-ids',
    'A context that there is not is ERR_INVALID_CONTEXT_ID; an id is of one context.',
    async (driver) => {
      await driver.mustAnswer(
        ERR_INVALID_CONTEXT_ID,
        ctxDestroy(3),
        ctxAttachResource(3, IMAGE),
        submit3d(3, []),
      );
      await driver.mustAnswer(OK_NODATA, ctxCreate(3, BELL));
      await driver.mustRefuse('an id that is taken', ctxCreate(3, BELL));
      await driver.mustAnswer(OK_NODATA, ctxDestroy(3), ctxCreate(3, BELL));
    },
  ),
  live(
    '5.7.6.9',
    'context-capsets',
    'A context of a capset that is not offered is an error.',
    async (driver) => {
      for (const capset of [1, 2, 63]) {
        await driver.mustRefuse(`the capset ${capset}`, ctxCreate(3, capset));
      }
    },
  ),
  live(
    '5.7.6.8',
    'capsets',
    'There are as many capsets as num_capsets says, each as long as its info says.',
    async (driver) => {
      const config = new Uint8Array(16);
      driver.device.readConfig(0, config);
      const count = wordAt(config, 12);
      for (let index = 0; index < count; index++) {
        const info = await driver.ask(getCapsetInfo(index));
        mustBe('the type', responses.OK_CAPSET_INFO, wordAt(info, 0));
        const [id, version, bytes] = [24, 28, 32].map((at) => wordAt(info, at));
        const answer = await driver.ask(getCapset(id, version));
        mustBe('the type', responses.OK_CAPSET, wordAt(answer, 0));
        must(
          answer.length <= HEADER_BYTES + bytes,
          `${bytes} bytes of capset ${id} at most`,
          String(answer.length - HEADER_BYTES),
        );
      }
      for (const index of [count, 0xffff_ffff]) {
        await driver.mustRefuse(`capset_index ${index}`, getCapsetInfo(index));
      }
      await driver.mustRefuse('a capset that there is not', getCapset(200, 1));
    },
  ),
  live(
    '5.7.6.9',
    'needs-attachment',
    'A stream that names a resource which is not attached to its context is an error.',
    async (driver) => {
      await driver.mustAnswer(OK_NODATA, create2d(IMAGE, WIDE, HIGH), ctxCreate(3, BELL));
      const dst = { handle: IMAGE, offset: 0 };
      const one = { dst, stride: 4, width: 1, height: 1, value: 1 };
      const stream = [...new CommandEncoder().fill(one).finish().words];
      await driver.mustRefuse('the stream', submit3d(3, stream));
      await driver.mustRefuse('half a word', submit3d(3, stream).subarray(0, 24 + 8 + 5));
    },
  ),
  live(
    '2.4.1',
    'unplugged',
    'When the device is unplugged, everything is given back to the renderer.',
    async (driver) => {
      await shownImage(driver);
      const stopped = driver.device.stop();
      await driver.time.settle();
      await stopped;
      mustBe('resources of the renderer', 0, driver.renderer.alive);
    },
  ),
];

export const commandChecks: readonly Check<DevicePart>[] = [
  ...resourceChecks,
  ...scanoutChecks,
  ...blobChecks,
  ...contextChecks,
];
