/**
 * The one experiment: a scene, through each stack, on the same machine. Frames are captured
 * where a monitor would be, hashed, and compared.
 */
import type { Profile } from '@doorbell/hypervisor';
import type { Environment, Progress } from './environment.ts';
import type { Mesh } from './mesh.ts';
import type { Picture } from './picture.ts';
import type { CompareReport, StackReport } from './report.ts';
import type { RunRequest } from './frames.ts';
import { runStack } from './run.ts';
import type { Scene } from './scene.ts';
import type { StackSpec } from './stack-spec.ts';

export interface CompareRequest {
  readonly stacks: readonly StackSpec[];
  readonly scene: Scene;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly profile: Profile;
  readonly model?: Mesh;
  readonly texture?: Picture;
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the comparison, by the error `Aborted`. */
  readonly signal?: { readonly aborted: boolean };
}

/** The first frame on which two stacks differ. */
export interface Mismatch {
  readonly frame: number;
  /** The stack that the others are compared with, and the one that differs. */
  readonly reference: string;
  readonly stack: string;
  readonly expected: Picture;
  readonly seen: Picture;
}

export interface CompareResult {
  readonly report: CompareReport;
  /** The last frame of each stack, by its id. */
  readonly lastFrames: ReadonlyMap<string, Picture>;
  readonly mismatch: Mismatch | undefined;
}

interface Outcome {
  readonly spec: StackSpec;
  readonly report: StackReport;
}

/** @throws InputError when the scene refuses its input; GpuError when the GPU cannot do it. */
export async function compare(
  request: CompareRequest,
  environment: Environment,
): Promise<CompareResult> {
  const outcomes: Outcome[] = [];
  const lastFrames = new Map<string, Picture>();
  for (const spec of request.stacks) {
    const { report, monitor } = await runStack(runRequest(request, spec), environment);
    outcomes.push({ spec, report });
    if (monitor.picture !== undefined) {
      lastFrames.set(spec.id, monitor.picture);
    }
  }
  const drawing = outcomes.filter(({ spec }) => draws(spec));
  const mismatch = await findMismatch(request, drawing, environment);
  const nativeNs = outcomes.find(({ report }) => report.name === 'native')?.report.time.virtualNs;
  const stacks = outcomes.map(({ report }) => withRelative(report, nativeNs ?? null));
  const report: CompareReport = {
    schema: 'doorbell.compare/1',
    scene: {
      name: request.scene.name,
      frames: request.frames,
      width: request.width,
      height: request.height,
      seed: request.seed,
      guests: 1,
    },
    profile: request.profile.name,
    identical: new Set(drawing.map(({ report: { frames } }) => frames.sha256)).size <= 1,
    stacks,
  };
  return { report, lastFrames, mismatch };
}

/** Whether its pixels can be compared: `renderer=null` draws nothing. */
export function draws({ options }: Pick<StackSpec, 'options'>): boolean {
  return options.renderer !== 'null';
}

function withRelative(report: StackReport, nativeNs: number | null): StackReport {
  const { virtualNs } = report.time;
  const relativeToNative =
    nativeNs === null || virtualNs === null || nativeNs === 0 ? null : virtualNs / nativeNs;
  return { ...report, time: { ...report.time, relativeToNative } };
}

function runRequest(request: CompareRequest, spec: StackSpec): RunRequest {
  const { scene, width, height, frames, seed, model, texture, profile, onProgress } = request;
  return {
    spec,
    scene,
    profile,
    context: {
      width,
      height,
      frames,
      seed,
      ...(model === undefined ? {} : { model }),
      ...(texture === undefined ? {} : { texture }),
    },
    onFrame: (frame) => onProgress?.({ stack: spec.id, frame, frames }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  };
}

/** Runs are repeatable: the two stacks run again, to find and take the frame on which they part. */
async function findMismatch(
  request: CompareRequest,
  outcomes: readonly Outcome[],
  environment: Environment,
): Promise<Mismatch | undefined> {
  const [reference, ...others] = outcomes;
  const other = others.find(
    ({ report }) => report.frames.sha256 !== reference.report.frames.sha256,
  );
  if (other === undefined) {
    return undefined;
  }
  const expected = await frameSums(request, reference.spec, environment);
  const seen = await frameSums(request, other.spec, environment);
  const differs = expected.findIndex((sum, index) => sum !== seen[index]);
  const frame = differs < 0 ? expected.length - 1 : differs;
  return {
    frame,
    reference: reference.spec.id,
    stack: other.spec.id,
    expected: await capture(request, reference.spec, frame, environment),
    seen: await capture(request, other.spec, frame, environment),
  };
}

/** One SHA-256 per frame. */
async function frameSums(
  request: CompareRequest,
  spec: StackSpec,
  environment: Environment,
): Promise<readonly string[]> {
  const sums: string[] = [];
  await runStack(
    {
      ...runRequest(request, spec),
      onShown: (_, { picture }) => {
        const hash = environment.sha256();
        hash.update(picture?.pixels ?? new Uint8Array(0));
        sums.push(hash.digest());
      },
    },
    environment,
  );
  return sums;
}

async function capture(
  request: CompareRequest,
  spec: StackSpec,
  frame: number,
  environment: Environment,
): Promise<Picture> {
  let taken: Picture | undefined;
  await runStack(
    {
      ...runRequest({ ...request, frames: frame + 1 }, spec),
      onShown: (_, { picture }) => {
        taken = picture === undefined ? undefined : { ...picture, pixels: picture.pixels.slice() };
      },
    },
    environment,
  );
  return taken ?? { width: 0, height: 0, pixels: new Uint8Array(0) };
}
