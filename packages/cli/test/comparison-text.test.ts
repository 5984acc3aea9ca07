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

test('says how far a renderer rounds otherwise, and whether it may', () => {
  const edges = { pixels: 1000, differing: 4, bound: 1 / 16, maxDelta: 200 };
  const pixels = { maxDelta: 0, differing: 1234, bound: 1, within: true, edges };
  const text = (within: boolean): string => {
    const rounded = handMadeStack('pv:renderer=webgpu', {
      frames: { count: 10, sha256: 'e'.repeat(64) },
      pixels: { ...pixels, within },
    });
    const stacks = [handMadeStack('native'), handMadeStack('pv'), rounded];
    return identityText({ ...handMadeReport, identical: false, stacks }, 80, colors);
  };
  const [identity, ...rounding] = text(true).split('\n');
  expect(identity).toMatch(/^identical: yes, sha256 f+…$/);
  expect(rounding.join(' ').replace(/\s+/g, ' ')).toMatch(
    /^rounding: pv:renderer=webgpu differs from bell's engines in 1,234 of [\d,]+ pixels; at edges, in 0\.4 % by more than a sixteenth of white; within its bounds$/,
  );
  expect(text(false)).toMatch(/beyond\s+its bounds$/);
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
