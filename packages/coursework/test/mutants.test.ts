/** The kit catches every bug that is in the table of mutants. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labEnvironment } from '@doorbell/lab/node';
import { afterAll, describe, expect, it } from 'vitest';
import { checkPart } from '../src/index.ts';
import { linesOf, mutants, mutated } from '../src/mutants/index.ts';
import { Checker } from '../src/node/index.ts';
import { policyPart } from './policy-part.ts';

const repository = new URL('../../../', import.meta.url);
/** Some of them never come back. */
const PATIENCE_MS = 20_000;
const textOf = (file: string): string => readFileSync(new URL(file, repository), 'utf8');

describe('the table', () => {
  it('has more than forty bugs, each with a name of its own', () => {
    expect(mutants.length).toBeGreaterThan(40);
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
  });

  it.each(mutants)(
    '$id changes one place, and says where it was made and what is wrong',
    (mutant) => {
      const text = textOf(mutant.file);
      const changed = mutated(text, mutant);
      expect(changed).not.toBe(text);
      const { first, last } = linesOf(text, mutant);
      expect(
        text
          .split('\n')
          .slice(first - 1, last)
          .join('\n'),
      ).toContain(mutant.from.trim());
      for (const words of [mutant.cite, mutant.symptom, mutant.cause]) {
        expect(words).toMatch(/\w{3}/);
      }
      expect(mutant.symptom).toMatch(/^[A-Z].*\.$/);
      expect(mutant.cause).toMatch(/^\S.*\.$/);
    },
  );

  it('is refused where its text is not there once', () => {
    expect(() => mutated('a b a', { ...mutants[0], from: 'a' })).toThrow(/does not fit/);
    expect(() => mutated('b', { ...mutants[0], from: 'a' })).toThrow(/does not fit/);
  });
});

describe('the kit', () => {
  const checker = new Checker(PATIENCE_MS);
  afterAll(() => {
    checker.close();
  });

  it.each(mutants)('catches the $kind $id', { timeout: 60_000 }, async (target) => {
    const reports = await checker.check(
      {
        target,
        out: join(tmpdir(), 'doorbell-mutants'),
        choose: (checks) => checks.filter(({ id }) => id === target.caughtBy),
      },
      new AbortController().signal,
    );
    expect(reports.map(({ id, status }) => [id, status])).toEqual([[target.caughtBy, 'failed']]);
  });

  /** The reference of its kind is checked elsewhere. */
  const others = mutants.filter(({ policy }) => policy !== undefined);
  it.each(others)('finds nothing wrong with $policy where it catches $id', async (mutant) => {
    const part = policyPart(mutant.kind, mutant.policy);
    const { status, seen } = await checkPart(part, mutant.caughtBy, labEnvironment);
    expect({ status, seen }).toEqual({ status: 'passed', seen: null });
  });
});
