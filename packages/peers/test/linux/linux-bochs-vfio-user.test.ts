import { bochsBars, bochsWindow, dispiRegisters } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { linuxBochsVfioUser } from '../../src/programs/linux-bochs-vfio-user.ts';
import { runPeer } from '../../src/run.ts';
import { PeerRecorder } from '../../src/trace/peer-recorder.ts';
import { describeWith } from '../needs.ts';

const unused = (): never => {
  throw new Error('This peer draws nothing.');
};

/** The driver has set the mode, at an address that the guest chose for the registers. */
function checkTrace({ events, bars }: PeerRecorder): void {
  const bases = bars.filter(({ bar }) => bar === bochsBars.REGISTERS.index);
  expect(bases.length).toBeGreaterThan(0);
  const { XRES, ENABLE } = dispiRegisters.rows;
  const written = ({ offset }: { readonly offset: number }): readonly number[] =>
    [...events]
      .filter(({ kind }) => kind === 'mmioWrite')
      .filter(({ a }) => bases.some(({ base }) => a === base + bochsWindow.dispi + offset))
      .map(({ b }) => b);
  expect(written(XRES)).toContain(640);
  expect(written(ENABLE).at(-1)! & ENABLE.bits.ENABLED.mask).toBe(1);
}

describeWith(linuxBochsVfioUser.needs, "Linux' bochs-drm on our bochs-display", () => {
  it(
    'shows what it shows on the one of QEMU',
    { timeout: linuxBochsVfioUser.limitMs + 20_000 },
    async () => {
      const recorder = new PeerRecorder();
      const surroundings = { frames: unused, openBackend: unused, recorder };
      const result = await runPeer(linuxBochsVfioUser, {}, surroundings);
      expect(result.checks.filter(({ passed }) => !passed)).toEqual([]);
      expect(result).toMatchObject({ status: 'passed', why: '' });
      const names = result.checks.map(({ name }) => name);
      for (const shown of ["Linux' console", "modetest's pattern", 'the console afterwards']) {
        expect(names).toContain(`${shown} is as on QEMU's bochs-display`);
      }
      checkTrace(recorder);
    },
  );
});
