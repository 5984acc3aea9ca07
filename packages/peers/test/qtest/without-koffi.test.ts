import { expect, it, vi } from 'vitest';
import { bdf } from '@doorbell/abi';
import { Edu } from '@doorbell/guest-driver';
import { PeerUnavailable } from '../../src/peer-unavailable.ts';
import { describeWith } from '../needs.ts';
import { withMachine } from './with-machine.ts';

vi.mock('../../src/native/libc.ts', () => ({
  loadLibc: () => Promise.reject(new PeerUnavailable('koffi is missing')),
}));

describeWith(['qemu'], 'a machine without koffi', () => {
  it('is slower, and does the same', async () => {
    await withMachine({ devices: ['edu,addr=3'] }, async (machine) => {
      expect(machine.backing).toBe(undefined);
      const edu = new Edu(machine.device(bdf(0, 3, 0)));
      expect(await edu.factorial(10)).toBe(3628800);
      const bytes = Uint8Array.from({ length: 4096 }, (_, at) => at * 3);
      await edu.write(0, bytes);
      edu.remove();
      const again = new Edu(machine.device(bdf(0, 3, 0)));
      const seen = new Uint8Array(4096);
      await again.read(0, seen);
      expect(Buffer.compare(seen, bytes)).toBe(0);
      expect(machine.clock.now()).toBe(200_000_000);
    });
  });
});
