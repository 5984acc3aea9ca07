/** Looks at a guest's screen until it is as somebody wants it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Picture } from '@doorbell/guest-driver';
import { differingPixels } from '../picture-difference.ts';

export type Look = () => Promise<Picture>;

/** A screen is looked at this often, and has settled when it was the same this many times. */
const LOOK_MS = 150;
const LOOKS = 3;
const SETTLE_MS = 30_000;

/** What a screen shows once it goes on showing the same, and something else than before. */
export async function settled(look: Look, before: Picture | undefined): Promise<Picture> {
  const deadline = performance.now() + SETTLE_MS;
  let last = await look();
  for (let same = 1; same < LOOKS && performance.now() < deadline;) {
    await sleep(LOOK_MS);
    const next = await look();
    const isNew = before === undefined || differingPixels(before, next) > 0;
    same = isNew && differingPixels(last, next) === 0 ? same + 1 : 1;
    last = next;
  }
  return last;
}

/** The last of what is looked at: the first that is as expected, if one is in time. */
export async function untilSame(look: Look, expected: Picture): Promise<Picture> {
  const deadline = performance.now() + SETTLE_MS;
  let seen = await look();
  while (differingPixels(expected, seen) > 0 && performance.now() < deadline) {
    await sleep(LOOK_MS);
    seen = await look();
  }
  return seen;
}
