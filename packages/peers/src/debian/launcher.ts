/** A shell script that runs a bundle's QEMU with the libraries that came with it, whatever the system's are. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Beside the bundle's `root`. */
export const LAUNCHER = 'qemu-system-x86_64';

// QEMU_MODULE_DIR: without it QEMU loads modules of the system's own QEMU, which are of another build.
const script = `#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root
lib=$root/usr/lib/x86_64-linux-gnu
export QEMU_MODULE_DIR="$lib/qemu"
exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$root/usr/bin/qemu-system-x86_64" \\
  -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" "$@"
`;

export function writeLauncher(folder: string): void {
  writeFileSync(join(folder, LAUNCHER), script, { mode: 0o755 });
}
