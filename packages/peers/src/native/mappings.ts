/** Files that are mapped into this process, and what becomes of them. */
import { constants } from 'node:buffer';
import { fstatSync } from 'node:fs';
import type { CLibrary } from './c-library.ts';

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;

const PAGE_BYTES = 4096;

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const F_SEAL_SHRINK = 2;

/** Whole pages. */
interface Mapping {
  readonly address: bigint;
  readonly bytes: number;
}

export class Mappings {
  private readonly c: CLibrary;
  private readonly mapped = new Map<ArrayBuffer, Mapping>();
  /** The addresses are free again once nobody can use them. */
  private readonly unreachable: FinalizationRegistry<Mapping>;

  constructor(c: CLibrary) {
    this.c = c;
    this.unreachable = new FinalizationRegistry(({ address, bytes }) => {
      c.call('munmap', address, bytes);
    });
  }

  map(file: number, offset: number, bytes: number): ArrayBuffer {
    const isRange = Number.isSafeInteger(offset + bytes) && offset >= 0 && bytes > 0;
    const end = offset + bytes;
    const { size } = fstatSync(file);
    if (!isRange || end > size) {
      throw new RangeError(`${bytes} bytes at ${offset} are not in a file of ${size}.`);
    }
    if (bytes > constants.MAX_LENGTH) {
      throw new RangeError(
        `${bytes} bytes are more than one ArrayBuffer has here: ${constants.MAX_LENGTH} at most.`,
      );
    }
    const lead = offset % PAGE_BYTES;
    const mapping = this.reserve(file, offset - lead, bytes + lead);
    const memory = this.c.view(mapping.address + BigInt(lead), bytes);
    this.mapped.set(memory, mapping);
    return memory;
  }

  mapShared(file: number, offset: number, bytes: number): ArrayBuffer {
    if ((this.seals(file) & F_SEAL_SHRINK) === 0) {
      throw new RangeError(
        'The file is not sealed against shrinking: QEMU needs memory-backend-memfd, not -file.',
      );
    }
    return this.map(file, offset, bytes);
  }

  private seals(file: number): number {
    try {
      return this.c.call('fcntl', file, F_GET_SEALS, 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EINVAL') {
        return 0; // a file system without seals
      }
      throw error;
    }
  }

  private reserve(file: number, offset: number, bytes: number): Mapping {
    const access = PROT_READ | PROT_WRITE;
    return {
      address: this.c.callForAddress('mmap', null, bytes, access, MAP_SHARED, file, offset),
      bytes,
    };
  }

  /**
   * The file is let go. Its addresses stay taken, by memory that is nobody's, until the
   * ArrayBuffer is collected: a stray access finds zeros, and never what lies there next.
   */
  unmap(memory: ArrayBuffer): void {
    const mapping = this.take(memory);
    const { address, bytes } = mapping;
    const flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE;
    this.c.callForAddress('mmap', address, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    this.unreachable.register(memory, mapping);
  }

  /** The addresses are free at once: whoever still has a view may find anything, or nothing. */
  release(memory: ArrayBuffer): void {
    const { address, bytes } = this.take(memory);
    this.c.call('munmap', address, bytes);
  }

  private take(memory: ArrayBuffer): Mapping {
    const mapping = this.mapped.get(memory);
    if (mapping === undefined) {
      throw new RangeError('This memory is not mapped, or was unmapped before.');
    }
    this.mapped.delete(memory);
    return mapping;
  }

  memfd(bytes: number): number {
    const file = this.c.call('memfd_create', 'doorbell', MFD_CLOEXEC | MFD_ALLOW_SEALING);
    try {
      this.c.call('ftruncate', file, bytes);
      this.c.call('fcntl', file, F_ADD_SEALS, F_SEAL_SHRINK);
      return file;
    } catch (error) {
      this.c.call('close', file);
      throw error;
    }
  }
}
