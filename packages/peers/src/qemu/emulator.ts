/** Which QEMU is run, and how. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFolder } from '../cache.ts';
import { LAUNCHER } from '../debian/launcher.ts';
import { readBundle } from '../debian/record.ts';
import { PeerUnavailable } from '../peer-unavailable.ts';

/** `qemu`: the newest, with vfio-user. `qemu-7.2`: the last whose x-pci-proxy-dev works without KVM. */
export type EmulatorName = 'qemu' | 'qemu-7.2';

export interface Emulator {
  /** A program that takes QEMU's arguments. */
  readonly command: string;
}

/** The first with vfio-user-pci. */
const LEAST = [11, 1] as const;

/** `$DOORBELL_QEMU` is the user's own for `qemu`; else that of the bundle. @throws PeerUnavailable */
export function findEmulator(name: EmulatorName): Emulator {
  const { DOORBELL_QEMU: own = '' } = process.env;
  return name === 'qemu' && own !== '' ? ownEmulator(own) : bundledEmulator(name);
}

function bundledEmulator(name: EmulatorName): Emulator {
  const command = join(bundleFolder(name), LAUNCHER);
  if (readBundle(name) === undefined || !existsSync(command)) {
    throw new PeerUnavailable(`${name} is missing: npx doorbell peers fetch ${name} gets it.`);
  }
  return { command };
}

const ownVersions = new Map<string, string>();

function ownEmulator(path: string): Emulator {
  const said = ownVersions.get(path) ?? versionOf(path);
  ownVersions.set(path, said);
  const [, major, minor] = /QEMU emulator version (\d+)\.(\d+)/.exec(said) ?? [];
  if (major === undefined) {
    throw new PeerUnavailable(`DOORBELL_QEMU is '${path}', which is no QEMU: ${said}`);
  }
  const isOld =
    Number(major) < LEAST[0] || (Number(major) === LEAST[0] && Number(minor) < LEAST[1]);
  if (isOld) {
    throw new PeerUnavailable(
      `DOORBELL_QEMU is '${path}', QEMU ${major}.${minor}: it takes ${LEAST.join('.')} or later.`,
    );
  }
  return { command: path };
}

/** What it says of its version, or why it says nothing. */
function versionOf(path: string): string {
  const { error, stdout, stderr } = spawnSync(path, ['--version'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return error === undefined
    ? (stdout || stderr).split('\n')[0] || 'it says nothing of its version.'
    : `${error.message}.`;
}
