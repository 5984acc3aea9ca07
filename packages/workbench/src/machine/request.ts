/** What the page asks to be run, as the lab runs it. */
import {
  DEFAULT_WEIGHT,
  decodePng,
  InputError,
  loadModel,
  parseStacks,
  profiles,
  scenes,
  type CompareRequest,
  type CostName,
  type GuestRequest,
  type Profile,
} from '@doorbell/lab';
import type { Prices, RunOptions } from './contract.ts';

/** @throws InputError */
export async function compareRequest(options: RunOptions): Promise<CompareRequest> {
  const { stacks, frames, width, height, seed, guests, model, texture } = options;
  const scene = scenes.get(options.scene);
  if (scene === undefined) {
    throw new InputError(
      `There is no scene '${options.scene}'; there is ${[...scenes.keys()].join(', ')}.`,
    );
  }
  const takes = (input: 'model' | 'texture'): boolean => scene.takes?.includes(input) === true;
  const inputs = {
    ...(model === undefined || !takes('model')
      ? {}
      : { model: await loadModel(model.name, model.bytes) }),
    ...(texture === undefined || !takes('texture')
      ? {}
      : { texture: decodePng(texture.name, texture.bytes) }),
  };
  const context = { frames, width, height, seed, ...inputs };
  return {
    stacks: parseStacks(stacks.join(',')),
    ...{ scene, ...context },
    profile: pricedProfile(options.profile, options.prices),
    ...(guests === 1
      ? {}
      : {
          guests: Array.from({ length: guests }, (_, index): GuestRequest => ({
            ...{ name: `guest${index}`, scene, context, weight: DEFAULT_WEIGHT, cap: 0 },
          })),
        }),
  };
}

/** A profile, with some prices changed. @throws InputError */
function pricedProfile(name: string, prices: Prices): Profile {
  const profile = profiles.get(name);
  if (profile === undefined) {
    throw new InputError(
      `There is no profile '${name}'; there is ${[...profiles.keys()].join(', ')}.`,
    );
  }
  const constants = { ...profile.constants };
  for (const [cost, value] of Object.entries(prices) as [CostName, number][]) {
    if (constants[cost] === undefined || !(value >= 0 && value <= 1e9)) {
      throw new InputError(`'${cost}' cannot cost ${value} ns.`);
    }
    constants[cost] = { ...constants[cost], value, source: 'changed by hand', verified: false };
  }
  return { ...profile, constants };
}
