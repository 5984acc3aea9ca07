/** A user of the shell: a process, and its open files by number. */
import type {
  DeviceFile,
  Host,
  Iommufd,
  VfioContainer,
  VfioDevice,
  VfioGroup,
} from '@doorbell/hypervisor';
import { VfioError, VfioProcess, type EventCounter } from '@doorbell/hypervisor';
import { hex } from './words.ts';

/** What files there are; each kind by its own name. */
export interface FileKinds {
  container: VfioContainer;
  group: VfioGroup;
  device: VfioDevice;
  cdev: DeviceFile;
  iommufd: Iommufd;
}
export type FileKind = keyof FileKinds;

interface OpenFile<Kind extends FileKind = FileKind> {
  readonly kind: Kind;
  readonly path: string;
  readonly file: FileKinds[Kind];
}

/** 0 to 2 are the process's own. */
const FIRST_FILE = 3;

export class LabUser {
  readonly name: string;
  readonly process: VfioProcess;
  readonly bytes: number;
  /** What it is signalled by, under the names of interrupts. */
  readonly events = new Map<string, EventCounter>();
  private readonly host: Host;
  private readonly base: number;
  private readonly files = new Map<number, OpenFile>();

  /** `bytes` of memory, of which `lockPages` may be locked. */
  constructor(host: Host, name: string, bytes: number, lockPages: number) {
    this.host = host;
    this.name = name;
    this.bytes = bytes;
    this.base = host.pages.allocate(bytes);
    this.process = new VfioProcess({ name, base: this.base, bytes, lockLimit: lockPages });
  }

  /** The number of a file that was opened: the lowest that is free. */
  opened<Kind extends FileKind>(kind: Kind, path: string, file: FileKinds[Kind]): number {
    let fd = FIRST_FILE;
    while (this.files.has(fd)) {
      fd++;
    }
    this.process.opened(file);
    this.files.set(fd, { kind, path, file });
    return fd;
  }

  list(): readonly (readonly [number, OpenFile])[] {
    return [...this.files].sort(([a], [b]) => a - b);
  }

  /** The file that was opened last, of any of these kinds. */
  latest(...kinds: readonly FileKind[]): OpenFile | undefined {
    return [...this.files.values()].findLast(({ kind }) => kinds.includes(kind));
  }

  /** The file with that number, or the last of its kind. @throws VfioError EBADF. */
  file<Kind extends FileKind>(kind: Kind, fd?: number): FileKinds[Kind] {
    const found = fd === undefined ? this.latest(kind) : this.files.get(fd);
    if (found?.kind !== kind) {
      const what = fd === undefined ? `no ${kind} open` : `no ${kind} with the number ${fd}`;
      throw new VfioError('EBADF', `${this.name} has ${what}.`);
    }
    return found.file as FileKinds[Kind];
  }

  /** @throws VfioError EBADF. */
  close(fd: number): string {
    const open = this.files.get(fd);
    if (open === undefined) {
      throw new VfioError('EBADF', `${this.name} has no file with the number ${fd}.`);
    }
    this.process.close(open.file);
    this.files.delete(fd);
    return open.path;
  }

  /** The process dies: all of its files are closed, and its memory is free. */
  exit(): void {
    this.process.exit();
    this.files.clear();
    this.host.pages.free(this.base);
  }

  /** Its memory at `vaddr`. @throws VfioError EFAULT. */
  memory(vaddr: number, bytes: number): Uint8Array {
    if (!(vaddr >= 0 && vaddr + bytes <= this.bytes)) {
      throw new VfioError('EFAULT', `${this.name} has no memory at ${hex(vaddr)}.`);
    }
    return this.host.memory.bytes.subarray(this.base + vaddr, this.base + vaddr + bytes);
  }

  write(vaddr: number, bytes: Uint8Array): void {
    this.memory(vaddr, bytes.length).set(bytes);
    this.host.memory.touched(this.base + vaddr, bytes.length);
  }
}
