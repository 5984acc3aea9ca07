import pc from 'picocolors';
import { expect, test } from 'vitest';
import { driverText, identityText, planText, sentences } from '../src/comparison-text.ts';
import { handMadeReport, handMadeStack } from './hand-made-report.ts';

const colors = pc.createColors(false);
const terminal = { isTerminal: true, columns: 80, depth: 1, colors };

test('says first what will be done', () => {
  const plan = {
    scene: 'bunny',
    frames: 60,
    width: 640,
    height: 480,
    seed: 1,
    profile: 'kvm-x86',
    stacks: ['native', 'emulated:vram=trap'],
  };
  expect(planText(plan, 120)).toBe(
    'bunny: 60 frames of 640x480 through native, emulated:vram=trap; seed 1, prices of kvm-x86',
  );
  expect(planText({ ...plan, frames: 1 }, 120)).toContain('1 frame of');
});

test('says in a sentence what each stack paid for', () => {
  expect(sentences({ ...handMadeReport, stacks: [handMadeStack('native')] }, terminal)).toBe(
    'native (the term of native)\n  What native paid for.',
  );
});

test('says that pixels are identical, with the whole hash where it fits', () => {
  expect(identityText(handMadeReport, 120, colors)).toBe(
    `identical: yes, sha256 ${'f'.repeat(64)}`,
  );
  const short = identityText(handMadeReport, 80, colors);
  expect(short).toHaveLength(80);
  expect(short).toMatch(/^identical: yes, sha256 f+…$/);
});

test('says that pixels are not identical', () => {
  const other = handMadeStack('emulated', { frames: { count: 10, sha256: 'e'.repeat(64) } });
  const stacks = [handMadeStack('native'), other];
  expect(identityText({ ...handMadeReport, identical: false, stacks }, 80, colors)).toBe(
    'identical: no',
  );
});

test('shows one driver once, and each of several with its stacks', () => {
  expect(driverText(handMadeReport.stacks, 120)).toBe(
    `driver:    guest-driver, sha256 ${'d'.repeat(64)}`,
  );
  const pv = handMadeStack('pv', { driver: { package: 'pv-frontend', sha256: 'a'.repeat(64) } });
  expect(driverText([handMadeStack('native'), pv], 60).split('\n')).toEqual([
    expect.stringMatching(/^driver: {4}guest-driver in native, sha256 d+…$/),
    expect.stringMatching(/^driver: {4}pv-frontend in pv, sha256 a+…$/),
  ]);
});
