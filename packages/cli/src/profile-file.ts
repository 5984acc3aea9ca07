/** A cost profile by its name, or from a JSON file. */
import { existsSync, readFileSync } from 'node:fs';
import { parseProfile, profiles, type Profile } from '@doorbell/hypervisor';
import { exitCodes } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';

/** How many of a profile's prices were looked up at their source. */
export function verifiedConstants({ constants }: Profile): { verified: number; total: number } {
  const all = Object.values(constants);
  return { verified: all.filter(({ verified }) => verified).length, total: all.length };
}

/** The profile with how far it is to be trusted; one that was read from a file, with its path. */
export function profileTitle(profile: Profile, nameOrPath: string): string {
  const { verified, total } = verifiedConstants(profile);
  const origin = profiles.has(nameOrPath) ? '' : ` from ${nameOrPath}`;
  return `${profile.name}${origin} (${verified} of ${total} prices verified)`;
}

function bad(message: string): Failure {
  return new Failure(exitCodes.BAD_INPUT, message);
}

/** @throws Failure */
export function loadProfile(nameOrPath: string): Profile {
  const shipped = profiles.get(nameOrPath);
  if (shipped !== undefined) {
    return shipped;
  }
  if (!/[/\\]|\.json$/.test(nameOrPath)) {
    if (existsSync(nameOrPath)) {
      throw bad(
        `The name of a profile's file ends in .json; give './${nameOrPath}' to read that one.`,
      );
    }
    const known = [...profiles.keys()].join(', ');
    throw bad(`There is no profile '${nameOrPath}'; there is ${known}, or give a JSON file.`);
  }
  try {
    return parseProfile(JSON.parse(readFileSync(nameOrPath, 'utf8').replace(/^\uFEFF/, '')));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw bad(`'${nameOrPath}' is not JSON: ${error.message}.`);
    }
    if (error instanceof Error && error.name === 'ProfileError') {
      throw bad(`'${nameOrPath}': ${error.message}`);
    }
    throw fileFailure(error, 'read', nameOrPath);
  }
}
