/**
 * The one experiment: a scene, through each stack, on the same machine. Frames are captured
 * where a monitor would be, hashed, and compared.
 */
import type { Profile } from '@doorbell/hypervisor';
import type { Environment, Progress } from './environment.ts';
import type { Mesh } from './mesh.ts';
import type { OwnParts } from './own-parts.ts';
import type { Picture } from './picture.ts';
import type { CompareReport, StackReport } from './report.ts';
import type { GuestRequest, RunRequest } from './frames.ts';
import { roundsOtherwise } from './renderers/index.ts';
import { runRounded, type OffFrame } from './rounded-run.ts';
import { runStack, type RunResult } from './run.ts';
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
  /** What somebody else wrote, for the stacks that ask for it. */
  readonly own?: OwnParts;
  readonly onProgress?: (progress: Progress) => void;
  /** Several guests, whose scenes these are; absent: one, which draws `scene`. */
  readonly guests?: readonly GuestRequest[];
  /** Ends the comparison, by the error `Aborted`. */
  readonly signal?: { readonly aborted: boolean };
}

/** The first frame on which two stacks differ, or a guest among others from itself alone. */
export interface Mismatch {
  readonly frame: number;
  /** Of several guests, whose frame it is. */
  readonly guest?: string;
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
  /** Of renderers that may round otherwise: the first frame beyond their bounds. */
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
  let beyond: Mismatch | undefined;
  for (const spec of request.stacks) {
    const { report, monitor, off } = await runOne(runOf(request, spec), environment);
    outcomes.push({ spec, report });
    beyond ??= off && { ...off, reference: ENGINES, stack: spec.id };
    if (monitor.picture !== undefined) {
      lastFrames.set(spec.id, monitor.picture);
    }
  }
  const drawing = outcomes.filter(({ spec }) => draws(spec) && !roundsOtherwise(spec));
  const alone = await soloRuns(request, drawing, environment);
  const mismatch = await findMismatch(request, drawing, alone, environment);
  const nativeNs = outcomes.find(({ report }) => report.name === 'native')?.report.time.virtualNs;
  const stacks = outcomes.map(({ report }) => withRelative(report, nativeNs ?? null));
  const report: CompareReport = {
    schema: 'doorbell.compare/1',
    scene: {
      name: sceneName(request),
      frames: request.frames,
      width: request.width,
      height: request.height,
      seed: request.seed,
      guests: request.guests?.length ?? 1,
    },
    profile: request.profile.name,
    identical: mismatch === undefined && !request.stacks.some(roundsOtherwise),
    stacks,
  };
  return { report, lastFrames, mismatch: mismatch ?? beyond };
}

/** What a renderer that may round otherwise is compared with. */
const ENGINES = "bell's engines";

async function runOne(
  request: RunRequest,
  environment: Environment,
): Promise<Pick<RunResult, 'report' | 'monitor'> & { readonly off?: OffFrame | undefined }> {
  return roundsOtherwise(request.spec)
    ? runRounded(request, environment)
    : runStack(request, environment);
}

/** `bunny`, or `bunny + churn` of several guests. */
export function sceneName({ scene, guests }: Pick<CompareRequest, 'scene' | 'guests'>): string {
  return [...new Set((guests ?? [{ scene }]).map((guest) => guest.scene.name))].join(' + ');
}

