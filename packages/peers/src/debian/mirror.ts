/** Where Debian's archives are: at the user's choice, or where the system's own apt has them from. */
import { FetchError, runProgram } from './program.ts';

/** The address of an archive, such as `debian`. @throws FetchError when it is not known */
export type Mirror = (archive: string) => string;

const BELOW = 'an address below which lie debian and debian-security';

/** @throws FetchError, the signal's reason */
export async function findMirror(signal: AbortSignal): Promise<Mirror> {
  const { DOORBELL_DEBIAN_MIRROR: own = '' } = process.env;
  if (own !== '') {
    return mirrorAt(own);
  }
  const format = ['--no-release-info', '--format', '$(REPO_URI)'];
  const { stdout } = await runProgram('apt-get', ['indextargets', ...format], { signal });
  return mirrorOf(stdout.split('\n'));
}

/** @throws FetchError when it is no address. */
export function mirrorAt(address: string): Mirror {
  if (!/^[a-z+]+:\/\S+$/.test(address)) {
    throw new FetchError(`DOORBELL_DEBIAN_MIRROR is '${address}': give ${BELOW}.`);
  }
  return (archive) => `${address.replace(/\/+$/, '')}/${archive}`;
}

/** @param archives  the addresses that the system has packages from. */
export function mirrorOf(archives: readonly string[]): Mirror {
  const known = archives.map((address) => address.replace(/\/+$/, ''));
  const named = (archive: string): string | undefined =>
    known.find((address) => address.endsWith(`/${archive}`));
  return (archive) => {
    // Mirrors have their archives beside each other.
    const found = named(archive) ?? named('debian')?.replace(/[^/]+$/, archive);
    if (found === undefined) {
      throw new FetchError(
        `The system's apt has no mirror of Debian: name one in DOORBELL_DEBIAN_MIRROR, ${BELOW}.`,
      );
    }
    return found;
  };
}
