import { expect, it } from 'vitest';
import { linuxBochsVfioUser } from '../../src/programs/linux-bochs-vfio-user.ts';
import { runPeer } from '../../src/run.ts';
import { describeWith } from '../needs.ts';

const unused = (): never => {
  throw new Error('This peer draws nothing.');
};

describeWith(linuxBochsVfioUser.needs, "Linux' bochs-drm on our bochs-display", () => {
  it(
    'shows what it shows on the one of QEMU',
    { timeout: linuxBochsVfioUser.limitMs + 20_000 },
    async () => {
      const result = await runPeer(linuxBochsVfioUser, {}, { frames: unused, openBackend: unused });
      expect(result.checks.filter(({ passed }) => !passed)).toEqual([]);
      expect(result).toMatchObject({ status: 'passed', why: '' });
      const names = result.checks.map(({ name }) => name);
      for (const shown of ["Linux' console", "modetest's pattern", 'the console afterwards']) {
        expect(names).toContain(`${shown} is as on QEMU's bochs-display`);
      }
    },
  );
});
