/** `doorbell peers fetch`: what the peers need, for the user alone. */
import {
  bundleFolder,
  bundleNames,
  FetchError,
  fetchBundle,
  type BundleName,
} from '@doorbell/peers';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, fileFailure, Interrupted } from './failure.ts';
import { untilEnded } from './peers-signal.ts';
import { silentLine, statusLineOn, type StatusLine } from './peers-status-line.ts';
import { terminalOf } from './terminal.ts';

interface FetchBundlesOptions {
  readonly again?: true;
  readonly quiet?: true;
}

export async function fetchBundles(
  names: readonly string[],
  { again, quiet }: FetchBundlesOptions,
): Promise<ExitCode> {
  const chosen = names.length === 0 ? bundleNames : names.map(bundleName);
  const { stderr } = process;
  const status = quiet === true ? silentLine : statusLineOn(stderr, terminalOf(stderr));
  try {
    await untilEnded(async (signal) => {
      for (const name of new Set(chosen)) {
        const line = await fetchOne(name, { signal, again: again === true, status });
        status.around(() => {
          process.stdout.write(`${line}\n`);
        });
      }
    });
  } finally {
    status.stop();
  }
  return exitCodes.DONE;
}

/** @throws Failure when there is no such bundle. */
function bundleName(text: string): BundleName {
  const found = bundleNames.find((name) => name === text);
  if (found === undefined) {
    const hint = text === 'koffi' ? ' koffi comes by npm install --include=optional.' : '';
    throw new Failure(
      exitCodes.BAD_INPUT,
      `'${text}' is nothing that is fetched; there is ${bundleNames.join(', ')}.${hint}`,
    );
  }
  return found;
}

interface Surroundings {
  readonly signal: AbortSignal;
  readonly again: boolean;
  readonly status: StatusLine;
}

/** @returns what came of it. */
async function fetchOne(
  name: BundleName,
  { signal, again, status }: Surroundings,
): Promise<string> {
  const folder = bundleFolder(name);
  const begun = performance.now();
  let isFetched = false;
  try {
    const { packages } = await fetchBundle(name, {
      ...{ signal, again },
      onProgress: ({ step, part }) => {
        isFetched = true;
        status.show(`${name}: ${step}`, `${Math.floor(part * 100)} %`);
      },
    });
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const what = `${Object.keys(packages).length} packages in ${folder}`;
    return `${name}: ${what}, ${isFetched ? `fetched in ${seconds} s` : 'there already'}`;
  } catch (error) {
    if (signal.aborted) {
      throw new Interrupted();
    }
    throw fetchFailure(error, name, folder);
  }
}

function fetchFailure(error: unknown, name: string, folder: string): unknown {
  if (error instanceof FetchError) {
    return new Failure(exitCodes.UNAVAILABLE, `Cannot fetch ${name}: ${error.message}`);
  }
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall === undefined ? error : fileFailure(error, 'write', folder);
}
