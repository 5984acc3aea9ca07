/** What the verbs write with `--json` is what the schemas of docs/reference say. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../packages/cli/src/command.ts';
import { captured } from '../packages/cli/test/captured.ts';
import { isMet } from '../packages/peers/test/needs.ts';
import type { Schema } from '../scripts/json-schemas.ts';

const folder = mkdtempSync(join(tmpdir(), 'doorbell-json-'));
const trace = join(folder, 'two.trace');

/** Commands whose reports are validated, by the schema. Spaces separate; a quoted part stays whole. */
const commands: Readonly<Record<string, readonly string[]>> = {
  'doorbell.compare/1': [
    'compare --scene nop --stacks native,sriov,pv --frames 2 --no-picture',
    'compare --guests 2 --scene nop --stacks native,mdev --frames 1 --no-picture',
  ],
  'doorbell.list/1': ['list'],
  'doorbell.sensitive/1': [
    'sensitive --stacks native,sriov',
    'sensitive --stacks sriov --with leaky-register',
  ],
  'doorbell.tlp/1': [
    'tlp --count 200',
    "tlp --decode '04000001 00200a03 05010000'",
    "tlp --decode '4a000001 01000004 00200a00'",
  ],
  'doorbell.trace-summary/1': [
    `trace --stacks native,emulated --scene nop --frames 1 --out ${trace}`,
  ],
  'doorbell.trace-diff/1': [`trace diff ${trace}`],
  'doorbell.step/1': ["step --scene nop --script 'n; state'"],
  'doorbell.explain/1': ['explain', 'explain --bug doorbell-lost', `explain ${trace}`],
  'doorbell.check/1': [`check queue --only 2.7.13 --out ${folder}`],
  'doorbell.grade/1': [`grade lab-1 edu ${folder} --out ${folder}`],
  'doorbell.hunts/1': ['hunt'],
  'doorbell.hunt/1': [`hunt 1 --only 2.7.13 --out ${folder}`],
  'doorbell.vfio/1': ['vfio -c lspci groups'],
  'doorbell.peers/1': ['peers list', 'peers run edu --quiet'],
  'doorbell.bench/1': ['bench --filter mmio'],
};

const needs: Readonly<Record<string, Parameters<typeof isMet>[0]>> = {
  'peers run edu --quiet': ['qemu'],
};

/** As they lie there; test/reference.test.ts sees to it that they are up to date. */
const made = new URL('../docs/reference/schemas/', import.meta.url);
const schemas = new Map(
  readdirSync(made).map((file) => {
    const schema = JSON.parse(readFileSync(new URL(file, made), 'utf8')) as Schema;
    return [schema.title ?? file, schema];
  }),
);

/** Without the right to add keys, so that one that nobody declared is found. */
function closed(schema: Schema): Schema {
  return JSON.parse(
    JSON.stringify(schema, (_key, value: unknown) =>
      isObjectSchema(value) ? { ...value, additionalProperties: false } : value,
    ),
  ) as Schema;
}

function isObjectSchema(value: unknown): value is Schema {
  return (
    typeof value === 'object' &&
    value !== null &&
    'properties' in value &&
    'type' in value &&
    value.type === 'object' &&
    (!('additionalProperties' in value) || value.additionalProperties === true)
  );
}

function validatorOf(name: string): ValidateFunction {
  return new Ajv({ allErrors: true, allowUnionTypes: true }).compile(closed(schemas.get(name)!));
}

function words(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
}

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The names that the command's sources write. */
function namesInSources(): readonly string[] {
  const sources = new URL('../packages/cli/src/', import.meta.url);
  const texts = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== 'json-reports.ts')
    .map((path) => readFileSync(new URL(path, sources), 'utf8'));
  // compare's is lab's.
  const found = texts.join('').matchAll(/schema: '(doorbell\.[\w-]+\/\d+)'/g);
  return ['doorbell.compare/1', ...[...found].map(([, name]) => name)];
}

it('each report has a schema', () => {
  expect([...new Set(namesInSources())].sort()).toEqual([...schemas.keys()].sort());
});

it('each schema has a command that is validated', () => {
  expect(Object.keys(commands).sort()).toEqual([...schemas.keys()].sort());
});

describe.each(Object.entries(commands))('%s', (name, lines) => {
  let validate: ValidateFunction;
  beforeAll(() => {
    validate = validatorOf(name);
  });
  for (const line of lines) {
    it.runIf(isMet(needs[line] ?? [], line))(`doorbell ${line}`, async () => {
      const { stdout, error } = await captured(() => runCommand([...words(line), '--json', '-']));
      expect(error).toBeUndefined();
      const report: unknown = JSON.parse(stdout);
      expect(report).toMatchObject({ schema: name });
      validate(report);
      expect(validate.errors ?? []).toEqual([]);
    });
  }

  it('refuses a report without its first key, and one with another', () => {
    expect(validate({ schema: name })).toBe(false);
    expect(validate({ schema: 'doorbell.nothing/1' })).toBe(false);
  });
});
