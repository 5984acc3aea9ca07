/** Bug hunts, as somebody hunts. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesOf, mutants } from '@doorbell/coursework';
import { textOf } from '@doorbell/coursework/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doorbell } from './captured.ts';

let room: string;
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'doorbell-hunt-'));
});
afterAll(() => {
  rmSync(room, { recursive: true });
});

const numberOf = (id: string): number => mutants.findIndex((each) => each.id === id) + 1;

describe('the list', () => {
  it('has a number, the kind and the symptom of each, and no cause', async () => {
    const { code, stdout } = await doorbell('hunt');
    expect(code).toBe(0);
    const [first] = stdout.split('\n');
    expect(first.replace(/ +/g, ' ')).toContain(` 1 queue ${mutants[0].symptom.slice(0, 30)}`);
    const { stdout: json } = await doorbell('hunt --json -');
    const { schema, hunts } = JSON.parse(json) as { schema: string; hunts: unknown[] };
    expect(schema).toBe('doorbell.hunts/1');
    expect(hunts).toHaveLength(mutants.length);
    expect(json).not.toContain(mutants[0].cause);
  });
});

describe('a hunt', () => {
  it('shows what fails, with a trace, and does not name the cause', async () => {
    const number = numberOf('wrong-vector');
    const { code, stdout } = await doorbell(`hunt ${number} --only interrupt --out ${room}/out`);
    expect(code).toBe(0);
    expect(stdout).toContain('Everything is right, and takes a second.');
    expect(stdout).toContain('failed driver/interrupt/prompt');
    expect(stdout).toContain(`--guess FILE:LINE`);
    expect(stdout).not.toContain(mutants[number - 1].cause);
    expect(readFileSync(`${room}/out/driver_interrupt_prompt.trace`).length).toBeGreaterThan(1000);
  });

  it('writes its results as JSON', async () => {
    const { stdout } = await doorbell('hunt 3 --only next-beyond --json -');
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ schema: 'doorbell.hunt/1', number: 3, kind: 'queue' },
      checks: [{ id: 'virtio-1.3/2.7.5/refuses-next-beyond', status: 'failed' }],
    });
  });
});

describe('a guess', () => {
  const [mutant] = mutants;
  const { first } = linesOf(textOf(mutant), mutant);

  it.each([mutant.file, 'split.ts', `./${mutant.file}`])('is right in %s', async (file) => {
    const { code, stdout } = await doorbell(`hunt 1 --guess ${file}:${first}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^There it is\./);
    expect(stdout).toContain(mutant.cause);
    expect(stdout).toContain(mutant.cite);
  });

  it.each([
    [`split.ts:${first + 20}`, 'In that file, and not there.\n'],
    [`plit.ts:${first}`, 'Not in that file.\n'],
    [`packed.ts:${first}`, 'Not in that file.\n'],
  ])('is wrong with %s', async (guess, said) => {
    expect(await doorbell(`hunt 1 --guess ${guess}`)).toMatchObject({ code: 1, stdout: said });
  });
});

it('gives the answer with the patch', async () => {
  const { code, stdout } = await doorbell('hunt 1 --answer');
  expect(code).toBe(0);
  expect(stdout).toContain(mutants[0].cause);
  expect(stdout).toContain(`- ${mutants[0].from}\n+ ${mutants[0].to}\n`);
});

describe('what cannot be hunted', () => {
  it.each([
    ['hunt 0', /whole number from 1 to/],
    ['hunt 9999', /whole number from 1 to/],
    ['hunt nothing', /whole number from 1 to/],
    ['hunt 1 --guess split.ts', /takes a file and a line of it/],
    ['hunt --answer', /give its number/],
    ['hunt 1 --only no-such-check', /None of the \d+ checks of a queue is wanted/],
  ])('%s', async (line, said) => {
    const { code, stderr } = await doorbell(line);
    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });
});
