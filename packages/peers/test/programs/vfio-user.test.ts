import { expect, it } from 'vitest';
import type { Picture } from '@doorbell/guest-driver';
import { vfioUser } from '../../src/programs/vfio-user.ts';
import { runPeer } from '../../src/run.ts';
import { describeWith } from '../needs.ts';

/** In place of a scene, which only the lab draws. */
const frames = async (_: string, width: number, height: number): Promise<readonly Picture[]> => [
  { width, height, pixels: Uint8Array.from({ length: width * height * 4 }, (_, at) => at * 11) },
];

const unused = (): never => {
  throw new Error('This peer has no backend.');
};

describeWith(vfioUser.needs, "QEMU's vfio-user-pci", () => {
  it('has our models on its bus, as our drivers find them', async () => {
    const result = await runPeer(vfioUser, {}, { frames, openBackend: unused });
    expect(result.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(result).toMatchObject({ status: 'passed', why: '' });
    const names = result.checks.map(({ name }) => name);
    expect(names).toContain('edu: DMA there and back');
    expect(names).toContain('edu: DMA to nowhere is refused');
    expect(names).toContain('bochs-display: the scene image');
    const edu = result.counts.find(({ title }) => title === 'edu, by vfio-user');
    expect(edu?.counts).toMatchObject({ dmaReadBytes: 4096, dmaWriteBytes: 1000, dmaRefused: 2 });
  });
});
