/** What is to be run, as the address and the user's files say it. */
import type { RunOptions } from '../machine/contract.ts';
import { own, state } from './signals.ts';

export function runOptions(): RunOptions {
  const {
    stacks,
    scene,
    frames,
    width,
    height,
    seed,
    guests,
    mix,
    profile,
    prices,
    source: lines,
    bug,
    backend: address,
    step,
    isFixed,
  } = state.value;
  return {
    ...{ stacks, scene, frames, width, height, seed, guests, mix, profile, prices },
    ...{ source: lines, ...own.value },
    ...(bug === undefined ? {} : { bug }),
    ...(address === '' ? {} : { backend: address }),
    ...(isFixed ? { granularity: step } : {}),
  };
}
