/** Whether two pictures are the same. What a display shows has no alpha. */
import type { Picture } from '@doorbell/guest-driver';

/** Pixels that differ; all of the larger one's when the sizes do. */
export function differingPixels(a: Picture, b: Picture): number {
  if (a.width !== b.width || a.height !== b.height) {
    return Math.max(a.width * a.height, b.width * b.height);
  }
  const [one, other] = [a.pixels, b.pixels];
  let differing = 0;
  for (let at = 0; at < one.length; at += 4) {
    const same =
      one[at] === other[at] && one[at + 1] === other[at + 1] && one[at + 2] === other[at + 2];
    differing += same ? 0 : 1;
  }
  return differing;
}

/** In words: how much of them differs. */
export function sameness(expected: Picture, seen: Picture): { same: boolean; detail: string } {
  const differing = differingPixels(expected, seen);
  const size = `${seen.width}x${seen.height}`;
  return expected.width === seen.width && expected.height === seen.height
    ? {
        same: differing === 0,
        detail: `${differing} of ${seen.width * seen.height} pixels differ (${size})`,
      }
    : { same: false, detail: `it is ${size}, and not ${expected.width}x${expected.height}` };
}
