/** What `Gpu` promises, one call at a time: of whatever implements it. */
import { CommandEncoder, type Gpu, type GpuBuffer, type GpuImage } from '@doorbell/abi';
import type { CheckInfo } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { mustEqual, mustRefuse, needCommands, type Watched } from './target.ts';

export interface GpuCheck extends CheckInfo {
  /** @throws Mismatch, Skip */
  readonly body: (watched: Watched) => Promise<void>;
}

function contract(
  id: string,
  clause: string,
  title: string,
  body: (watched: Watched) => Promise<void>,
): GpuCheck {
  return { id: `gpu/${id}`, clause, title, body };
}

/** A word in every place of a row. */
const WORD = 0x44332211;
/** Submissions of so many commands that they go round any command area of some pages. */
const LONG = 64;
/** Submissions that go round any ring of a few pages. */
const MANY = 700;

function fillOf(handle: number, words: number, offset = 0, value = WORD): CommandEncoder {
  const dst = { handle, offset };
  return new CommandEncoder().fill({ dst, stride: words * 4, width: words, height: 1, value });
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

async function bytesOf(gpu: Gpu, of: GpuBuffer | GpuImage, bytes: number): Promise<Uint8Array> {
  const into = new Uint8Array(bytes).fill(0xee);
  await gpu.read(of, 0, into);
  return into;
}

function mustBe(what: string, expected: ArrayLike<number>, seen: ArrayLike<number>): void {
  const at = Array.from(expected).findIndex((value, index) => value !== seen[index]);
  if (at >= 0) {
    throw new Mismatch(`${what} ${at} to be ${expected[at]}`, String(seen[at]));
  }
}

export const contractChecks: readonly GpuCheck[] = [
  contract(
    'createBuffer/zero',
    'Gpu.createBuffer',
    'A new buffer is as large as was asked for, and its contents are zero.',
    async ({ gpu }) => {
      const buffer = await gpu.createBuffer(4097, 'device');
      if (buffer.bytes !== 4097) {
        throw new Mismatch('a buffer of 4097 bytes', `one that says ${buffer.bytes}`);
      }
      mustBe('byte', new Uint8Array(4097), await bytesOf(gpu, buffer, 4097));
    },
  ),
  contract(
    'createBuffer/zero-again',
    'Gpu.createBuffer',
    'Memory that another resource had is zero for the next.',
    async ({ gpu }) => {
      for (const bytes of [300, 12_288]) {
        const first = await gpu.createBuffer(bytes, 'device');
        await gpu.write(first, 0, new Uint8Array(bytes).fill(7));
        await gpu.destroy(first);
        const second = await gpu.createBuffer(bytes, 'device');
        mustBe('byte', new Uint8Array(bytes), await bytesOf(gpu, second, bytes));
      }
    },
  ),
  contract(
    'createBuffer/size',
    'Gpu.createBuffer, GpuFeatures.maxBufferBytes',
    'A buffer of no bytes, of a part of one, or of more than there may be is refused.',
    async ({ gpu }) => {
      for (const bytes of [0, -1, 1.5, gpu.features.maxBufferBytes + 1]) {
        await mustRefuse('bad-range', `a buffer of ${bytes} bytes`, () =>
          gpu.createBuffer(bytes, 'device'),
        );
      }
    },
  ),
  contract(
    'createImage/zero',
    'Gpu.createImage, GpuImage',
    'A new image is as large as was asked for, its rows do not overlap, and it is all zeros.',
    async ({ gpu }) => {
      const image = await gpu.createImage(17, 5);
      if (image.width !== 17 || image.height !== 5 || image.stride < 17 * 4) {
        const { width, height, stride } = image;
        throw new Mismatch(
          '17 by 5 pixels, and a stride of at least 68 bytes',
          `${width} by ${height}, stride ${stride}`,
        );
      }
      const bytes = image.stride * 4 + 17 * 4;
      mustBe('byte', new Uint8Array(bytes), await bytesOf(gpu, image, bytes));
    },
  ),
  contract(
    'createImage/size',
    'Gpu.createImage, GpuFeatures.maxImageSize',
    'An image of no pixels, or of a side that is too long, is refused.',
    async ({ gpu }) => {
      const most = gpu.features.maxImageSize;
      for (const [width, height] of [
        [0, 1],
        [1, 0],
        [most + 1, 1],
        [1, most + 1],
      ]) {
        await mustRefuse('bad-range', `an image of ${width} by ${height}`, () =>
          gpu.createImage(width, height),
        );
      }
    },
  ),
  contract(
    'handles/differ',
    'Gpu: handles are small positive integers of one Gpu',
    'Every resource has a handle of its own, a positive integer.',
    async ({ gpu }) => {
      const made = [
        await gpu.createBuffer(4, 'device'),
        await gpu.createBuffer(4, 'host'),
        await gpu.createImage(1, 1),
      ].map(({ handle }) => handle);
      if (new Set(made).size !== 3 || !made.every((each) => Number.isInteger(each) && each > 0)) {
        throw new Mismatch('three positive integers that differ', made.join(', '));
      }
    },
  ),
  contract(
    'write/at-offset',
    'Gpu.write, Gpu.read',
    'What is written at an offset is read there, and nothing beside it changes.',
    async ({ gpu }) => {
      for (const [offset, length] of [
        [5, 3],
        [4, 7],
        [1, 13],
      ]) {
        const buffer = await gpu.createBuffer(16, 'device');
        const bytes = Uint8Array.from({ length }, (_, index) => index + 1);
        await gpu.write(buffer, offset, bytes);
        const expected = new Uint8Array(16);
        expected.set(bytes, offset);
        mustBe('byte', expected, await bytesOf(gpu, buffer, 16));
      }
    },
  ),
  contract(
    'write/bytes-are-copied',
    'Gpu.write: `bytes` may be reused once this resolves',
    'The caller may reuse the bytes that it wrote.',
    async ({ gpu }) => {
      const buffer = await gpu.createBuffer(4, 'device');
      const bytes = Uint8Array.of(1, 2, 3, 4);
      await gpu.write(buffer, 0, bytes);
      bytes.fill(9);
      mustBe('byte', [1, 2, 3, 4], await bytesOf(gpu, buffer, 4));
    },
  ),
  contract(
    'write/beyond',
    "Gpu.write, Gpu.read, GpuErrorCode 'bad-range'",
    'What reaches beyond the end of a resource is refused, and nothing of it is written.',
    async ({ gpu }) => {
      const buffer = await gpu.createBuffer(8, 'device');
      await mustRefuse('bad-range', 'writing 4 bytes at 5 of 8', () =>
        gpu.write(buffer, 5, new Uint8Array(4).fill(1)),
      );
      await mustRefuse('bad-range', 'reading 4 bytes at 5 of 8', () =>
        gpu.read(buffer, 5, new Uint8Array(4)),
      );
      await mustRefuse('bad-range', 'writing at -1', () =>
        gpu.write(buffer, -1, new Uint8Array(1)),
      );
      mustBe('byte', new Uint8Array(8), await bytesOf(gpu, buffer, 8));
    },
  ),
  contract(
    'destroy/handle-is-dead',
    "Gpu.destroy, GpuErrorCode 'bad-handle'",
    'A handle that was destroyed, or never was, is refused.',
    async ({ gpu }) => {
      const buffer = await gpu.createBuffer(8, 'device');
      await gpu.destroy(buffer);
      await mustRefuse('bad-handle', 'reading what was destroyed', () =>
        gpu.read(buffer, 0, new Uint8Array(1)),
      );
      await mustRefuse('bad-handle', 'destroying it again', () => gpu.destroy(buffer));
      await mustRefuse('bad-handle', 'a handle that never was', () =>
        gpu.write({ handle: 4711, bytes: 8 }, 0, new Uint8Array(1)),
      );
    },
  ),
  contract(
    'submit/fences',
    'Fence: a point in the order of submissions; counts from 1',
    'Submissions have the fences 1, 2, 3, and each can be waited for.',
    async ({ gpu }) => {
      const nothing = new CommandEncoder().finish();
      const fences = [await gpu.submit(nothing), await gpu.submit(nothing)];
      mustBe('fence', [1, 2], fences);
      await gpu.wait(2);
      await gpu.wait(1);
      await mustRefuse('bad-range', 'waiting for a submission that is not there', () =>
        gpu.wait(3),
      );
    },
  ),
  contract(
    'submit/nonsense',
    "Gpu.submit, GpuErrorCode 'bad-command'",
    'A stream with an unknown opcode, or one that ends early, is refused.',
    async ({ gpu }) => {
      const unknown = { words: Uint32Array.of(0x0001_00ff) };
      await mustRefuse('bad-command', 'an unknown opcode', () => gpu.submit(unknown));
      const cut = { words: fillOf(1, 1).finish().words.slice(0, 3) };
      await mustRefuse('bad-command', 'half a command', () => gpu.submit(cut));
    },
  ),
  contract(
    'submit/bad-reference',
    "Gpu.submit, GpuErrorCode 'bad-handle' and 'bad-range'",
    'A command that names no resource, or reaches beyond one, is refused before it has an effect.',
    async ({ gpu }) => {
      needCommands(gpu.features, ['fill']);
      const buffer = await gpu.createBuffer(64, 'device');
      await mustRefuse('bad-handle', 'a fill of a resource that is not there', () =>
        gpu.submit(fillOf(4711, 1).finish()),
      );
      const { words } = fillOf(buffer.handle, 4).finish();
      const beyond = fillOf(buffer.handle, 4, 52).finish().words;
      await mustRefuse('bad-range', 'a fill of 16 bytes at 52 of 64', () =>
        gpu.submit({ words: Uint32Array.of(...words, ...beyond) }),
      );
      mustBe('byte', new Uint8Array(64), await bytesOf(gpu, buffer, 64));
    },
  ),
  contract(
    'submit/order',
    'Gpu.read: after the work submitted so far',
    'A read that follows a submission sees what it did, though nobody waited.',
    async ({ gpu }) => {
      needCommands(gpu.features, ['fill']);
      const buffer = await gpu.createBuffer(8, 'device');
      const submitted = gpu.submit(fillOf(buffer.handle, 2).finish());
      const into = new Uint8Array(8);
      const read = gpu.read(buffer, 0, into);
      await Promise.all([submitted, read]);
      mustBe('byte', [0x11, 0x22, 0x33, 0x44, 0x11, 0x22, 0x33, 0x44], into);
    },
  ),
  contract(
    'submit/many',
    'Gpu.submit',
    'Many submissions, of which nobody waits for one, happen all, and in their order.',
    async ({ gpu }) => {
      needCommands(gpu.features, ['fill']);
      const buffer = await gpu.createBuffer(MANY * 4, 'device');
      let fence = 0;
      for (let index = 0; index < MANY; index++) {
        fence = await gpu.submit(fillOf(buffer.handle, 1, index * 4, index).finish());
      }
      await gpu.wait(fence);
      const bytes = await bytesOf(gpu, buffer, MANY * 4);
      mustBe(
        'word',
        Uint32Array.from({ length: MANY }, (_, index) => index),
        wordsOf(bytes),
      );
    },
  ),
  contract(
    'submit/long',
    'Gpu.submit: the caller may use the commands again',
    'Many long submissions, of which nobody waits for one, happen all as they were.',
    async ({ gpu }) => {
      needCommands(gpu.features, ['fill']);
      const buffer = await gpu.createBuffer(LONG * MANY * 4, 'device');
      let fence = 0;
      let word = 0;
      while (word < LONG * MANY) {
        const commands = new CommandEncoder();
        for (let count = 0; count < MANY; count++, word++) {
          const dst = { handle: buffer.handle, offset: word * 4 };
          commands.fill({ dst, stride: 4, width: 1, height: 1, value: word });
        }
        fence = await gpu.submit(commands.finish());
      }
      await gpu.wait(fence);
      const words = wordsOf(await bytesOf(gpu, buffer, buffer.bytes));
      mustBe(
        'word',
        Uint32Array.from(words, (_, index) => index),
        words,
      );
    },
  ),
  contract(
    'submit/again',
    'CommandEncoder: the words may be submitted any number of times',
    'The same commands can be submitted twice, and are not changed by it.',
    async ({ gpu }) => {
      needCommands(gpu.features, ['fill']);
      const buffer = await gpu.createBuffer(4, 'device');
      const commands = fillOf(buffer.handle, 1).finish();
      const before = [...commands.words];
      await gpu.submit(commands);
      await gpu.write(buffer, 0, new Uint8Array(4));
      await gpu.submit(commands);
      mustBe('word', before, commands.words);
      mustBe('byte', [0x11, 0x22, 0x33, 0x44], await bytesOf(gpu, buffer, 4));
    },
  ),
  contract(
    'present/shows',
    'Gpu.present',
    'An image is shown as it is, and may be changed afterwards without that being seen.',
    async ({ gpu, shown }) => {
      const image = await gpu.createImage(3, 2);
      const row = Uint8Array.from({ length: 12 }, (_, index) => index + 1);
      await gpu.write(image, 0, row);
      await gpu.write(image, image.stride, row);
      await gpu.present(image);
      await gpu.write(image, 0, new Uint8Array(12));
      if (shown.length !== 1) {
        throw new Mismatch('one frame on the display', String(shown.length));
      }
      const pixels = Uint8Array.of(...row, ...row);
      mustEqual({ width: 3, height: 2, pixels }, shown[0]);
    },
  ),
  contract(
    'present/only-images',
    "Gpu.present, GpuErrorCode 'bad-handle'",
    'A buffer cannot be shown.',
    async ({ gpu }) => {
      const { handle } = await gpu.createBuffer(64, 'device');
      await mustRefuse('bad-handle', 'showing a buffer', () =>
        gpu.present({ handle, width: 4, height: 4, stride: 16 }),
      );
    },
  ),
  contract(
    'out-of-memory/goes-on',
    "GpuErrorCode 'out-of-memory'",
    'When memory is used up that is said, and what was given back can be had again.',
    async ({ gpu }) => {
      const bytes = Math.min(gpu.features.maxBufferBytes, 16 << 20);
      const made: GpuBuffer[] = [];
      const fillUp = async (): Promise<void> => {
        // The memory that it was opened with, and some.
        while (made.length < 8) {
          made.push(await gpu.createBuffer(bytes, 'device'));
        }
      };
      await mustRefuse('out-of-memory', 'more than `memoryBytes`', fillUp);
      const last = made.pop();
      if (last !== undefined) {
        await gpu.destroy(last);
        await gpu.createBuffer(bytes, 'device');
      }
    },
  ),
];
