/**
 * One QEMU with its own virtio-gpu, and beside it ours behind vhost-user, which this process serves,
 * or another one.
 *
 * While QEMU waits for our backend nothing here may wait for QEMU, or both wait for ever. So what
 * makes QEMU ask it (DRIVER_OK above all) is posted, and the first answer is waited for in memory.
 */
import { bdf, featureSet, type PciDevice, virtioFeatures, virtioGpuFeatures } from '@doorbell/abi';
import { loadLibc } from '../native/libc.ts';
import type { PeerRun } from '../peer.ts';
import { findEmulator } from '../qemu/emulator.ts';
import { type QtestMachine, startQtestMachine } from '../qtest/machine.ts';
import { serveVhostUser, type VhostUserConnection } from '../vhost-user/server.ts';
import { RawGpu } from './raw-gpu.ts';
import type { Arena } from './script.ts';
import { SentCursor } from './sent-cursor.ts';

export const OURS = 'ours';
export const THEIRS = 'theirs';
const WIDTH = 640;
const HEIGHT = 480;
const ARENA_BYTES = 1 << 20;
/** What QEMU has as descriptor 4 is the first that it inherits. */
const SOCKET = 4;

const { VERSION_1, EVENT_IDX, INDIRECT_DESC } = virtioFeatures;
/** Accepted where it is offered. */
const WANTED = featureSet(VERSION_1, EVENT_IDX, INDIRECT_DESC, virtioGpuFeatures.EDID);

export interface TwoDevices {
  readonly machine: QtestMachine;
  readonly ours: RawGpu;
  readonly theirs: RawGpu;
  /** RAM that both may be told of. */
  readonly arena: Arena;
  close(): Promise<void>;
}

export interface ServedHere extends TwoDevices {
  readonly connection: VhostUserConnection;
  /** What QEMU is told of the pointer of ours. */
  readonly cursor: SentCursor;
}

type Undo = (() => unknown)[];
type Surroundings = Pick<PeerRun, 'folder' | 'signal'>;

/** What the driver is handed in place of a function. */
type Wrap = (device: PciDevice, machine: QtestMachine) => PciDevice;

/** Ours is served by this process. @throws QemuError, PeerUnavailable */
export function openTwoDevices(
  run: Surroundings & Pick<PeerRun, 'openBackend' | 'recorder'>,
): Promise<ServedHere> {
  return undone(async (undo) => {
    const libc = await loadLibc();
    const backend = await run.openBackend(WIDTH, HEIGHT);
    const [here, there] = libc.socketPair();
    const cursor = new SentCursor();
    const connection = serveVhostUser({
      ...{ socket: here, libc: cursor.overhear(libc, here), backend, signal: run.signal },
      recorder: run.recorder,
    });
    undo.push(() => connection.close());
    try {
      const machine = await startMachine(run, `fd=${SOCKET}`, [there]);
      return { ...(await drive(machine, undo)), connection, cursor };
    } finally {
      libc.close(there); // QEMU has its own
    }
  });
}

/** Ours is served by whoever listens at a path. @throws QemuError, PeerUnavailable */
export function openTwoDevicesAt(run: Surroundings, path: string, wrap: Wrap): Promise<TwoDevices> {
  return undone(async (undo) => {
    const machine = await startMachine(run, `path=${path.replaceAll(',', ',,')}`, []);
    return await drive(machine, undo, wrap);
  });
}

async function undone<T>(open: (undo: Undo) => Promise<T>): Promise<T> {
  const undo: Undo = [];
  try {
    return await open(undo);
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

async function unwind(undo: Undo): Promise<void> {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
    await step();
  }
}

/** Takes both in hand; `undo` ends the machine too. */
async function drive(
  machine: QtestMachine,
  undo: Undo,
  wrap: Wrap = (device) => device,
): Promise<TwoDevices> {
  undo.push(() => machine.close());
  const address = machine.memory.allocate(ARENA_BYTES);
  const [two, three] = [2, 3].map((device) => machine.device(bdf(0, device, 0)));
  const theirs = await RawGpu.open(wrap(two, machine), WANTED);
  const ours = await RawGpu.open(wrap(three, machine), WANTED);
  const arena = { address, bytes: ARENA_BYTES };
  return { machine, ours, theirs, arena, close: () => unwind(undo) };
}

/** @param address  where QEMU's chardev finds our device. */
function startMachine(
  run: Surroundings,
  address: string,
  descriptors: readonly number[],
): Promise<QtestMachine> {
  const size = `xres=${WIDTH},yres=${HEIGHT}`;
  return startQtestMachine(run, {
    emulator: findEmulator('qemu'),
    args: ['-chardev', `socket,id=vhost,${address}`],
    devices: [
      `virtio-gpu-pci,id=${THEIRS},addr=2,${size}`,
      `vhost-user-gpu-pci,id=${OURS},addr=3,chardev=vhost,${size}`,
    ],
    descriptors,
    time: 'wall',
  });
}
