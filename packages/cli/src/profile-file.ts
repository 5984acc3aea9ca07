/** A cost profile by its name, or from a JSON file. */
import { readFileSync } from 'node:fs';
import { parseProfile, profiles, type Profile } from '@doorbell/hypervisor';
import { exitCodes } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';

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
    const known = [...profiles.keys()].join(', ');
    throw bad(`There is no profile '${nameOrPath}'; there is ${known}, or give a JSON file.`);
  }
  try {
    return parseProfile(JSON.parse(readFileSync(nameOrPath, 'utf8')));
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
