/** Contexts of a virtio-gpu and their capsets: VIRTIO 1.3 §5.7.6.8, §5.7.6.9. */
import { CommandEncoder } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustEqual } from '../gpu/target.ts';
import type { DevicePart } from '../part.ts';
import { HEADER_BYTES, responses, wordAt } from '../virtio/gpu-bytes.ts';
import { must, mustBe } from '../virtio/must.ts';
import { live } from './device-check.ts';
import {
  create2d,
  ctxAttachResource,
  ctxCreate,
  ctxDestroy,
  flush,
  getCapset,
  getCapsetInfo,
  submit3d,
} from './requests.ts';
import { BYTES, HIGH, IMAGE, lastShown, picture, shownImage, WHOLE, WIDE } from './shown-image.ts';

const { OK_NODATA, ERR_INVALID_CONTEXT_ID } = responses;
/** The capset `bell`: what a context speaks here. */
const BELL = 48;

export const contextChecks: readonly Check<DevicePart>[] = [
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
