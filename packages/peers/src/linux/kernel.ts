/**
 * The kernel as QEMU boots it fastest: uncompressed, entered by PVH, where a vmlinuz would first
 * unpack itself, in seconds of a processor that is emulated.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { viewOf } from '@doorbell/abi';
import type { LinuxBundle } from './bundle.ts';
import { decompressXz } from './xz.ts';

/** Fields of a bzImage's header (the kernel's Documentation/arch/x86/boot.rst). */
const SETUP_SECTS = 0x1f1;
const MAGIC_AT = 0x202;
const MAGIC = 0x53726448; // "HdrS"
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const SECTOR = 512;
/** The payload's last four bytes are its uncompressed size, for the program that unpacks it. */
const SIZE_BYTES = 4;

export interface Payload {
  readonly compressed: Uint8Array;
  readonly uncompressedBytes: number;
}

/** The kernel within a bzImage. @throws RangeError when it is none. */
export function payloadOf(image: Uint8Array): Payload {
  const view = viewOf(image);
  if (image.length < PAYLOAD_LENGTH + 4 || view.getUint32(MAGIC_AT, true) !== MAGIC) {
    throw new RangeError('This is no bzImage.');
  }
  const from = (view.getUint8(SETUP_SECTS) + 1) * SECTOR + view.getUint32(PAYLOAD_OFFSET, true);
  const end = from + view.getUint32(PAYLOAD_LENGTH, true);
  if (end > image.length || end - from < SIZE_BYTES) {
    throw new RangeError('This bzImage ends before its payload does.');
  }
  return {
    compressed: image.subarray(from, end - SIZE_BYTES),
    uncompressedBytes: view.getUint32(end - SIZE_BYTES, true),
  };
}

/** Undefined when it is not compressed by xz, or there is no xz. */
function uncompressed(image: Uint8Array): Uint8Array | undefined {
  const { compressed, uncompressedBytes } = payloadOf(image);
  const kernel = decompressXz(compressed);
  return kernel?.length === uncompressedBytes ? kernel : undefined;
}

/** The path of the kernel to boot: uncompressed and kept, or else as Debian packs it. */
export function kernelFor(bundle: LinuxBundle): string {
  const image = readFileSync(bundle.kernelPath);
  const hash = createHash('sha256').update(image).digest('hex').slice(0, 16);
  const kept = join(bundle.folder, `vmlinux-${bundle.release}-${hash}`);
  if (existsSync(kept)) {
    return kept;
  }
  const kernel = uncompressed(image);
  if (kernel === undefined) {
    return bundle.kernelPath;
  }
  // Whoever else makes it at the same time makes the same: the last one's stays.
  const partial = `${kept}.${process.pid}`;
  try {
    writeFileSync(partial, kernel);
    renameSync(partial, kept);
    return kept;
  } catch {
    rmSync(partial, { force: true });
    return bundle.kernelPath; // the disk is full, or the folder is not ours
  }
}
