import { expect, it } from 'vitest';
import { linuxBochsProxy } from '../../src/programs/linux-bochs-proxy.ts';
import { runPeer } from '../../src/run.ts';
import { describeWith } from '../needs.ts';

const unused = (): never => {
  throw new Error('This peer draws nothing.');
};

describeWith(linuxBochsProxy.needs, "Linux' bochs-drm on our bochs-display", () => {
  it(
    'shows what it shows on the one of QEMU',
    { timeout: linuxBochsProxy.limitMs + 20_000 },
    async () => {
      const result = await runPeer(linuxBochsProxy, {}, { frames: unused, openBackend: unused });
      expect(result.checks.filter(({ passed }) => !passed)).toEqual([]);
      expect(result).toMatchObject({ status: 'passed', why: '' });
      const names = result.checks.map(({ name }) => name);
      for (const shown of ["Linux' console", "modetest's pattern", 'the console afterwards']) {
        expect(names).toContain(`${shown} is as on QEMU's bochs-display`);
      }
    },
  );
});
