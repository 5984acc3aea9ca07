/**
 * What a trace file has around its contents: a line with its kind and version, a line with the
 * SHA-256 and the length of the rest, and the rest compressed (zlib, RFC 1950). The compressor is a
 * library and not the platform's, so that a trace has the same bytes wherever it is made.
 */
import { Unzlib, zlibSync } from 'fflate';
import type { Environment } from '../environment.ts';
import { InputError } from '../input-error.ts';

export const TRACE_SCHEMA = 'doorbell.trace/1';

const [KIND, VERSION] = TRACE_SCHEMA.split('/');
/** Both lines are shorter. */
const MOST_HEADER_BYTES = 256;
/** Of what a file holds before it is compressed: a small file may claim to hold a lot. */
const MOST_BYTES = 1 << 30;
/** Compressed bytes at a time: they become at most a thousand times as many. */
const PIECE = 1 << 16;

/** Most of a large trace is pictures, which better levels make little smaller, in twice the time. */
const LEVEL = 1;

export type Hasher = Environment['sha256'];

/** @throws InputError when that is more than a file may hold. */
export function seal(contents: Uint8Array, sha256: Hasher): Uint8Array {
  if (contents.length > MOST_BYTES) {
    throw new InputError(
      `The trace holds ${contents.length >> 20} MiB, and a file at most ${MOST_BYTES >> 20} MiB: record fewer frames or stacks, or smaller ones.`,
    );
  }
  const body = zlibSync(contents, { level: LEVEL });
  const header = new TextEncoder().encode(
    `${TRACE_SCHEMA}\n${hashOf(body, sha256)} ${body.length}\n`,
  );
  const file = new Uint8Array(header.length + body.length);
  file.set(header);
  file.set(body, header.length);
  return file;
}

/** @param name  of the file, for messages. @throws InputError when it is not whole, or not of this version. */
export function unseal(name: string, file: Uint8Array, sha256: Hasher): Uint8Array {
  const header = new TextDecoder('latin1').decode(file.subarray(0, MOST_HEADER_BYTES));
  checkVersion(name, header);
  const [whole, hash, length] = /^.*\n([0-9a-f]{64}) (\d{1,10})\n/.exec(header) ?? [];
  if (whole === undefined) {
    throw damaged(name, 'its header is cut short or damaged');
  }
  const body = file.subarray(whole.length);
  if (body.length < Number(length)) {
    throw damaged(name, `it is cut short: of ${length} bytes there are ${body.length}`);
  }
  if (body.length > Number(length) || hashOf(body, sha256) !== hash) {
    throw damaged(name, 'its bytes are not those that were written');
  }
  return inflate(name, body);
}

/** An error of whatever is not as `record` left it. */
export function damaged(name: string, why: string): InputError {
  return new InputError(`${name} is not a sound trace: ${why}. Record it again.`);
}

function checkVersion(name: string, header: string): void {
  const [, kind, version] = /^([a-z.]+)\/(\d{1,9})\n/.exec(header) ?? [];
  if (kind !== KIND) {
    throw new InputError(
      `${name} is not a trace: those are written by doorbell trace, and begin with ${TRACE_SCHEMA}.`,
    );
  }
  if (version !== VERSION) {
    throw new InputError(
      `${name} is a trace of version ${version}, and version ${VERSION} is accepted: record it again, or read it with the doorbell that wrote it.`,
    );
  }
}

function hashOf(bytes: Uint8Array, sha256: Hasher): string {
  const hash = sha256();
  hash.update(bytes);
  return hash.digest();
}

function inflate(name: string, body: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  const stream = new Unzlib((part) => {
    size += part.length;
    if (size > MOST_BYTES) {
      throw new InputError(`${name} holds more than the ${MOST_BYTES >> 20} MiB that a trace may.`);
    }
    parts.push(part);
  });
  try {
    for (let at = 0; at < body.length; at += PIECE) {
      stream.push(body.subarray(at, at + PIECE), at + PIECE >= body.length);
    }
  } catch (error) {
    throw error instanceof InputError ? error : damaged(name, 'it does not decompress');
  }
  const contents = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    contents.set(part, at);
    at += part.length;
  }
  return contents;
}
