/** Headers, fences and errors of a virtio-gpu: VIRTIO 1.3 §5.7.6.5, §5.7.6.7. */
import { CommandEncoder } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import type { DevicePart } from '../part.ts';
import {
  FENCE,
  fenced,
  HEADER_BYTES,
  headerOf,
  message,
  responses,
  RING_IDX,
  types,
} from '../virtio/gpu-bytes.ts';
import { must, mustBe } from '../virtio/must.ts';
import { live } from './device-check.ts';
import { CURSOR, PAGES, POISON, type MockDriver } from './mock-driver.ts';
import {
  attachBacking,
  create2d,
  ctxAttachResource,
  ctxCreate,
  flush,
  getDisplayInfo,
  moveCursor,
  setScanout,
  submit3d,
  transferToHost2d,
} from './requests.ts';

/** The capset `bell`: what a context speaks here. */
const BELL = 48;
const CONTEXT = 3;
const IMAGE = 5;
const SIDE = 16;
/** Not equal to its own halves, nor to what fits 53 bits. */
const WIDE_FENCE = 0xfedc_ba98_7654_3210n;

/** A stream that fills the image with a colour. */
function fill(value: number): readonly number[] {
  const dst = { handle: IMAGE, offset: 0 };
  const all = { dst, stride: 4 * SIDE, width: SIDE, height: SIDE, value };
  return [...new CommandEncoder().fill(all).finish().words];
}

/** A context, and an image that it may name. */
async function context(driver: MockDriver): Promise<void> {
  const made = [create2d(IMAGE, SIDE, SIDE), ctxCreate(CONTEXT, BELL)];
  await driver.mustAnswer(responses.OK_NODATA, ...made, ctxAttachResource(CONTEXT, IMAGE));
}

