/** What the page asks to be run, as the lab runs it. */
import {
  findScene,
  InputError,
  loadModel,
  parseGuest,
  parseStacks,
  profiles,
  type CompareRequest,
  type CostName,
  type GuestRequest,
  type Profile,
  type Scene,
  type SceneContext,
  type StackSpec,
} from '@doorbell/lab';
import type { Prices, RunOptions } from './contract.ts';

/** Whether its backend is in another process, or another thread. */
export function isElsewhere({ options }: StackSpec): boolean {
  return (options.transport ?? 'inline') !== 'inline';
}

/** @throws InputError */
export async function compareRequest(options: RunOptions): Promise<CompareRequest> {
  const { stacks, frames, width, height, seed } = options;
  const guests = await guestRequests(options);
  const scene = guests?.[0].scene ?? findScene(options.scene);
  const context = { frames, width, height, seed, ...(await inputsOf(scene, options)) };
  return {
    stacks: parseStacks(stacks.join(',')),
    ...{ scene, ...context },
    profile: pricedProfile(options.profile, options.prices),
    ...(guests === undefined ? {} : { guests }),
  };
}

/** Undefined: there is one, which draws the scene. @throws InputError */
async function guestRequests(options: RunOptions): Promise<readonly GuestRequest[] | undefined> {
  const { scene, guests: count, mix, frames: usual, width, height, seed } = options;
  if (count === 1 && mix.length === 0) {
    return undefined;
  }
  const texts = mix.length === 0 ? new Array<string>(count).fill(scene) : mix;
  const requests: GuestRequest[] = [];
  for (const [index, text] of texts.entries()) {
    const { frames = usual, ...guest } = parseGuest(text);
    const context = { frames, width, height, seed, ...(await inputsOf(guest.scene, options)) };
    requests.push({ name: `guest${index}`, ...guest, context });
  }
  return requests;
}

/** The user's own files that a scene draws with. @throws InputError */
async function inputsOf(
  scene: Scene,
  { model, texture }: RunOptions,
): Promise<Pick<SceneContext, 'model' | 'texture'>> {
  const takes = (input: 'model' | 'texture'): boolean => scene.takes?.includes(input) === true;
  return {
    ...(model === undefined || !takes('model')
      ? {}
      : { model: await loadModel(model.name, model.bytes) }),
    ...(texture === undefined || !takes('texture')
      ? {}
      : { texture: (await import('./files.ts')).decodePng(texture.name, texture.bytes) }),
  };
}

/** @throws InputError when there is none of this name. */
export function profileOf(name: string): Profile {
  const profile = profiles.get(name);
  if (profile === undefined) {
    throw new InputError(
      `There is no profile '${name}'; there is ${[...profiles.keys()].join(', ')}.`,
    );
  }
  return profile;
}

/** A profile, with some prices changed. @throws InputError */
function pricedProfile(name: string, prices: Prices): Profile {
  const profile = profileOf(name);
  const constants = { ...profile.constants };
  for (const [cost, value] of Object.entries(prices) as [CostName, number][]) {
    if (constants[cost] === undefined || !(value >= 0 && value <= 1e9)) {
      throw new InputError(`'${cost}' cannot cost ${value} ns.`);
    }
    constants[cost] = { ...constants[cost], value, source: 'changed by hand', verified: false };
  }
  return { ...profile, constants };
}
