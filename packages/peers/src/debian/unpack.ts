/** The files of packages that a bundle is for, without root and without installing anything. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { FetchError, runPipe, type Ended } from './program.ts';

/** Debian's folders that are links into `/usr` since trixie, and are unpacked so before. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

/** An empty system: what is unpacked to `lib` lands in `usr/lib`. */
export function makeRoot(root: string): void {
  for (const name of MERGED) {
    mkdirSync(join(root, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
}

/** Unpacks what matches `files`. Gives those that match nothing in the package. */
export async function unpack(
  archive: string,
  root: string,
  files: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const options = [
    ...['-x', '-C', root, '--keep-directory-symlink', '--no-same-owner', '--no-same-permissions'],
    ...['--wildcards', '--no-wildcards-match-slash'],
  ];
  const [read, written] = await runPipe(
    ['dpkg-deb', '--fsys-tarfile', archive],
    ['tar', ...options, ...files.map((file) => `./${file}`)],
    { signal },
  );
  if (read.status !== 0) {
    throw new FetchError(`dpkg-deb failed: ${lastLine(read)}`);
  }
  const { absent, complaints } = tarComplaints(written.stderr);
  if (complaints.length > 0 || (written.status !== 0 && absent.length === 0)) {
    throw new FetchError(`tar failed: ${complaints.at(-1) ?? lastLine(written)}`);
  }
  return absent;
}

/** tar ends with an error when a wildcard matches nothing, and says so for each. */
export function tarComplaints(stderr: string): { absent: string[]; complaints: string[] } {
  const absent: string[] = [];
  const complaints: string[] = [];
  for (const line of stderr.split('\n').filter((text) => text !== '')) {
    const [, file] = /^tar: \.\/(.*): Not found in archive$/.exec(line) ?? [];
    if (file !== undefined) {
      absent.push(file);
    } else if (!/^tar: (Exiting with failure|.*implausibly old|.*in the future)/.test(line)) {
      complaints.push(line);
    }
  }
  return { absent, complaints };
}

function lastLine({ stderr, status }: Ended): string {
  const said = stderr.trim();
  return said === '' ? `it ended with ${status}` : said.split('\n').at(-1)!;
}
