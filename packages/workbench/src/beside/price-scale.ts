/** A slider's places as prices: from nothing to ten times the usual, finer where it is cheap. */
import type { PageState } from '../link.ts';

export const STEPS = 100;
const MOST_TIMES = 10;
/** What costs nothing in a profile can be made to cost something. */
const LEAST_SCALE_NS = 10;

function most(usual: number): number {
  return MOST_TIMES * Math.max(usual, LEAST_SCALE_NS);
}

export function fromSlider(place: number, usual: number): number {
  const ns = most(usual) * (place / STEPS) ** 2;
  return Number(ns.toPrecision(2));
}

export function toSlider(ns: number, usual: number): number {
  return Math.round(STEPS * Math.sqrt(Math.min(1, ns / most(usual))));
}

/** With one price changed; one that is as the profile has it is left out. */
export function changed(
  prices: PageState['prices'],
  name: keyof PageState['prices'],
  ns: number,
  usual: number,
): PageState['prices'] {
  const { [name]: _, ...others } = prices;
  return ns === usual ? others : { ...others, [name]: ns };
}
