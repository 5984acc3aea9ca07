/** The guest's RAM: a file without a name, which QEMU maps and this process reads and writes. */
import { LinearMemory } from '@doorbell/abi';
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Libc, loadLibc } from '../native/libc.ts';
import { PeerUnavailable } from '../peer-unavailable.ts';

const SHARED_MEMORY = '/dev/shm';

/**
 * A descriptor of a file of `bytes` zeros that is sealed against shrinking, so that whoever serves
 * QEMU a device maps it; without koffi, of one that is not.
 */
export async function openRamFile(folder: string, bytes: number): Promise<number> {
  const libc = await libcIfThere();
  return libc === undefined ? createRamFile(folder, bytes) : libc.memfd(bytes);
}

/** A descriptor of a file of `bytes` zeros, whose name is gone: nobody has to remove it. */
export function createRamFile(folder: string, bytes: number): number {
  const within = existsSync(SHARED_MEMORY) ? SHARED_MEMORY : folder;
  const path = join(within, `doorbell-${randomUUID()}`);
  const file = openSync(path, 'wx+', 0o600);
  try {
    ftruncateSync(file, bytes);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  } finally {
    rmSync(path);
  }
}

/** The bytes of RAM, from address 0 on. Addresses have been checked. */
export interface RamBytes {
  load16(address: number): number;
  load32(address: number): number;
  store16(address: number, value: number): void;
  store32(address: number, value: number): void;
  acquire16(address: number): number;
  release16(address: number, value: number): void;
  /** Gives what a word holds, and clears it. */
  take32(address: number): number;
  read(address: number, into: Uint8Array): void;
  write(address: number, bytes: Uint8Array): void;
  /** Absent: the bytes are not mapped. */
  readonly buffer?: ArrayBuffer;
  close(): void;
}

/** Mapped where koffi is there; read and written otherwise, which is slower. */
export async function openRam(file: number, bytes: number): Promise<RamBytes> {
  const libc = await libcIfThere();
  return libc === undefined ? new FileRam(file) : new MappedRam(libc, file, bytes);
}

async function libcIfThere(): Promise<Libc | undefined> {
  try {
    return await loadLibc();
  } catch (error) {
    if (error instanceof PeerUnavailable) {
      return undefined;
    }
    throw error;
  }
}

export class MappedRam extends LinearMemory implements RamBytes {
  readonly buffer: ArrayBuffer;
  private readonly libc: Libc;
  private readonly taken: Uint32Array;

  constructor(libc: Libc, file: number, bytes: number) {
    const buffer = libc.map(file, 0, bytes);
    super(buffer);
    this.buffer = buffer;
    this.taken = new Uint32Array(buffer);
    this.libc = libc;
  }

  take32(address: number): number {
    const at = address >>> 2;
    return this.taken[at] === 0 ? 0 : Atomics.exchange(this.taken, at, 0);
  }

  read(address: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(address, address + into.length));
  }

  write(address: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, address);
  }

  /** What looks at it still finds zeros from then on, as `Libc.unmap` says. */
  close(): void {
    this.libc.unmap(this.buffer);
  }
}

/**
 * By read(2) and write(2) on the descriptor. Each is done when it returns, and the kernel's lock
 * keeps their order, so nothing has to be added for acquire and release.
 */
export class FileRam implements RamBytes {
  private file: number;
  private readonly word = Buffer.alloc(4);

  constructor(file: number) {
    this.file = file;
  }

  load16(address: number): number {
    this.read(address, this.word.subarray(0, 2));
    return this.word.readUInt16LE();
  }

  load32(address: number): number {
    this.read(address, this.word);
    return this.word.readUInt32LE();
  }

  store16(address: number, value: number): void {
    this.word.writeUInt16LE(value & 0xffff);
    this.write(address, this.word.subarray(0, 2));
  }

  store32(address: number, value: number): void {
    this.word.writeUInt32LE(value >>> 0);
    this.write(address, this.word);
  }

  acquire16(address: number): number {
    return this.load16(address);
  }

  release16(address: number, value: number): void {
    this.store16(address, value);
  }

  take32(address: number): number {
    const value = this.load32(address);
    if (value !== 0) {
      this.store32(address, 0);
    }
    return value;
  }

  read(address: number, into: Uint8Array): void {
    for (let at = 0; at < into.length;) {
      const count = readSync(this.file, into, at, into.length - at, address + at);
      if (count === 0) {
        throw new RangeError(`RAM ends before 0x${(address + at).toString(16)}.`);
      }
      at += count;
    }
  }

  write(address: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      at += writeSync(this.file, bytes, at, bytes.length - at, address + at);
    }
  }

  close(): void {
    this.file = -1; // the number may soon be another file's
  }
}