/** Of all guests. */
export function framesOf({ guests, frames }: Pick<CompareRequest, 'guests' | 'frames'>): number {
  return guests?.reduce((sum, { context }) => sum + context.frames, 0) ?? frames;
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

/** What one of the stacks is to run. */
export function runOf(request: CompareRequest, spec: StackSpec): RunRequest {
  const { scene, width, height, frames, seed, model, texture, profile } = request;
  const { guests, onProgress } = request;
  const drawn = (guests ?? [request]).map(() => 0);
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
    onFrame: (frame, guest) => {
      drawn[guest] = frame;
      const all = drawn.reduce((sum, count) => sum + count, 0);
      onProgress?.({ stack: spec.id, frame: all, frames: framesOf(request) });
    },
    ...(guests === undefined ? {} : { guests }),
    ...(request.own === undefined ? {} : { own: request.own }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  };
}

/** What each of several guests draws when it is alone, by its place: its hash, on the first stack. */
async function soloRuns(
  request: CompareRequest,
  [reference]: readonly Outcome[],
  environment: Environment,
): Promise<readonly string[]> {
  const { guests } = request;
  if (guests === undefined || reference === undefined) {
    return [];
  }
  const hashes: string[] = [];
  for (const guest of guests) {
    // The same scene is the same picture, whoever draws it.
    const twin = guests.slice(0, hashes.length).findIndex((other) => drawsAlike(other, guest));
    hashes.push(
      twin < 0 ? await soloHash(request, reference.spec, guest, environment) : hashes[twin],
    );
  }
  return hashes;
}

function drawsAlike(one: GuestRequest, other: GuestRequest): boolean {
  const { frames, width, height, seed, model, texture } = one.context;
  const { context } = other;
  return (
    one.scene === other.scene &&
    frames === context.frames &&
    width === context.width &&
    height === context.height &&
    seed === context.seed &&
    model === context.model &&
    texture === context.texture
  );
}

async function soloHash(
  request: CompareRequest,
  spec: StackSpec,
  guest: GuestRequest,
  environment: Environment,
): Promise<string> {
  const run = { ...runOf(request, spec), guests: [guest], onFrame: () => undefined };
  const { report } = await runStack(run, environment);
  return report.frames.sha256;
}

/** Two runs whose frames should be the same: of a stack with all guests, and of what it is compared with. */
interface Pair {
  readonly reference: string;
  readonly stack: string;
  readonly expected: RunRequest;
  readonly seen: RunRequest;
  /** Which guest of `seen`; in `expected` it is the first, or the only one. */
  readonly guest: number;
  readonly expectedGuest: number;
}

function differing(
  request: CompareRequest,
  outcomes: readonly Outcome[],
  alone: readonly string[],
): Pair | undefined {
  const [reference] = outcomes;
  for (const { spec, report } of outcomes) {
    const seen = runOf(request, spec);
    const guest = report.guests.findIndex(
      ({ sha256, error }, index) =>
        error === undefined && sha256 !== (alone[index] ?? reference.report.guests[index].sha256),
    );
    const expected = runOf(request, reference.spec);
    if (guest >= 0) {
      const { guests } = request;
      const isSolo = guests !== undefined;
      return {
        reference: isSolo ? `${reference.spec.id}, alone` : reference.spec.id,
        ...{ stack: spec.id, seen, guest, expectedGuest: isSolo ? 0 : guest },
        expected: isSolo ? { ...expected, guests: [guests[guest]] } : expected,
      };
    }
  }
  return undefined;
}

/** Runs are repeatable: the two run again, to find and take the frame on which they part. */
async function findMismatch(
  request: CompareRequest,
  outcomes: readonly Outcome[],
  alone: readonly string[],
  environment: Environment,
): Promise<Mismatch | undefined> {
  const pair = differing(request, outcomes, alone);
  if (pair === undefined) {
    return undefined;
  }
  const { reference, stack, guest, expectedGuest } = pair;
  const expected = await frames(pair.expected, expectedGuest, environment);
  const seen = await frames(pair.seen, guest, environment);
  const differs = expected.findIndex((sum, index) => sum !== seen[index]);
  const frame = differs < 0 ? expected.length - 1 : differs;
  return {
    ...{ frame, reference, stack },
    ...(request.guests === undefined ? {} : { guest: request.guests[guest].name }),
    expected: await capture(pair.expected, expectedGuest, frame, environment),
    seen: await capture(pair.seen, guest, frame, environment),
  };
}

/** One SHA-256 per frame of a guest. */
async function frames(
  request: RunRequest,
  guest: number,
  environment: Environment,
): Promise<readonly string[]> {
  const sums: string[] = [];
  await runStack(
    {
      ...request,
      onShown: (_, { picture }, shownBy) => {
        if (shownBy === guest) {
          const hash = environment.sha256();
          hash.update(picture?.pixels ?? new Uint8Array(0));
          sums.push(hash.digest());
        }
      },
    },
    environment,
  );
  return sums;
}

async function capture(
  request: RunRequest,
  guest: number,
  frame: number,
  environment: Environment,
): Promise<Picture> {
  let taken: Picture | undefined;
  await runStack(
    {
      ...request,
      onShown: (shown, { picture }, shownBy) => {
        if (shownBy === guest && shown === frame && picture !== undefined) {
          taken = { ...picture, pixels: picture.pixels.slice() };
        }
      },
    },
    environment,
  );
  return taken ?? { width: 0, height: 0, pixels: new Uint8Array(0) };
}
