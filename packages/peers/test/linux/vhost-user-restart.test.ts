/** `doorbell serve --vhost-user`, as a user runs it, killed under a guest and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Picture } from '@doorbell/guest-driver';
import { expect, it } from 'vitest';
import { differingPixels } from '../../src/picture-difference.ts';
import { bootLinux, type LinuxGuest } from '../../src/linux/guest.ts';
import { settled } from '../../src/linux/screen.ts';
import type { Peer, PeerRun } from '../../src/peer.ts';
import { findEmulator } from '../../src/qemu/emulator.ts';
import { startQtestMachine } from '../../src/qtest/machine.ts';
import { runPeer } from '../../src/run.ts';
import { describeWith } from '../needs.ts';
import { plainSurroundings } from './plain-surroundings.ts';

const doorbell = fileURLToPath(new URL('../../../cli/bin/doorbell.mjs', import.meta.url));
const PATIENCE = { timeout: 20_000 };
/** Longer than QEMU would take to come back. */
const COME_BACK_MS = 1000;

/** A backend in a process of its own. */
class Served {
  readonly process: ChildProcess;
  said = '';

  constructor(path: string) {
    this.process = spawn(process.execPath, [doorbell, 'serve', '--vhost-user', path], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.on('data', (text: Buffer) => {
        this.said += text.toString();
      });
    }
  }

  /** Resolves once it listens. */
  async listens(): Promise<void> {
    await expect.poll(() => this.said, PATIENCE).toContain('-device vhost-user-gpu-pci');
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const closed = new Promise((resolve) => this.process.once('close', resolve));
      this.process.kill(signal);
      await closed;
    }
  }
}

/** QEMU as the arguments that `doorbell serve` prints make it. */
const chardev = (path: string): string[] => ['-chardev', `socket,id=vhost,path=${path}`];
const DEVICE = 'vhost-user-gpu-pci,chardev=vhost,id=gpu';

async function killedUnder(guest: LinuxGuest, dump: () => Promise<Picture>, served: Served) {
  await guest.shell("printf '\\033cDoorbell\\n' >/dev/tty0");
  const before = await settled(dump, undefined);
  await served.end('SIGKILL');
  await guest.shell('echo lost >/dev/tty0');
  expect(await guest.shell('echo alive')).toEqual({ status: 0, output: 'alive' });
  await sleep(COME_BACK_MS);
  expect(differingPixels(before, await dump())).toBe(0);
}

async function restarted(run: PeerRun, path: string): Promise<void> {
  expect(existsSync(path)).toBe(true); // what is left of the one that was killed
  const served = new Served(path);
  try {
    await served.listens();
    await sleep(COME_BACK_MS);
    expect(served.said).not.toContain('QEMU connected');
    const machine = await startQtestMachine(run, {
      emulator: findEmulator('qemu'),
      args: chardev(path),
      devices: [`${DEVICE},addr=2`],
      time: 'wall',
    });
    await expect.poll(() => served.said, PATIENCE).toContain('QEMU connected');
    await machine.close();
    await expect.poll(() => served.said, PATIENCE).toContain('QEMU disconnected');
  } finally {
    await served.end('SIGTERM');
  }
  expect(existsSync(path)).toBe(false);
}

async function meet(run: PeerRun): Promise<void> {
  const path = join(run.folder, 'serve.socket');
  const served = new Served(path);
  try {
    await served.listens();
    const guest = await bootLinux(run, {
      emulator: findEmulator('qemu'),
      args: [...chardev(path), '-device', DEVICE],
      modules: ['virtio_pci', 'virtio_gpu'],
    });
    try {
      const file = join(run.folder, 'screen.ppm');
      const dump = (): Promise<Picture> => guest.qemu.qmp.screendump('gpu', file);
      await killedUnder(guest, dump, served);
      await restarted(run, path);
      expect((await guest.shell('echo still alive')).output).toBe('still alive');
    } finally {
      await guest.close();
    }
  } finally {
    await served.end('SIGKILL');
  }
}

const needs = ['qemu', 'linux', 'koffi'] as const;
const peer: Peer = { name: 'restart', summary: '', needs, isQuick: false, limitMs: 120_000, meet };

describeWith(needs, 'doorbell serve --vhost-user', () => {
  it('leaves a guest alive when it is killed, and serves another after it was started again', async () => {
    const result = await runPeer(peer, {}, plainSurroundings);
    expect(result.error).toBeUndefined();
  });
});
