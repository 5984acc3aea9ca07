/** What a driver makes of a device's answers, right and wrong: VIRTIO 1.3 §5.7.6. */
import { GpuError, type Gpu, type GpuErrorCode } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { Skip } from '../check/mismatch.ts';
import { mustEqual } from '../gpu/target.ts';
import type { FrontendPart } from '../part.ts';
import { FENCE, headerOf, HEADER_BYTES, message, responses, types } from '../virtio/gpu-bytes.ts';
import { must, mustBe } from '../virtio/must.ts';
import { check } from './frontend-check.ts';
import { HEIGHT, picturePixels, WIDTH, type FrontendRun } from './frontend-run.ts';
import { altered } from './mock-gpu.ts';

type Answers = FrontendRun['device']['answers'];

const isFenced = (command: Uint8Array): boolean => (headerOf(command).flags & FENCE) !== 0;
const isOf =
  (type: number) =>
  (command: Uint8Array): boolean =>
    headerOf(command).type === type;
const any = (): boolean => true;

async function opened(run: FrontendRun): Promise<{ gpu: Gpu; remove: () => Promise<void> }> {
  const driver = await run.probe();
  const gpu = await run.ended('open', driver.open());
  return { gpu, remove: () => run.ended('remove', Promise.resolve(driver.remove())) };
}

/**
 * A device that is wrong once a Gpu is open: the work ends with `lost`, the device is reset, and
 * everything is given back.
 * @param which  the commands that are answered wrongly.
 */
function wrong(
  name: string,
  what: string,
  which: (command: Uint8Array) => boolean,
  answer: (right: Uint8Array) => ReturnType<Answers>,
  section = '5.7.6.7',
): Check<FrontendPart> {
  const title = `A device ${what} is lost, and the driver says so and gives everything back.`;
  return check(section, name, title, async (run) => {
    const { gpu, remove } = await opened(run);
    let count = 0;
    run.device.answers = (command, right) => {
      count += which(command) ? 1 : 0;
      return which(command) ? answer(right) : undefined;
    };
    const error = await run.errorOf('two pictures', () => run.draw(gpu));
    if (count === 0) {
      throw new Skip('The driver sends no such command.');
    }
    mustBeError('lost', error);
    mustBe('the status', 0, run.device.status);
    await run.errorOf('close', () => gpu.close());
    await remove();
    run.mustBeAway();
  });
}

function mustBeError(code: GpuErrorCode, error: unknown): void {
  must(
    error instanceof GpuError && error.code === code,
    `a GpuError '${code}'`,
    error instanceof GpuError ? `'${error.code}': ${error.message}` : String(error),
  );
}

const wrongAnswers: readonly Check<FrontendPart>[] = [
  wrong('type-unknown', 'that answers with a type that there is not', any, (right) =>
    altered(right, 0, 0x7777),
  ),
  wrong('type-of-another', 'that answers with the type of another response', any, (right) =>
    altered(right, 0, responses.OK_DISPLAY_INFO),
  ),
  wrong('type-of-command', 'that answers with the type of a command', any, (right) =>
    altered(right, 0, types.GET_DISPLAY_INFO),
  ),
  wrong('header-short', 'whose response is shorter than a header', any, (right) =>
    right.subarray(0, HEADER_BYTES - 1),
  ),
  wrong('no-bytes', 'that answers with no bytes', any, () => new Uint8Array()),
  wrong(
    'length-beyond',
    'that claims to have written more than there is room for',
    any,
    (bytes) => ({ bytes, usedLength: 0x10_0000 }),
    '2.7.8',
  ),
  wrong('fence-flag', 'whose response to a fenced command has no flag', isFenced, (right) =>
    altered(right, 4, 0),
  ),
  wrong('fence-low', 'whose response has another fence', isFenced, (right) =>
    altered(right, 8, 0x1234_5678),
  ),
  wrong('fence-high', 'whose response has another upper half of the fence', isFenced, (right) =>
    altered(right, 12, 1),
  ),
  wrong('silent', 'that never answers', any, () => 'silent', '2.6'),
  wrong('needs-reset', 'that needs a reset', any, () => 'needs-reset', '2.1.2'),
];

/** An error that the device may answer: one call fails, and the next goes on. */
function refused(
  name: string,
  response: number,
  code: GpuErrorCode,
  what: string,
): Check<FrontendPart> {
  const title = `${what} to RESOURCE_CREATE_2D is a GpuError '${code}', after which the Gpu goes on.`;
  return check('5.7.6.7', `error-${name}`, title, async (run) => {
    const { gpu, remove } = await opened(run);
    run.device.answers = (command) =>
      isOf(types.RESOURCE_CREATE_2D)(command) ? message(response) : undefined;
    mustBeError(code, await run.errorOf('createImage', () => gpu.createImage(WIDTH, HEIGHT)));
    run.device.answers = () => undefined;
    await run.draw(gpu);
    await run.ended('close', gpu.close());
    await remove();
    run.mustBeAway();
  });
}

