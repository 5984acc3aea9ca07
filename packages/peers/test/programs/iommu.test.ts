import { expect, it } from 'vitest';
import { iommu } from '../../src/programs/iommu.ts';
import { runPeer } from '../../src/run.ts';
import { describeWith } from '../needs.ts';

const unused = (): never => {
  throw new Error('This peer draws nothing.');
};

describeWith(iommu.needs, "QEMU's intel-iommu", () => {
  it('walks the tables that we build as our model does', async () => {
    const result = await runPeer(iommu, {}, { frames: unused, openBackend: unused });
    expect(result.checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(result).toMatchObject({ status: 'passed', why: '' });
    expect(result.checks.map(({ name }) => name)).toEqual([
      ...[3, 4].flatMap((levels) => [
        `${levels} levels: capabilities`,
        `${levels} levels: random tables`,
        `${levels} levels: addresses beyond the width`,
        `${levels} levels: single cases`,
      ]),
      'known differences',
    ]);
  });
});
