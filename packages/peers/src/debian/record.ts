/** What tells a bundle that was fetched as a whole: `bundle.json`, beside its `root`. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleFolder } from '../cache.ts';
import { bundles, type Bundle, type BundleName } from './bundles.ts';

export interface BundleRecord {
  readonly schema: 'doorbell.bundle/1';
  /** Of the bundle's definition: after a change of that, what is there is not what is asked for. */
  readonly definition: string;
  /** Versions by the package's name. */
  readonly packages: Readonly<Record<string, string>>;
}

const RECORD = 'bundle.json';

function definitionOf(bundle: Bundle): string {
  const text = JSON.stringify(bundle, (_, value: unknown) =>
    value instanceof RegExp ? value.source : value,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Undefined when it has not been fetched. */
export function readBundle(
  name: BundleName,
  folder: string = bundleFolder(name),
): BundleRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(folder, RECORD), 'utf8')) as BundleRecord;
    return record.definition === definitionOf(bundles[name]) ? record : undefined;
  } catch {
    return undefined;
  }
}

export function writeRecord(
  folder: string,
  bundle: Bundle,
  packages: Readonly<Record<string, string>>,
): BundleRecord {
  const record: BundleRecord = {
    schema: 'doorbell.bundle/1',
    definition: definitionOf(bundle),
    packages,
  };
  writeFileSync(join(folder, RECORD), `${JSON.stringify(record, null, 2)}\n`);
  return record;
}
