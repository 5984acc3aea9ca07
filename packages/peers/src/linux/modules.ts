/** The kernel's modules, and in which order they can be loaded. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PeerUnavailable } from '../peer-unavailable.ts';
import { ElfFile } from './elf.ts';
import { decompressXz } from './xz.ts';

export interface KernelModule {
  /** As the kernel spells it: with underscores. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Names of those that come before it. */
  readonly depends: readonly string[];
}

/** The kernel takes `-` and `_` for the same in a module's name. */
const spelled = (name: string): string => name.replaceAll('-', '_');

/** The names of `depends=` in a module's .modinfo section. */
function dependsOf(module: Uint8Array): readonly string[] {
  const line = new ElfFile(module).strings('.modinfo').find((text) => text.startsWith('depends='));
  const names = line?.slice('depends='.length).split(',') ?? [];
  return names.filter((name) => name !== '').map(spelled);
}

const FILE = /^(.*)\.ko(?:\.xz)?$/;

export class ModuleTree {
  /** Files by the module's name. */
  private readonly files: ReadonlyMap<string, string>;

  /** @param folder  `/lib/modules/RELEASE` */
  constructor(folder: string) {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    this.files = new Map(
      files.flatMap((file): [string, string][] => {
        const name = FILE.exec(basename(file))?.[1];
        return name === undefined ? [] : [[spelled(name), join(folder, file)]];
      }),
    );
  }

  private read(name: string): Uint8Array {
    const file = this.files.get(name);
    if (file === undefined) {
      throw new PeerUnavailable(`The guest's kernel has no module ${name}.`);
    }
    const bytes = readFileSync(file);
    if (file.endsWith('.ko')) {
      return bytes;
    }
    const module = decompressXz(bytes);
    if (module === undefined) {
      throw new PeerUnavailable('The modules of the guest are compressed: install xz-utils.');
    }
    return module;
  }

  /**
   * These modules and all that they depend on, each after what it depends on.
   * @throws PeerUnavailable
   */
  inOrder(names: readonly string[]): readonly KernelModule[] {
    const loaded = new Map<string, KernelModule>();
    const load = (name: string): void => {
      if (loaded.has(name)) {
        return;
      }
      const bytes = this.read(name);
      const module = { name, bytes, depends: dependsOf(bytes) };
      module.depends.forEach(load);
      loaded.set(name, module);
    };
    names.map(spelled).forEach(load);
    return [...loaded.values()];
  }
}
