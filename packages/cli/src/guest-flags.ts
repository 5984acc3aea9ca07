/** `--guests` and `--guest`: how many guests there are, what they draw, and what they are due. */
import { DEFAULT_WEIGHT, type GuestRequest, type Scene } from '@doorbell/lab';
import { Option, type Command } from 'commander';
import { wholeNumber } from './argument.ts';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';
import { findScene, readInputs, type InputPaths, type Inputs } from './scene-input.ts';

const MOST_GUESTS = 128;
const MOST_FRAMES = 100_000;
const MOST_WEIGHT = 65_535;

export interface GuestFlags extends InputPaths {
  readonly guests?: number;
  readonly guest?: readonly string[];
  readonly scene: string;
  readonly frames: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly seed: number;
}

export function addGuestFlags(command: Command): void {
  command.addOption(
    new Option(
      '--guests <n>',
      `virtual machines that share the GPU, from 1 to ${MOST_GUESTS}; on bare metal, processes`,
    ).argParser(wholeNumber(1, MOST_GUESTS)),
  );
  command.option(
    '--guest <scene>',
    'one guest that draws this, such as bunny:weight=2:cap=50:frames=10; again for each further one',
    (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
  );
}

/** Undefined: there is one guest, and nobody speaks of guests. @throws Failure, InputError */
export async function readGuests(flags: GuestFlags): Promise<readonly GuestRequest[] | undefined> {
  const { guest: texts, guests: count } = flags;
  if (texts !== undefined && count !== undefined) {
    throw bad('--guests and --guest exclude each other: give one --guest for each guest.');
  }
  if (texts === undefined && count === undefined) {
    return undefined;
  }
  const wanted = texts ?? new Array<string>(count ?? 1).fill(flags.scene);
  if (wanted.length > MOST_GUESTS) {
    throw bad(`There are at most ${MOST_GUESTS} guests, not ${wanted.length}.`);
  }
  const asked = wanted.map(parseGuest);
  checkInputsAreSeen(asked, flags);
  const requests: GuestRequest[] = [];
  const read = new Map<Scene, Promise<Inputs>>();
  for (const [index, one] of asked.entries()) {
    const scene = findScene(one.scene);
    const inputs = read.get(scene) ?? inputsOf(scene, flags);
    read.set(scene, inputs);
    requests.push(request(one, scene, `guest${index}`, flags, await inputs));
  }
  return requests;
}

interface Asked {
  readonly scene: string;
  readonly weight: number;
  readonly cap: number;
  readonly frames: number | undefined;
}

/** `scene:weight=W:cap=C:frames=N`, all but the scene as they please. @throws Failure */
function parseGuest(text: string): Asked {
  const [scene = '', ...settings] = text.split(':');
  const given = new Map(settings.map((setting) => parseSetting(text, setting)));
  return {
    scene,
    weight: given.get('weight') ?? DEFAULT_WEIGHT,
    cap: given.get('cap') ?? 0,
    frames: given.get('frames'),
  };
}

const settingRanges: Readonly<Record<string, readonly [number, number]>> = {
  weight: [1, MOST_WEIGHT],
  cap: [0, 100],
  frames: [1, MOST_FRAMES],
};

function parseSetting(text: string, setting: string): [string, number] {
  const [name = '', value = '', ...more] = setting.split('=');
  const range = Object.hasOwn(settingRanges, name) ? settingRanges[name] : undefined;
  if (range === undefined || more.length > 0) {
    const known = Object.keys(settingRanges).join(', ');
    throw bad(`--guest ${text}: a guest has ${known}, as in bunny:weight=2, and no '${setting}'.`);
  }
  const [least, most] = range;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (!(number >= least && number <= most)) {
    throw bad(
      `--guest ${text}: '${name}' is a whole number from ${least} to ${most}, not '${value}'.`,
    );
  }
  return [name, number];
}

/** A file is read once, whoever draws with it. */
function inputsOf(scene: Scene, { model, texture }: GuestFlags): Promise<Inputs> {
  return readInputs(scene, {
    model: scene.takes?.includes('model') === true ? model : undefined,
    texture: scene.takes?.includes('texture') === true ? texture : undefined,
  });
}

function request(
  { weight, cap, frames }: Asked,
  scene: Scene,
  name: string,
  { size, seed, frames: usual }: GuestFlags,
  inputs: Inputs,
): GuestRequest {
  const context = { ...size, seed, frames: frames ?? usual, ...inputs };
  return { name, scene, weight, cap, context };
}

function checkInputsAreSeen(asked: readonly Asked[], flags: GuestFlags): void {
  for (const input of ['model', 'texture'] as const) {
    const isSeen = asked.some(({ scene }) => findScene(scene).takes?.includes(input) === true);
    if (flags[input] !== undefined && !isSeen) {
      throw bad(`None of the guests' scenes takes a --${input}.`);
    }
  }
}

function bad(message: string): Failure {
  return new Failure(exitCodes.BAD_INPUT, message);
}
