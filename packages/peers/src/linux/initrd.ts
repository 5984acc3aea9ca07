/** The guest's root, all in memory: a shell, modetest, the modules, and what runs first. */
import { basename } from 'node:path';
import type { LinuxBundle } from './bundle.ts';
import { type ArchiveEntry, encodeCpio } from './cpio.ts';
import { ElfFile } from './elf.ts';
import { type KernelModule, ModuleTree } from './modules.ts';

/** The library folder that the loader searches, and the loader's own place in a program. */
const LIBRARIES = 'lib/x86_64-linux-gnu';
const LOADER = 'lib64/ld-linux-x86-64.so.2';
const PROGRAMS = ['usr/bin/modetest'];
const FOLDERS = ['bin', 'dev', 'lib', LIBRARIES, 'lib64', 'modules', 'proc', 'sys', 'tmp'];

/** Printed before the shell starts. */
export const READY = 'doorbell: ready';
/** Printed before the name of each module that was not loaded. */
export const INSMOD_FAILED = 'doorbell: not loaded: ';
/** Printed before the modules are loaded. */
export const LOADING = 'doorbell: loading drivers';

/**
 * What runs first. The terminal neither echoes nor changes line ends, so that what a command prints
 * is what arrives; the kernel prints only what ends it. Of `setsid cttyhack` Ctrl-C works.
 * A shell that was left is followed by another: the first process must not end.
 */
function initScript(modules: readonly KernelModule[]): string {
  return [
    '#!/bin/busybox sh',
    '/bin/busybox mount -t proc proc /proc',
    'mount -t sysfs sysfs /sys',
    'mount -t devtmpfs devtmpfs /dev',
    'exec </dev/ttyS0 >/dev/ttyS0 2>&1',
    'stty -echo -onlcr',
    `echo '${LOADING}'`,
    ...modules.map(({ name }) => `insmod /modules/${name}.ko || echo '${INSMOD_FAILED}${name}'`),
    'dmesg -n 1',
    'export PATH=/bin HOME=/ TERM=linux PS1= PS2=',
    `echo '${READY}'`,
    'while true; do setsid cttyhack sh; done',
    '',
  ].join('\n');
}

/** The libraries of some programs, and theirs. */
function librariesOf(
  bundle: LinuxBundle,
  programs: readonly Uint8Array[],
): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const visit = (file: Uint8Array): void => {
    for (const name of new ElfFile(file).needed) {
      if (!found.has(name) && name !== basename(LOADER)) {
        const library = bundle.library(name);
        found.set(name, library);
        visit(library);
      }
    }
  };
  programs.forEach(visit);
  return found;
}

function programFile(path: string, bytes: Uint8Array): ArchiveEntry {
  return { kind: 'file', path, bytes, isProgram: true };
}

/** Built in memory each time, in tens of milliseconds. @throws PeerUnavailable */
export function buildInitrd(bundle: LinuxBundle, moduleNames: readonly string[]): Uint8Array {
  const modules = new ModuleTree(bundle.modulesFolder).inOrder(moduleNames);
  const programs = PROGRAMS.map((path) => ({ path, bytes: bundle.read(path) }));
  const libraries = librariesOf(
    bundle,
    programs.map(({ bytes }) => bytes),
  );
  return encodeCpio([
    ...FOLDERS.map((path): ArchiveEntry => ({ kind: 'folder', path })),
    programFile('init', Buffer.from(initScript(modules))),
    programFile('bin/busybox', bundle.read('bin/busybox')),
    { kind: 'link', path: 'bin/sh', to: 'busybox' },
    ...programs.map(({ path, bytes }) => programFile(`bin/${basename(path)}`, bytes)),
    programFile(LOADER, bundle.library(basename(LOADER))),
    ...[...libraries].map(([name, bytes]) => programFile(`${LIBRARIES}/${name}`, bytes)),
    ...modules.map(({ name, bytes }): ArchiveEntry => ({
      kind: 'file',
      path: `modules/${name}.ko`,
      bytes,
    })),
  ]);
}
