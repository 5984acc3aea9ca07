/** What a guest with a virtio-gpu shows, whosever the device is. */
import type { Picture } from '@doorbell/guest-driver';
import type { PeerRun } from '../peer.ts';
import { writeConsole } from './console-text.ts';
import { bootWithQemusGpu, type GpuGuest, HEIGHT, OTHER_MODE, WIDTH } from './gpu-guest.ts';
import { Modetest } from './modetest.ts';
import { settled } from './screen.ts';

/** What a guest shows, on QEMU's device and then on ours. */
export interface Scene {
  readonly name: string;
  /** Shows it while `during` runs. */
  readonly show: (gpu: GpuGuest, modetest: Modetest, during: () => Promise<void>) => Promise<void>;
}

export const textConsole: Scene = {
  name: 'text console',
  show: async ({ guest }, _, during) => {
    await guest.shell(writeConsole('/dev/tty0'));
    await during();
  },
};

/** The mode that the display prefers. */
export const PREFERRED = `${WIDTH}x${HEIGHT}`;

export const scenes: readonly Scene[] = [
  textConsole,
  ...[PREFERRED, OTHER_MODE].map((mode): Scene => ({
    name: `modetest ${mode}`,
    show: (_, modetest, during) => modetest.show(mode, '', during),
  })),
];

/** What QEMU's own device shows of each scene. */
export async function picturesOfQemu(run: PeerRun): Promise<ReadonlyMap<string, Picture>> {
  const pictures = new Map<string, Picture>();
  const gpu = await bootWithQemusGpu(run);
  try {
    const modetest = await Modetest.open(gpu.guest);
    let before: Picture | undefined;
    for (const { name, show } of scenes) {
      run.step(`${name}, on QEMU's device`);
      await show(gpu, modetest, async () => {
        before = await settled(() => gpu.dump(), before);
        pictures.set(name, before);
      });
    }
  } finally {
    await gpu.close();
  }
  return pictures;
}
