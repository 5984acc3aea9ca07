/** A process that uses VFIO: its memory, what it may lock of it, and what it has open. */
import { PAGE_BYTES } from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { VfioUser } from './user-pages.ts';

export interface VfioProcessOptions {
  readonly name: string;
  /** Where its memory, which begins at virtual address 0, lies in physical memory. */
  readonly base: number;
  readonly bytes: number;
  /** RLIMIT_MEMLOCK, in pages; all of its memory by default. */
  readonly lockLimit?: number;
}

/** An open file. */
export interface OpenFile {
  close(): void;
}

export class VfioProcess implements VfioUser {
  readonly name: string;
  readonly lockLimit: number;
  lockedPages = 0;
  /** How often pages of it are pinned, all together. */
  pins = 0;
  private readonly base: number;
  private readonly bytes: number;
  /** In the order in which they were opened; one that was opened twice is there twice. */
  private readonly files: OpenFile[] = [];

  constructor({ name, base, bytes, lockLimit }: VfioProcessOptions) {
    this.name = name;
    this.base = base;
    this.bytes = bytes;
    this.lockLimit = lockLimit ?? bytes / PAGE_BYTES;
  }

  pin(vaddr: number): number {
    if (!(vaddr >= 0 && vaddr < this.bytes)) {
      return -1;
    }
    this.pins++;
    return this.base + vaddr;
  }

  unpin(): void {
    this.pins--;
  }

  /** It has the file open from here on. */
  opened<File extends OpenFile>(file: File): File {
    this.files.push(file);
    return file;
  }

  /** As often as it was opened. @throws VfioError EBADF when it is not open. */
  close(file: OpenFile): void {
    const index = this.files.indexOf(file);
    if (index < 0) {
      throw new VfioError('EBADF', `${this.name} does not have that file open.`);
    }
    file.close();
    this.files.splice(index, 1);
  }

  /** It dies: the kernel closes what it has open, in the order in which it was opened. */
  exit(): void {
    while (this.files.length > 0) {
      this.close(this.files[0]);
    }
  }
}
