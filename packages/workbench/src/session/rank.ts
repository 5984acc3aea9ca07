/** All stacks under each profile: what the prices' panel shows beside the run. */
import { effect } from '@preact/signals';
import type { Catalogue, Comparison } from '../machine/contract.ts';
import { runOptions } from './options.ts';
import { catalogue, ranking, running, runs, state } from './signals.ts';
import { machines, trying } from './threads.ts';

/** The run that was ranked last, and the stacks that the address named for it. */
let ranked: readonly [run: number, stacks: readonly string[]] = [0, []];

/** The stacks, under each profile (that of the run is first), while one looks at prices and does other things. */
async function rank(all: Catalogue, mine: typeof ranked): Promise<void> {
  const { rank: wanted } = state.value;
  const stacks = wanted.length > 0 ? wanted : all.stacks.map((each) => each.name);
  const { bug: _, ...options } = runOptions();
  await trying(async () => {
    const done: Comparison[] = [];
    const { profile } = state.value;
    const others = all.profiles.map(({ name }) => name).filter((name) => name !== profile);
    for (const name of [profile, ...others]) {
      done.push(
        await machines().background.compare({ ...options, stacks, profile: name, frames: 1 }),
      );
      if (ranked !== mine) {
        return; // another run is ranked by now
      }
      ranking.value = [...done];
    }
  });
}

/** Ranks what was run last, as soon as somebody looks at prices. */
export function rankWhenAsked(): void {
  effect(() => {
    const [all, run, stacks] = [catalogue.value, runs.value, state.value.rank];
    const isAsked = state.value.beside === 'prices' && running.value === undefined;
    const isNew = ranked[0] !== run || ranked[1] !== stacks;
    if (all !== undefined && isAsked && isNew) {
      ranked = [run, stacks];
      void rank(all, ranked);
    }
  });
}
