/** Fetches a bundle: whole, or not at all. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { bundleFolder } from '../cache.ts';
import { isSupported } from '../needs.ts';
import { Apt, type Package } from './apt.ts';
import { bundles, type Bundle, type BundleName } from './bundles.ts';
import { writeLauncher } from './launcher.ts';
import { findMirror } from './mirror.ts';
import { FetchError } from './program.ts';
import { readBundle, writeRecord, type BundleRecord } from './record.ts';
import { makeRoot, unpack } from './unpack.ts';

export interface FetchProgress {
  /** What is under way. */
  readonly step: string;
  /** Of this step, from 0 to 1. */
  readonly part: number;
}

export interface FetchOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Also what is there is fetched. */
  readonly again?: boolean;
}

/** @throws FetchError, the signal's reason, the file system's errors */
export async function fetchBundle(name: BundleName, options: FetchOptions): Promise<BundleRecord> {
  const folder = resolve(bundleFolder(name));
  const there = options.again === true ? undefined : readBundle(name);
  if (there !== undefined) {
    return there;
  }
  if (!isSupported(process)) {
    throw new FetchError(
      `The packages are for Linux on x86-64, and this is ${process.platform} on ${process.arch}.`,
    );
  }
  removeAbandoned(folder);
  const making = `${folder}.fetch-${process.pid}`;
  const remove = (): void => {
    rmSync(making, { recursive: true, force: true });
  };
  process.on('exit', remove);
  try {
    const record = await make(making, bundles[name], options);
    return putInPlace(making, folder, record, name);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

async function make(folder: string, bundle: Bundle, options: FetchOptions): Promise<BundleRecord> {
  const { signal, onProgress } = options;
  let step = 'reading the lists of packages';
  const tell = (part: number): void => onProgress?.({ step, part });
  mkdirSync(folder, { recursive: true });
  const root = join(folder, 'root');
  makeRoot(root);
  const tree = join(folder, 'apt');
  const mirror = await findMirror(signal);
  const apt = new Apt({ folder: tree, bundle, mirror, signal, onPart: tell });
  tell(0);
  await apt.update();
  const packages = unpackedOf(bundle, await apt.plan());
  step = `downloading ${megabytes(packages)} MB in ${packages.length} packages`;
  tell(0);
  await apt.download(packages);
  step = 'unpacking';
  await unpackAll(apt.packages, root, bundle, { signal, tell });
  rmSync(tree, { recursive: true });
  if (bundle.name !== 'linux') {
    writeLauncher(folder);
  }
  const versions = packages.map(({ name, version }) => [name, version] as const);
  return writeRecord(folder, bundle, Object.fromEntries(versions));
}

function unpackedOf({ unpacked }: Bundle, packages: readonly Package[]): readonly Package[] {
  return unpacked === undefined
    ? packages
    : packages.filter(({ name }) => unpacked.some((pattern) => pattern.test(name)));
}

function megabytes(packages: readonly Package[]): string {
  return (packages.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6).toFixed(1);
}

/** @throws FetchError when a file that is wanted is in no package. */
async function unpackAll(
  archives: string,
  root: string,
  { files }: Bundle,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (part: number) => void },
): Promise<void> {
  let absent = [...files];
  const names = readdirSync(archives);
  for (const [index, name] of names.entries()) {
    tell(index / names.length);
    const notHere = await unpack(join(archives, name), root, files, signal);
    absent = absent.filter((file) => notHere.includes(file));
  }
  if (absent.length > 0) {
    throw new FetchError(`No package of Debian's has ${absent.join(', ')}.`);
  }
}

/** Another process may have done the same meanwhile: then its bundle is as good. */
function putInPlace(
  made: string,
  folder: string,
  record: BundleRecord,
  name: BundleName,
): BundleRecord {
  const old = `${made}-old`;
  try {
    if (existsSync(folder)) {
      renameSync(folder, old);
    }
    renameSync(made, folder);
    return record;
  } catch (error) {
    const theirs = readBundle(name);
    if (theirs === undefined) {
      throw error;
    }
    return theirs;
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

/** What processes left that were killed. */
function removeAbandoned(folder: string): void {
  const siblings = existsSync(dirname(folder)) ? readdirSync(dirname(folder)) : [];
  for (const name of siblings) {
    const [start, rest] = name.split('.fetch-');
    if (start === basename(folder) && rest !== undefined && !isAlive(Number.parseInt(rest, 10))) {
      rmSync(join(dirname(folder), name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
