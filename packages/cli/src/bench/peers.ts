/** Our virtio-gpu behind QEMU's vhost-user, beside QEMU's own: the same driver, and the same QEMU. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCommandRace, openFlipRace, type PeerRun } from '@doorbell/peers';
import { startVhostUserServer } from '../server-process.ts';
import type { Benchmark, Prepared } from './benchmark.ts';

type Surroundings = Pick<PeerRun, 'folder' | 'signal'>;
type Open = (run: Surroundings, path: string) => Promise<Prepared>;

/** Ours is served by a process of its own, as for anybody who starts a QEMU. */
async function withServer(signal: AbortSignal, open: Open): Promise<Prepared> {
  const folder = await mkdtemp(join(tmpdir(), 'doorbell-'));
  const undo: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
      await step();
    }
  };
  try {
    const path = join(folder, 'vhost-user');
    const server = await startVhostUserServer(path);
    undo.push(() => server.close());
    const prepared = await open({ folder, signal }, path);
    undo.push(async () => prepared.close?.());
    return { ...prepared, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function commands(run: Surroundings, path: string): Promise<Prepared> {
  const { commands: units, ours, qemu, close } = await openCommandRace(run, path);
  return {
    work: { units, async: true, run: ours },
    reference: { units, async: true, run: qemu },
    close,
  };
}

async function flips(run: Surroundings, path: string): Promise<Prepared> {
  const { ours, qemu, close } = await openFlipRace(run, path);
  return { work: { rate: ours }, reference: { rate: qemu }, close };
}

const against = 'QEMU’s own device';

export const peerBenchmarks: readonly Benchmark[] = [
  {
    name: 'peers.commands',
    unit: 'command/s',
    against,
    needs: ['qemu', 'koffi'],
    prepare: (signal) => withServer(signal, commands),
  },
  {
    name: 'peers.flips',
    unit: 'flip/s',
    against,
    needs: ['qemu', 'linux', 'koffi'],
    rounds: 5,
    prepare: (signal) => withServer(signal, flips),
  },
];
