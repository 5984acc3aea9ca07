/** The packages of the guest, unpacked side by side: a kernel, its modules, a few programs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFolder } from '../cache.ts';
import { PeerUnavailable } from '../peer-unavailable.ts';

/** Where Debian has what is in `/lib` and `/bin`: since trixie in `/usr`, before without. */
const PREFIXES = ['', 'usr'];
/** Debian's folder of libraries, and where the loader is. */
const LIBRARIES = 'lib/x86_64-linux-gnu';

const get = 'npx doorbell peers fetch linux gets it.';

export class LinuxBundle {
  /** Where files that are made of the bundle's may be kept. */
  readonly folder: string;
  private readonly root: string;
  /** The kernel's release, as `uname -r` has it. */
  readonly release: string;

  /** @throws PeerUnavailable */
  constructor(folder: string = bundleFolder('linux')) {
    this.folder = folder;
    this.root = join(folder, 'root');
    const kernels = existsSync(join(this.root, 'boot')) ? readdirSync(join(this.root, 'boot')) : [];
    const kernel = kernels.find((name) => name.startsWith('vmlinuz-'));
    if (kernel === undefined) {
      throw new PeerUnavailable(`The Linux guest is missing: ${get}`);
    }
    this.release = kernel.slice('vmlinuz-'.length);
  }

  get kernelPath(): string {
    return join(this.root, 'boot', `vmlinuz-${this.release}`);
  }

  /** The path of a file of the packages, wherever `/usr` is merged. @throws PeerUnavailable */
  path(file: string): string {
    const paths = PREFIXES.map((prefix) => join(this.root, prefix, file));
    const found = paths.find((path) => existsSync(path));
    if (found === undefined) {
      throw new PeerUnavailable(`The Linux guest lacks ${file}: ${get}`);
    }
    return found;
  }

  /** @throws PeerUnavailable */
  read(file: string): Uint8Array {
    return readFileSync(this.path(file));
  }

  library(name: string): Uint8Array {
    return this.read(join(LIBRARIES, name));
  }

  /** The folder of the kernel's modules. */
  get modulesFolder(): string {
    return this.path(join('lib/modules', this.release));
  }
}
