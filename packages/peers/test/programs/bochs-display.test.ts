import { expect, it } from 'vitest';
import type { Picture } from '@doorbell/guest-driver';
import { bochsDisplay } from '../../src/programs/bochs-display.ts';
import { runPeer } from '../../src/run.ts';
import { describeWith } from '../needs.ts';

/** In place of a scene, which only the lab draws. */
const frames = async (_: string, width: number, height: number): Promise<readonly Picture[]> => [
  { width, height, pixels: Uint8Array.from({ length: width * height * 4 }, (_, at) => at * 11) },
];

const unused = (): never => {
  throw new Error('This peer has no backend.');
};

describeWith(bochsDisplay.needs, "QEMU's bochs-display and VGA", () => {
  it('show what our driver draws', async () => {
    const result = await runPeer(bochsDisplay, {}, { frames, openBackend: unused });
    expect(result.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(result).toMatchObject({ status: 'passed', why: '' });
    const names = result.checks.map(({ name }) => name);
    for (const id of ['bochs', 'vga']) {
      expect(names).toContain(`${id}: a pattern of 320x200`);
      expect(names).toContain(`${id}: the scene image`);
    }
  });
});
