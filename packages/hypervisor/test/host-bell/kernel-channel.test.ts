import { PAGE_BYTES } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { bellHost } from './bell-host.ts';

/** Pages of VRAM that nothing else uses here. */
const PAGES = [600, 610, 620];

it('clears for several tasks that ask at once, each when its turn has come', async () => {
  const { host, bell, kernel } = bellHost();
  const { tasks } = host.machine;
  const order: number[] = [];
  PAGES.forEach((page, index) => {
    bell.aperture.writeBlock(page * PAGE_BYTES, new Uint8Array(2 * PAGE_BYTES).fill(7));
    tasks.spawn(host.machine.newCpu(), async () => {
      await kernel.clear(page, 2);
      order.push(index);
    });
  });
  await tasks.run();
  expect(order).toEqual([0, 1, 2]);
  for (const page of PAGES) {
    const bytes = new Uint8Array(2 * PAGE_BYTES);
    bell.aperture.readBlock(page * PAGE_BYTES, bytes);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  }
});
