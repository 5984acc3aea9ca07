/** `--guests` and `--guest`: how many guests there are, what they draw, and what they are due. */
import { parseGuest, type GuestRequest, type GuestText, type Scene } from '@doorbell/lab';
import { Option, type Command } from 'commander';
import { wholeNumber } from './argument.ts';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';
import { readInputs, type InputPaths, type Inputs } from './scene-input.ts';

const MOST_GUESTS = 128;

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
  const asked = wanted.map((text) => parseGuest(text));
  checkInputsAreSeen(asked, flags);
  const requests: GuestRequest[] = [];
  const read = new Map<Scene, Promise<Inputs>>();
  for (const [index, one] of asked.entries()) {
    const inputs = read.get(one.scene) ?? inputsOf(one.scene, flags);
    read.set(one.scene, inputs);
    requests.push(request(one, `guest${index}`, flags, await inputs));
  }
  return requests;
}

/** A file is read once, whoever draws with it. */
function inputsOf(scene: Scene, { model, texture }: GuestFlags): Promise<Inputs> {
  return readInputs(scene, {
    model: scene.takes?.includes('model') === true ? model : undefined,
    texture: scene.takes?.includes('texture') === true ? texture : undefined,
  });
}

function request(
  { scene, weight, cap, frames }: GuestText,
  name: string,
  { size, seed, frames: usual }: GuestFlags,
  inputs: Inputs,
): GuestRequest {
  const context = { ...size, seed, frames: frames ?? usual, ...inputs };
  return { name, scene, weight, cap, context };
}

function checkInputsAreSeen(asked: readonly GuestText[], flags: GuestFlags): void {
  for (const input of ['model', 'texture'] as const) {
    const isSeen = asked.some(({ scene }) => scene.takes?.includes(input) === true);
    if (flags[input] !== undefined && !isSeen) {
      throw bad(`None of the guests' scenes takes a --${input}.`);
    }
  }
}

function bad(message: string): Failure {
  return new Failure(exitCodes.BAD_INPUT, message);
}
