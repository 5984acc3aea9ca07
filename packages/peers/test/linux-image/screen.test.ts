import type { Picture } from '@doorbell/guest-driver';
import { expect, it } from 'vitest';
import { settled, untilSame } from '../../src/linux/screen.ts';

/** One pixel of a grey. */
const grey = (value: number): Picture => ({
  width: 1,
  height: 1,
  pixels: Uint8Array.of(value, value, value, 255),
});

/** Shows these one after the other, and goes on with the last. */
function showing(...values: readonly number[]): () => Promise<Picture> {
  const rest = [...values];
  return async () => grey(rest.length > 1 ? rest.shift()! : rest[0]);
}

it('waits until a screen goes on showing the same', async () => {
  expect(await settled(showing(1, 2, 2, 3), undefined)).toEqual(grey(3));
});

it('does not take what was there before for what is to come', async () => {
  expect(await settled(showing(1, 1, 1, 1, 1, 2), grey(1))).toEqual(grey(2));
});

it('looks until a screen is as expected', async () => {
  const look = showing(1, 2, 5, 7);
  expect(await untilSame(look, grey(5))).toEqual(grey(5));
});
