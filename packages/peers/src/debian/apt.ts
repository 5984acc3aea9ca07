/**
 * The system's apt-get, with lists and a status of its own: it needs no root, and touches nothing
 * of the system's. As nothing counts as installed, all that a package depends on comes along, down
 * to the C library, whatever the system has.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle } from './bundles.ts';
import type { Mirror } from './mirror.ts';
import { FetchError, runProgram, type Ended } from './program.ts';

/** A package that would be installed. */
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly bytes: number;
}

export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Hooks of the system's own apt have no business here; its proxy has. */
function configuration(folder: string): string {
  return `Dir::State "${folder}";
Dir::State::lists "${folder}/lists";
Dir::State::status "${folder}/status";
Dir::Cache "${folder}/cache";
Dir::Etc::sourcelist "${folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
#clear APT::Architectures;
APT::Architectures { "amd64"; };
APT::Architecture "amd64";
#clear APT::Update;
APT::Update::Error-Mode "any";
#clear APT::Default-Release;
APT::Sandbox::User "";
APT::Status-Fd "3";
Acquire::Languages "none";
Debug::NoLocking "1";
`;
}

/** @throws FetchError */
export function sourceLines({ sources }: Bundle, mirror: Mirror): string[] {
  return sources.map(
    ([archive, suite]) => `deb [signed-by=${KEYRING}] ${mirror(archive)} ${suite} main`,
  );
}

/** What `apt-get install --print-uris` says: `'ADDRESS' NAME_VERSION_ARCHITECTURE.deb BYTES HASH` */
export function parseUris(text: string): Package[] {
  return [...text.matchAll(/^'[^']*' ([^\s_]+)_([^\s_]+)_\S+\.deb (\d+)/gm)].map(
    ([, name, version, bytes]) => ({
      name,
      version: decodeURIComponent(version),
      bytes: Number(bytes),
    }),
  );
}

/** The line of apt's that says most, without its end. */
export function lastComplaint({ stderr, status }: Pick<Ended, 'stderr' | 'status'>): string {
  const lines = stderr.split('\n').filter((line) => line.startsWith('E: '));
  const telling = lines.filter((line) => !line.startsWith('E: Some index files failed'));
  const line = telling.at(-1) ?? lines.at(-1) ?? `E: it ended with ${status}`;
  return line.slice('E: '.length).replace(/[\s.:]+$/, '');
}

export interface AptParts {
  /** An empty one. */
  readonly folder: string;
  readonly bundle: Bundle;
  readonly mirror: Mirror;
  readonly signal: AbortSignal;
  /** Is told how much of a command is done, from 0 to 1. */
  readonly onPart: (part: number) => void;
}

export class Apt {
  private readonly folder: string;
  private readonly bundle: Bundle;
  private readonly signal: AbortSignal;
  private readonly onPart: (part: number) => void;

  /** @throws FetchError */
  constructor({ folder, bundle, mirror, signal, onPart }: AptParts) {
    if (/["\\]/.test(folder)) {
      throw new FetchError(`apt-get takes no quotes in a path: '${folder}'.`);
    }
    if (!existsSync(KEYRING)) {
      throw new FetchError(
        `Debian's keys are missing: sudo apt-get install debian-archive-keyring brings ${KEYRING}.`,
      );
    }
    this.folder = folder;
    this.bundle = bundle;
    this.signal = signal;
    this.onPart = onPart;
    for (const path of ['lists/partial', 'cache/archives/partial', 'packages']) {
      mkdirSync(join(folder, path), { recursive: true });
    }
    writeFileSync(join(folder, 'status'), '');
    writeFileSync(join(folder, 'sources.list'), `${sourceLines(bundle, mirror).join('\n')}\n`);
    writeFileSync(join(folder, 'apt.conf'), configuration(folder));
  }

  /** Where packages are downloaded to. */
  get packages(): string {
    return join(this.folder, 'packages');
  }

  async update(): Promise<void> {
    await this.run('update');
  }

  /** The bundle's packages, and all that they depend on. */
  async plan(): Promise<Package[]> {
    const { packages } = this.bundle;
    const text = await this.run('install', '--print-uris', '--no-install-recommends', ...packages);
    return parseUris(text);
  }

  async download(packages: readonly Package[]): Promise<void> {
    await this.run('download', ...packages.map(({ name, version }) => `${name}=${version}`));
  }

  private async run(verb: string, ...args: readonly string[]): Promise<string> {
    const { target } = this.bundle;
    const targeted = target === undefined ? [] : ['-t', target];
    const config = join(this.folder, 'apt.conf');
    const ended = await runProgram('apt-get', ['-qq', '-c', config, ...targeted, verb, ...args], {
      signal: this.signal,
      cwd: this.packages,
      onStatus: (line) => {
        const [, percent] = /^dlstatus:\d+:([\d.]+):/.exec(line) ?? [];
        if (percent !== undefined) {
          this.onPart(Number(percent) / 100);
        }
      },
    });
    if (ended.status !== 0) {
      throw new FetchError(`apt-get ${verb} failed: ${lastComplaint(ended)}.`);
    }
    return ended.stdout;
  }
}
