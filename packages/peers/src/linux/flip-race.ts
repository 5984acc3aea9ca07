/** How many pictures a second a guest shows on our virtio-gpu, and on QEMU's own. */
import type { PeerRun } from '../peer.ts';
import { QemuError } from '../qemu/qemu-error.ts';
import { bootOnGpuAt, bootOnQemusGpu } from './gpu-guest.ts';
import type { GuestRun, LinuxGuest } from './guest.ts';
import { Modetest } from './modetest.ts';
import { PREFERRED } from './scenes.ts';

/** Two guests, of which one waits while the other flips. */
interface FlipRace {
  /** Page flips a second, over some seconds. @throws QemuError */
  readonly ours: () => Promise<number>;
  readonly qemu: () => Promise<number>;
  readonly close: () => Promise<void>;
}

const SECONDS = 2;

/** @param path  where our device is served @throws QemuError, PeerUnavailable */
export async function openFlipRace(
  { folder, signal }: Pick<PeerRun, 'folder' | 'signal'>,
  path: string,
): Promise<FlipRace> {
  const run: GuestRun = { folder, signal, step: () => {}, console: () => {} };
  const guests: LinuxGuest[] = [];
  const close = async (): Promise<void> => {
    for (const guest of guests.splice(0)) {
      await guest.close();
    }
  };
  try {
    guests.push(await bootOnGpuAt(run, path));
    guests.push(await bootOnQemusGpu(run));
    const [ours, qemu] = [await Modetest.open(guests[0]), await Modetest.open(guests[1])];
    return { ours: () => flips(ours), qemu: () => flips(qemu), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function flips(modetest: Modetest): Promise<number> {
  const { perSecond } = await modetest.flip(PREFERRED, SECONDS);
  if (perSecond === 0) {
    throw new QemuError('The guest flipped nothing.');
  }
  return perSecond;
}