const errorAnswers: readonly Check<FrontendPart>[] = [
  refused('out-of-memory', responses.ERR_OUT_OF_MEMORY, 'out-of-memory', 'ERR_OUT_OF_MEMORY'),
  refused('unspec', responses.ERR_UNSPEC, 'fault', 'ERR_UNSPEC'),
  refused('parameter', responses.ERR_INVALID_PARAMETER, 'bad-range', 'ERR_INVALID_PARAMETER'),
  check(
    '5.7.6.7',
    'error-of-transfer',
    'A transfer that the device refuses is told to who wrote, or to the next call.',
    async (run) => {
      const { gpu, remove } = await opened(run);
      run.device.answers = (command) =>
        isOf(types.TRANSFER_TO_HOST_2D)(command)
          ? message(responses.ERR_UNSPEC, [], headerOf(command))
          : undefined;
      mustBeError('fault', await run.errorOf('two pictures', () => run.draw(gpu)));
      await remove();
      run.mustBeAway();
    },
  ),
  ...[types.GET_CAPSET_INFO, types.GET_CAPSET].map((type, index) =>
    check(
      '5.7.6.8',
      ['capset-info-refused', 'capset-refused'][index],
      'A device that refuses to tell a capset is used without it or given up, and nothing is held.',
      async (run) => {
        run.with3d();
        run.device.answers = (command) =>
          isOf(type)(command) ? message(responses.ERR_INVALID_PARAMETER) : undefined;
        await run.errorOf('a life', () => run.life());
        run.mustBeAway();
      },
    ),
  ),
  check(
    '5.7.6.8',
    'capset-short',
    'A capset that is shorter than its info says is not used.',
    async (run) => {
      run.with3d();
      run.device.answers = (command, right) =>
        isOf(types.GET_CAPSET)(command) ? right.subarray(0, HEADER_BYTES + 8) : undefined;
      await run.errorOf('a life', () => run.life());
      const isUsed = run.device.gpu.received.includes(types.CTX_CREATE);
      must(!isUsed, 'no context of that capset', 'CTX_CREATE');
      run.mustBeAway();
    },
  ),
];

const pictureChecks: readonly Check<FrontendPart>[] = [
  check('5.7.6.2', 'shown', 'What is presented is what was written.', async (run) => {
    const { gpu } = await opened(run);
    await run.draw(gpu);
    await run.ended('close', gpu.close());
    const shown = run.device.gpu.shown.at(-1);
    must(shown !== undefined, 'a flush of a scanout that shows the image', 'none');
    mustEqual({ width: WIDTH, height: HEIGHT, pixels: picturePixels() }, shown);
  }),
  check(
    '5.7.6.2',
    'shown-in-part',
    'When a part is written, the rest is shown as it was.',
    async (run) => {
      const { gpu } = await opened(run);
      const work = async (): Promise<void> => {
        const image = await gpu.createImage(WIDTH, HEIGHT);
        await gpu.write(image, 0, picturePixels());
        await gpu.present(image);
        // From the middle of a row to the middle of the next but one.
        await gpu.write(image, 4 * (WIDTH + 5), new Uint8Array(4 * 2 * WIDTH).fill(0xff));
        await gpu.present(image);
        await gpu.close();
      };
      await run.ended('two pictures', work());
      const shown = run.device.gpu.shown.at(-1);
      must(shown !== undefined, 'a picture', 'none');
      const pixels = picturePixels();
      pixels.fill(0xff, 4 * (WIDTH + 5), 4 * (3 * WIDTH + 5));
      mustEqual({ width: WIDTH, height: HEIGHT, pixels }, shown);
    },
  ),
  check(
    '5.7.6.3',
    'flips',
    'Of two images the one that is presented last is shown.',
    async (run) => {
      const { gpu } = await opened(run);
      const work = async (): Promise<void> => {
        const first = await gpu.createImage(WIDTH, HEIGHT);
        const second = await gpu.createImage(WIDTH, HEIGHT);
        await gpu.write(first, 0, new Uint8Array(4 * WIDTH * HEIGHT).fill(0xff));
        await gpu.write(second, 0, picturePixels());
        await gpu.present(first);
        await gpu.present(second);
        await gpu.close();
      };
      await run.ended('two pictures', work());
      const shown = run.device.gpu.shown.at(-1);
      must(shown !== undefined, 'a picture', 'none');
      mustEqual({ width: WIDTH, height: HEIGHT, pixels: picturePixels() }, shown);
    },
  ),
];

const lateChecks: readonly Check<FrontendPart>[] = [
  check(
    '5.7.6.5',
    'unfenced-later',
    'What a device does later, because no fence was asked for, is shown as it was written.',
    async (run) => {
      run.device.gpu.isLazy = true;
      const { gpu } = await opened(run);
      const white = new Uint8Array(4 * WIDTH * HEIGHT).fill(0xff);
      const work = async (): Promise<void> => {
        const image = await gpu.createImage(WIDTH, HEIGHT);
        for (const pixels of [picturePixels(), white]) {
          await gpu.write(image, 0, pixels);
          await gpu.present(image);
        }
        await gpu.close();
      };
      await run.ended('two pictures', work());
      const [first, second] = run.device.gpu.shown;
      must(first !== undefined && second !== undefined, 'two pictures', 'fewer');
      mustEqual({ width: WIDTH, height: HEIGHT, pixels: picturePixels() }, first);
      mustEqual({ width: WIDTH, height: HEIGHT, pixels: white }, second);
    },
  ),
];

export const answerChecks: readonly Check<FrontendPart>[] = [
  ...wrongAnswers,
  ...errorAnswers,
  ...pictureChecks,
  ...lateChecks,
];