export const fenceChecks: readonly Check<DevicePart>[] = [
  live(
    '5.7.6.7',
    'fence-copied',
    'The response to a fenced command has the flag, and the fence_id in all its 64 bits.',
    async (driver) => {
      const requests = [
        getDisplayInfo(fenced(WIDE_FENCE)),
        create2d(IMAGE, SIDE, SIDE, 67, fenced(2n ** 32n)),
        // Refused, and fenced all the same.
        create2d(IMAGE, SIDE, SIDE, 67, fenced(WIDE_FENCE - 1n)),
      ];
      for (const request of requests) {
        const { flags, fence } = headerOf(await driver.ask(request));
        mustBe('the flag of the response', FENCE, flags & FENCE);
        mustBe('fence_id of the response', headerOf(request).fence, fence);
      }
    },
  ),
  live(
    '5.7.6.7',
    'no-fence',
    'The response to a command that is not fenced has no flag.',
    async (driver) => {
      await driver.ask(getDisplayInfo(fenced(9n)));
      mustBe('the flags', 0, headerOf(await driver.ask(getDisplayInfo())).flags);
    },
  ),
  live(
    '5.7.6.5',
    'after-work',
    'A fenced command is not returned before its work is over.',
    async (driver) => {
      await context(driver);
      driver.renderer.isHeld = true;
      const sent = driver.send(submit3d(CONTEXT, fill(0x01020304), fenced(1n)));
      await driver.kick();
      mustBe('the answer while the work is under way', undefined, driver.answer(sent));
      driver.renderer.release();
      await driver.kick();
      must(driver.answer(sent) !== undefined, 'an answer when the work is over', 'none');
    },
  ),
  live(
    '5.7.6.5',
    'after-earlier-work',
    'A fenced command without work of its own waits for the work before it.',
    async (driver) => {
      await context(driver);
      driver.renderer.isHeld = true;
      await driver.mustAnswer(responses.OK_NODATA, submit3d(CONTEXT, fill(0x01020304)));
      const sent = driver.send(getDisplayInfo(fenced(1n)));
      await driver.kick();
      mustBe('the answer while the work is under way', undefined, driver.answer(sent));
      driver.renderer.release();
      await driver.kick();
      must(driver.answer(sent) !== undefined, 'an answer when the work is over', 'none');
    },
  ),
  live(
    '5.7.6.5',
    'transfer-over',
    'When a fenced transfer is returned, its bytes were read: the driver may change them.',
    async (driver) => {
      const bytes = 4 * SIDE * SIDE;
      await driver.mustAnswer(
        responses.OK_NODATA,
        create2d(IMAGE, SIDE, SIDE),
        attachBacking(IMAGE, [[PAGES, bytes]]),
        setScanout(0, IMAGE, [0, 0, SIDE, SIDE]),
      );
      const pixels = driver.paint(bytes);
      await driver.ask(transferToHost2d(IMAGE, [0, 0, SIDE, SIDE], 0, fenced(1n)));
      driver.memory.bytes.fill(0, PAGES, PAGES + bytes);
      await driver.ask(flush(IMAGE, [0, 0, SIDE, SIDE]));
      mustBe('the picture', [...pixels], [...(driver.renderer.shown.at(-1)?.pixels ?? [])]);
    },
  ),
  live(
    '5.7.6.7',
    'timeline',
    'When a fence of a ring of a context is answered, all before it on that ring were.',
    async (driver) => {
      await context(driver);
      driver.renderer.isHeld = true;
      const ring = { flags: RING_IDX, ring: 2 };
      const sent = [10n, 11n, 12n].map((fence) =>
        driver.send(submit3d(CONTEXT, fill(Number(fence)), fenced(fence, ring))),
      );
      await driver.kick();
      driver.renderer.release();
      await driver.time.until(() => driver.answer(sent[2]) !== undefined);
      const answers = sent.map((each) => driver.answer(each));
      mustBe(
        'whether each is answered once the last is',
        [true, true, true],
        answers.map((answer) => answer !== undefined),
      );
      const { ring: index, flags } = headerOf(answers[0] ?? new Uint8Array());
      mustBe('flags and ring_idx of a response', [FENCE | RING_IDX, 2], [flags, index]);
    },
  ),
  live('5.7.6.7', 'unknown-type', 'A command that there is not is an error.', async (driver) => {
    for (const type of [0, 0x00ff, 0x010e, 0x020a, 0x0302, responses.OK_NODATA, 0xffff_ffff]) {
      await driver.mustRefuse(`the type 0x${type.toString(16)}`, message(type, [0, 0, 0, 0]));
    }
  }),
  live('5.7.6.7', 'short', 'A command of which a part is missing is an error.', async (driver) => {
    await driver.mustRefuse('half a header', getDisplayInfo().subarray(0, HEADER_BYTES / 2));
    const request = create2d(IMAGE, SIDE, SIDE);
    await driver.mustRefuse('a command without its end', request.subarray(0, request.length - 4));
    await driver.mustAnswer(responses.OK_NODATA, request);
  }),
  live('5.7.2', 'wrong-queue', 'A cursor command on the control queue is an error.', (driver) =>
    driver.mustRefuse('MOVE_CURSOR on the control queue', moveCursor(0, 1, 1)),
  ),
  live('5.7.2', 'cursor-queue', 'The cursor queue returns what it is given.', async (driver) => {
    for (const request of [moveCursor(0, 10, 20), message(types.GET_DISPLAY_INFO)]) {
      const sent = driver.send(request, { queue: CURSOR });
      await driver.kick(CURSOR);
      must(driver.answer(sent) !== undefined, 'it to be in the used ring', 'it is not');
    }
  }),
  live(
    '2.6',
    'fits',
    'A response is not longer than the room for it, and nothing behind that is written.',
    async (driver) => {
      for (const room of [0, 1, HEADER_BYTES, HEADER_BYTES + 5]) {
        const sent = driver.send(getDisplayInfo(), { room });
        await driver.kick();
        const length = driver.usedLength(sent.queue, sent.head);
        must(length !== undefined, 'the chain to be returned', 'it is not');
        must(length <= room, `a length of ${room} at most`, String(length));
        const behind = driver.memory.bytes[sent.responseAt + room];
        mustBe('the byte behind the room', POISON, behind);
      }
    },
  ),
  live(
    '2.6',
    'length',
    'The used length is that of the response, all of which is written.',
    async (driver) => {
      const answer = await driver.ask(getDisplayInfo());
      mustBe('the length', HEADER_BYTES + 16 * 24, answer.length);
      const poison = answer.subarray(HEADER_BYTES).findIndex((byte) => byte === POISON);
      mustBe('the first byte that was not written', -1, poison);
    },
  ),
];
