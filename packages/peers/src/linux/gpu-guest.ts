/** A guest with a virtio-gpu: ours, behind QEMU's vhost-user-gpu, or QEMU's own. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Picture } from '@doorbell/guest-driver';
import { type Libc, loadLibc } from '../native/libc.ts';
import type { PeerRun } from '../peer.ts';
import { findEmulator } from '../qemu/emulator.ts';
import { type GpuBackend, serveVhostUser, type VhostUserConnection } from '../vhost-user/server.ts';
import { bootLinux, type GuestRun, type LinuxGuest } from './guest.ts';

/** The mode that the display prefers. */
export const WIDTH = 640;
export const HEIGHT = 480;
const MODULES = ['virtio_pci', 'virtio_gpu'];
/** Another, which the console takes: our EDID has the preferred one alone. */
export const OTHER_MODE = '800x600';
const APPEND = `video=Virtual-1:${OTHER_MODE}`;

/** The same for both devices, and their id. */
const deviceArg = (properties: string): string[] => [
  '-device',
  `${properties},id=gpu,xres=${WIDTH},yres=${HEIGHT}`,
];

export interface GpuGuest {
  readonly guest: LinuxGuest;
  /** What QEMU shows now. */
  dump(): Promise<Picture>;
  close(): Promise<void>;
}

function boot(run: GuestRun, args: readonly string[]): Promise<LinuxGuest> {
  const emulator = findEmulator('qemu');
  return bootLinux(run, { emulator, args, modules: MODULES, append: APPEND });
}

/** Of QEMU's own device. */
export function bootOnQemusGpu(run: GuestRun): Promise<LinuxGuest> {
  return boot(run, deviceArg('virtio-gpu-pci'));
}

/** @param path  where our device is served */
export function bootOnGpuAt(run: GuestRun, path: string): Promise<LinuxGuest> {
  return boot(run, [
    ...['-chardev', `socket,id=vhost,path=${path.replaceAll(',', ',,')}`],
    ...deviceArg('vhost-user-gpu-pci,chardev=vhost'),
  ]);
}

function dumpOf(run: PeerRun, { qemu }: LinuxGuest): Promise<Picture> {
  return qemu.qmp.screendump('gpu', join(run.folder, 'screen.ppm'));
}

/** @throws QemuError, PeerUnavailable */
export async function bootWithQemusGpu(run: PeerRun): Promise<GpuGuest> {
  const guest = await bootOnQemusGpu(run);
  return { guest, dump: () => dumpOf(run, guest), close: () => guest.close() };
}

/** Our device, which may end and be followed by another while the guest goes on. */
export interface OurGpuGuest extends GpuGuest {
  /** The last. */
  readonly connection: VhostUserConnection;
  /** Connects another one; the one before has ended. @param backend  ours from now on */
  reconnect(backend: GpuBackend): Promise<void>;
}

/** How long QEMU may take until it listens. */
const LISTEN_MS = 60_000;
const RETRY_MS = 20;

interface Connecting extends Pick<PeerRun, 'recorder'> {
  readonly libc: Libc;
  /** Where QEMU listens, so that whoever connects may come again. */
  readonly path: string;
  readonly signal: AbortSignal;
}

async function connect(
  { libc, path, signal, recorder }: Connecting,
  backend: GpuBackend,
): Promise<VhostUserConnection> {
  const deadline = performance.now() + LISTEN_MS;
  for (;;) {
    try {
      return serveVhostUser({ socket: libc.connect(path), libc, backend, signal, recorder });
    } catch (error) {
      if (performance.now() > deadline || signal.aborted) {
        await backend.close();
        throw error;
      }
      await sleep(RETRY_MS);
    }
  }
}

/** Both, or neither: QEMU goes on once our device has connected. */
async function bootConnected(
  run: PeerRun,
  path: string,
  connecting: (signal: AbortSignal) => Promise<VhostUserConnection>,
): Promise<readonly [LinuxGuest, VhostUserConnection]> {
  const failed = new AbortController();
  const signal = AbortSignal.any([run.signal, failed.signal]);
  const orFail = (error: unknown): never => {
    failed.abort(error);
    throw error;
  };
  const args = [
    ...['-chardev', `socket,id=vhost,path=${path},server=on,wait=on`],
    ...deviceArg('vhost-user-gpu-pci,chardev=vhost'),
  ];
  const [booted, connected] = await Promise.allSettled([
    boot({ ...run, signal }, args).catch(orFail),
    connecting(signal).catch(orFail),
  ]);
  if (booted.status === 'fulfilled' && connected.status === 'fulfilled') {
    return [booted.value, connected.value];
  }
  await (booted.status === 'fulfilled' ? booted.value.close() : undefined);
  await (connected.status === 'fulfilled' ? connected.value.close() : undefined);
  throw failed.signal.reason;
}

/** @param backend  ours from now on @throws QemuError, PeerUnavailable */
export async function bootWithOurGpu(run: PeerRun, backend: GpuBackend): Promise<OurGpuGuest> {
  const libc = await loadLibc();
  const path = join(run.folder, 'vhost.socket');
  const { signal, recorder } = run;
  const [guest, first] = await bootConnected(run, path, (connecting) =>
    connect({ libc, path, signal: connecting, recorder }, backend),
  );
  let connection = first;
  return {
    guest,
    get connection() {
      return connection;
    },
    dump: () => dumpOf(run, guest),
    reconnect: async (next) => {
      connection = await connect({ libc, path, signal, recorder }, next);
    },
    close: async () => {
      await guest.close();
      await connection.close();
    },
  };
}
