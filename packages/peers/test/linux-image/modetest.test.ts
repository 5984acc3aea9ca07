import { expect, it } from 'vitest';
import type { LinuxGuest } from '../../src/linux/guest.ts';
import { Modetest } from '../../src/linux/modetest.ts';

/** A guest that answers every command so. */
const answering = (...outputs: readonly string[]): LinuxGuest => {
  const rest = [...outputs];
  return {
    shell: async () => ({ status: 0, output: rest.shift() ?? '' }),
  } as unknown as LinuxGuest;
};
const CONNECTOR = '34\t35\tconnected\tVirtual-1      \t160x120\t\t26\t35';

it('says when no display is connected', async () => {
  await expect(Modetest.open(answering(''))).rejects.toThrow('no connected display');
});

it('says how many flips there were, and how many a second', async () => {
  const modetest = await Modetest.open(answering(CONNECTOR, '600 312.5'));
  expect(await modetest.flip('640x480', 2)).toEqual({ flips: 600, perSecond: 312.5 });
});

it.each([
  ['waits', '98', true],
  ['has flipped', 'freq: 300.00Hz\n98', false],
  ['has ended', '', false],
])('says whether it %s', async (_, output, waits) => {
  const modetest = await Modetest.open(answering(CONNECTOR, output));
  expect(await modetest.waits('640x480', 1)).toBe(waits);
});
