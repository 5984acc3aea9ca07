/** One of several guests as text: what it draws, and what it is due: `churn:weight=2:cap=50:frames=10`. */
import { DEFAULT_WEIGHT } from '@doorbell/hypervisor';
import { InputError } from './input-error.ts';
import type { Scene } from './scene.ts';
import { findScene } from './scenes/index.ts';

/** What a guest's text asks for. */
export interface GuestText {
  readonly scene: Scene;
  /** From 1 to 65535. */
  readonly weight: number;
  /** In percent; 0: no limit. */
  readonly cap: number;
  /** Undefined: as many as the others. */
  readonly frames: number | undefined;
}

const settings: Readonly<Record<string, readonly [least: number, most: number]>> = {
  weight: [1, 65_535],
  cap: [0, 100],
  frames: [1, 100_000],
};

/** All but the scene as they please, in any order. @throws InputError */
export function parseGuest(text: string): GuestText {
  const [scene = '', ...given] = text.split(':');
  const values = new Map(given.map((setting) => parseSetting(text, setting)));
  return {
    scene: findScene(scene),
    weight: values.get('weight') ?? DEFAULT_WEIGHT,
    cap: values.get('cap') ?? 0,
    frames: values.get('frames'),
  };
}

function parseSetting(text: string, setting: string): [string, number] {
  const [name = '', value = '', ...more] = setting.split('=');
  const range = Object.hasOwn(settings, name) ? settings[name] : undefined;
  if (range === undefined || more.length > 0) {
    const known = Object.keys(settings).join(', ');
    throw new InputError(
      `'${text}': a guest has ${known}, as in bunny:weight=2, and no '${setting}'.`,
    );
  }
  const [least, most] = range;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (!(number >= least && number <= most)) {
    throw new InputError(
      `'${text}': '${name}' is a whole number from ${least} to ${most}, not '${value}'.`,
    );
  }
  return [name, number];
}
