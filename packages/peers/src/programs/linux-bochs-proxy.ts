/** Linux' bochs-drm on our bochs-display, each access a message of QEMU's multi-process protocol. */
import { compareDisplays, DISPLAY_SLOT } from '../pci-device/linux-display.ts';
import { PciProxyServer } from '../pci-proxy/server.ts';
import type { Peer } from '../peer.ts';
import { findEmulator } from '../qemu/emulator.ts';

/** Small: each store to the framebuffer is a message, and waits for its answer. */
const SIZE = { width: 320, height: 240 } as const;
/** The first descriptor that QEMU inherits. */
const SOCKET = 4;

export const linuxBochsProxy: Peer = {
  name: 'linux-bochs-proxy',
  summary: 'Linux drives our bochs-display, by the multi-process protocol of QEMU 7.2.',
  records: true,
  needs: ['qemu-7.2', 'linux'],
  isQuick: false,
  limitMs: 1_200_000,
  meet: async (run) => {
    let server: PciProxyServer | undefined;
    try {
      await compareDisplays(run, findEmulator('qemu-7.2'), SIZE, {
        args: ['-device', `x-pci-proxy-dev,fd=${SOCKET},addr=${DISPLAY_SLOT}`],
        descriptors: [
          (socket) => {
            server = new PciProxyServer(socket, { kind: 'bochs-display', ...SIZE }, run.recorder);
          },
        ],
        picture: async () => server?.picture(),
      });
      run.counts('bochs-display, by messages', { ...server?.counts });
    } finally {
      server?.close();
    }
  },
};
