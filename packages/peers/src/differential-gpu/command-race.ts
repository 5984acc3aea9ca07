/**
 * How fast QEMU's virtio-gpu and ours answer, through one qtest connection: a command, and the next
 * when it was answered. All that the driver does goes through that connection, to memory as well;
 * ours is served by a process of its own, as for anybody else who starts a QEMU.
 */
import type { PeerRun } from '../peer.ts';
import type { GpuRequest } from './request.ts';
import { QtestMemory } from './qtest-memory.ts';
import type { RawGpu } from './raw-gpu.ts';
import { type Arena, rect, say } from './script.ts';
import { openTwoDevicesAt } from './two-devices.ts';

const ID = 1;
const OTHER = 2;
/** The machine's RAM. */
const MEMORY_BYTES = 64 << 20;
const SIDE = 64;
const BYTES = SIDE * SIDE * 4;
const PART = rect(8, 8, 16, 16);
const PART_OFFSET = BigInt((8 * SIDE + 8) * 4);
const WHOLE = rect(0, 0, SIDE, SIDE);
const PATIENCE_MS = 60_000;

/** Both devices with a picture on their screens. */
interface CommandRace {
  /** Commands of one call of either. */
  readonly commands: number;
  readonly ours: () => Promise<void>;
  readonly qemu: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** @param path  where our device is served @throws QemuError, PeerUnavailable */
export async function openCommandRace(
  run: Pick<PeerRun, 'folder' | 'signal'>,
  path: string,
): Promise<CommandRace> {
  const slow: QtestMemory[] = [];
  const both = await openTwoDevicesAt(run, path, (device, machine) => {
    const own = new QtestMemory(device.memory, machine.window(0, MEMORY_BYTES));
    slow.push(own);
    return { ...device, memory: own };
  });
  const requests = mixture();
  const play = async (gpu: RawGpu): Promise<void> => {
    for (const one of requests) {
      await gpu.exchange([one], PATIENCE_MS);
    }
  };
  try {
    await prepare(both.ours, both.arena);
    await prepare(both.theirs, both.arena);
  } catch (error) {
    await both.close();
    throw error;
  }
  for (const own of slow) {
    own.isSlow = true;
  }
  return {
    commands: requests.length,
    ours: () => play(both.ours),
    qemu: () => play(both.theirs),
    close: () => both.close(),
  };
}

async function prepare(gpu: RawGpu, { address }: Arena): Promise<void> {
  for (const one of [
    say.create('', ID, SIDE, SIDE),
    say.attach('', ID, [{ address, bytes: BYTES }]),
    say.scanout('', 0, ID, WHOLE),
    say.flush('', ID, WHOLE),
  ]) {
    await gpu.exchange([one], PATIENCE_MS);
  }
}

/** A small rectangle is drawn, and a picture comes and goes. */
function mixture(): GpuRequest[] {
  return [
    say.transfer('', ID, PART, PART_OFFSET),
    say.flush('', ID, PART),
    say.create('', OTHER, 16, 16),
    say.unref('', OTHER),
  ];
}
