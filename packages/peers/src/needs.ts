/** What the peers need of this machine, whether it is there, and what gets it. */
import { createRequire } from 'node:module';
import { readBundle } from './debian/record.ts';
import type { Need } from './peer.ts';
import { PeerUnavailable } from './peer-unavailable.ts';
import { findEmulator } from './qemu/emulator.ts';

export interface NeedStatus {
  readonly need: Need;
  /** What it is. */
  readonly summary: string;
  readonly isThere: boolean;
  /** Why it is of no use; empty when it is there. */
  readonly why: string;
  /** The command that gets it; undefined where no command does. */
  readonly get: string | undefined;
}

const summaries: Readonly<Record<Need, string>> = {
  qemu: 'QEMU 11.1',
  'qemu-7.2': 'QEMU 7.2, whose x-pci-proxy-dev works without KVM',
  linux: "the guest: Debian's Linux, busybox and modetest",
  koffi: 'calls of the C library that Node does not offer',
};

export const needs = Object.keys(summaries) as readonly Need[];

/** Debian's packages that are fetched, and koffi's, are for no other system. */
export function isSupported({
  platform,
  arch,
}: Pick<NodeJS.Process, 'platform' | 'arch'>): boolean {
  return platform === 'linux' && arch === 'x64';
}

const FETCH = 'npx doorbell peers fetch';

type Lack = Pick<NeedStatus, 'why' | 'get'>;

/** `system` is what this machine runs. */
export function needStatus(
  need: Need,
  system: Parameters<typeof isSupported>[0] = process,
): NeedStatus {
  const { why, get } = isSupported(system)
    ? lack(need)
    : {
        why: `it takes Linux on x86-64, and this is ${system.platform} on ${system.arch}`,
        get: undefined,
      };
  return { need, summary: summaries[need], isThere: why === '', why, get };
}

/** Those that this machine lacks. */
export function missing(of: readonly Need[]): readonly NeedStatus[] {
  return of.map((need) => needStatus(need)).filter(({ isThere }) => !isThere);
}

/** One command line that gets them; empty where none does. */
export function getCommand(lacking: readonly NeedStatus[]): string {
  const gets = lacking.flatMap(({ get }) => get ?? []);
  const fetched = gets.filter((get) => get.startsWith(FETCH)).map((get) => get.slice(FETCH.length));
  const others = gets.filter((get) => !get.startsWith(FETCH));
  return [...(fetched.length > 0 ? [FETCH + fetched.join('')] : []), ...others].join(' && ');
}

function lack(need: Need): Lack {
  if (need === 'koffi') {
    const why = hasKoffi() ? '' : 'npm left this optional dependency out';
    return { why, get: 'npm install --include=optional' };
  }
  const { DOORBELL_QEMU: own = '' } = process.env;
  if (need === 'qemu' && own !== '') {
    return { why: lackOfOwnEmulator(), get: undefined };
  }
  const why = readBundle(need) === undefined ? 'it has not been fetched' : '';
  return { why, get: `${FETCH} ${need}` };
}

/** It is another QEMU that `$DOORBELL_QEMU` should name: nothing that is fetched helps. */
function lackOfOwnEmulator(): string {
  try {
    findEmulator('qemu');
    return '';
  } catch (error) {
    if (error instanceof PeerUnavailable) {
      return error.message;
    }
    throw error;
  }
}

/** Found without being loaded: it brings native code. */
function hasKoffi(): boolean {
  try {
    createRequire(import.meta.url).resolve('koffi');
    return true;
  } catch {
    return false;
  }
}
