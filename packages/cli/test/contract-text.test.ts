import { contractQuestions, stackKinds } from '@doorbell/lab';
import pc from 'picocolors';
import { expect, test } from 'vitest';
import { contractText } from '../src/contract-text.ts';
import { doorbell } from './captured.ts';

const plain = { isTerminal: true, columns: 80, depth: 1, colors: pc.createColors(false) };

test('asks each question, and answers it for each stack, within the width of the terminal', () => {
  const lines = contractText(plain).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  for (const question of Object.values(contractQuestions)) {
    const at = lines.indexOf(question);
    expect(at).toBeGreaterThanOrEqual(0);
    const rest = lines.slice(at + 1);
    const answers = rest.slice(0, rest.includes('') ? rest.indexOf('') : rest.length);
    const named = answers.flatMap((line) => /^ {2}(\S+) {2,}\S/.exec(line)?.[1] ?? []);
    expect(named).toEqual([...stackKinds.keys()]);
  }
});

test('is what doorbell list --contract prints', async () => {
  const { code, stdout } = await doorbell('list --contract');
  expect(code).toBe(0);
  expect(stdout).toBe(`${contractText({ ...plain, isTerminal: false })}\n`);
});
