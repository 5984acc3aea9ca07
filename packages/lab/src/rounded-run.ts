/** A run whose renderer may round otherwise, frame by frame beside the same scene on bell's engines. */
import type { Environment } from './environment.ts';
import { guestsOf, type RunRequest } from './frames.ts';
import type { Picture } from './picture.ts';
import { SoftwareRenderer } from './renderers/software.ts';
import { RoundingComparison } from './rounding.ts';
import { runStack, type RunResult } from './run.ts';
import type { SceneRun } from './scene.ts';
import { engineRates } from './stacks/engine-rates.ts';
import { VRAM_BYTES } from './stacks/stack.ts';

export interface RoundedResult extends RunResult {
  /** The first frame beyond the bounds. */
  readonly off: OffFrame | undefined;
}

export interface OffFrame {
  readonly frame: number;
  readonly expected: Picture;
  readonly seen: Picture;
}

/** Its report has `pixels`. @throws what `runStack` does */
export async function runRounded(
  request: RunRequest,
  environment: Environment,
): Promise<RoundedResult> {
  const reference = new ReferenceFrames(request);
  const comparison = new RoundingComparison();
  const waiting: Picture[] = [];
  let frame = 0;
  let off: OffFrame | undefined;
  let isShort = false;
  /** What the comparison took is none of the run's time. */
  let ownMs = 0;
  const compareWaiting = async (): Promise<void> => {
    const began = environment.wallMs();
    for (let seen = waiting.shift(); seen !== undefined; seen = waiting.shift()) {
      const expected = await reference.next();
      if (expected === undefined) {
        isShort = true;
        break;
      }
      if (!comparison.add(expected, seen)) {
        off ??= { frame, expected, seen };
      }
      frame++;
    }
    ownMs += environment.wallMs() - began;
  };
  const result = await runStack(
    {
      ...request,
      onShown: (shown, monitor, guest) => {
        if (monitor.picture !== undefined) {
          waiting.push(copyOf(monitor.picture));
        }
        request.onShown?.(shown, monitor, guest);
      },
    },
    {
      ...environment,
      wallMs: () => environment.wallMs() - ownMs,
      breathe: async () => {
        await environment.breathe();
        await compareWaiting();
      },
    },
  );
  await compareWaiting();
  const isComplete = !isShort && (await reference.next()) === undefined;
  await reference.close();
  const report = { ...result.report, pixels: comparison.report(isComplete) };
  return { ...result, report, off };
}

/** A scene's frames on bell's engines, without a machine around them: one when it is asked for. */
class ReferenceFrames {
  private readonly request: RunRequest;
  private readonly gpu: SoftwareRenderer;
  private readonly shown: Picture[] = [];
  private run: SceneRun | undefined;
  private frame = 0;

  constructor(request: RunRequest) {
    this.request = request;
    this.gpu = new SoftwareRenderer({
      display: {
        flip: (pixels, width, height) => {
          this.shown.push(
            copyOf({ pixels: pixels.subarray(0, width * height * 4), width, height }),
          );
        },
      },
      memoryBytes: VRAM_BYTES,
      rates: engineRates(request.profile, 'software'),
    });
  }

  /** Undefined: there are no more. */
  async next(): Promise<Picture | undefined> {
    const [{ scene, context }] = guestsOf(this.request);
    this.run ??= await scene.setup(this.gpu, context);
    while (this.shown.length === 0 && this.frame < context.frames) {
      await this.run.frame(this.frame++);
    }
    return this.shown.shift();
  }

  async close(): Promise<void> {
    await this.run?.close();
    await this.gpu.close();
  }
}

function copyOf({ pixels, width, height }: Picture): Picture {
  return { pixels: pixels.slice(), width, height };
}
