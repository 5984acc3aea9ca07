/** Decompression by the system's xz: Node has no LZMA. */
import { execFileSync } from 'node:child_process';

/** More than any kernel has. */
const MOST_BYTES = 512 << 20;

/** Undefined: the system has no xz, or the bytes are not what it takes. */
export function decompressXz(compressed: Uint8Array): Uint8Array | undefined {
  try {
    return execFileSync('xz', ['-dc'], {
      input: compressed,
      maxBuffer: MOST_BYTES,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
}
