/** Linux' bochs-drm on our bochs-display, by vfio-user: registers by messages, memory mapped. */
import { join } from 'node:path';
import { compareDisplays, DISPLAY_SLOT } from '../pci-device/linux-display.ts';
import type { Peer } from '../peer.ts';
import { findEmulator } from '../qemu/emulator.ts';
import { VfioUserServer } from '../vfio-user/server.ts';

const SIZE = { width: 640, height: 480 } as const;

export const linuxBochsVfioUser: Peer = {
  name: 'linux-bochs-vfio-user',
  summary: 'Linux drives our bochs-display, by vfio-user, its framebuffer mapped into the guest.',
  records: true,
  needs: ['qemu', 'linux', 'koffi'],
  isQuick: false,
  limitMs: 900_000,
  meet: async (run) => {
    const server = await VfioUserServer.start({
      path: join(run.folder, 'bochs.sock'),
      choice: { kind: 'bochs-display', ...SIZE },
      records: run.recorder !== undefined,
    });
    try {
      await compareDisplays(run, findEmulator('qemu'), SIZE, {
        args: ['-device', server.deviceArgument('display', DISPLAY_SLOT)],
        picture: () => server.picture(),
      });
      const broken = server.endings.filter((each) => each !== undefined);
      run.check('QEMU kept to the protocol', broken.length === 0, broken.join('; ') || 'it did');
      run.counts('bochs-display, by vfio-user', await server.counts());
    } finally {
      const recorded = await server.recorded();
      if (recorded !== undefined) {
        run.recorder?.load(recorded);
      }
      await server.close();
    }
  },
};
