import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pc from 'picocolors';
import { expect, test } from 'vitest';
import { listText } from '../src/list.ts';
import { doorbell } from './captured.ts';

interface List {
  readonly schema: string;
  readonly stacks: readonly { readonly name: string; readonly options: object }[];
  readonly scenes: readonly { readonly name: string }[];
  readonly profiles: readonly { readonly name: string; readonly constants: object }[];
}

const plain = { isTerminal: true, columns: 80, depth: 1, colors: pc.createColors(false) };

test('lists stacks with their options and defaults, scenes, and profiles', () => {
  const text = listText(plain);
  expect(text).toMatch(/^Stacks\n {2}native \(bare metal\)\n/);
  expect(text).toContain('    posted-interrupts=off | on, by default off\n');
  expect(text).toMatch(/^Scenes\n(?: {2}.*\n)* {2}bunny\n/m);
  expect(text).toMatch(/^Profiles\n {2}kvm-x86 \(\d+ of \d+ constants verified\)\n/m);
});

test('stays within the width of the terminal', () => {
  const lines = listText({ ...plain, columns: 60 }).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
});

test('writes JSON to stdout, and nothing else', async () => {
  const { code, stdout, stderr } = await doorbell('list --json -');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const list = JSON.parse(stdout) as List;
  expect(list.schema).toBe('doorbell.list/1');
  expect(list.stacks.map(({ name }) => name)).toEqual([
    'native',
    'passthrough',
    'sriov',
    'mdev',
    'emulated',
    'pv',
    'pv-assisted',
  ]);
  expect(list.stacks[4].options).toHaveProperty('vram.default', 'map');
  expect(list.stacks[3]).toHaveProperty('contract.facts.submission', 'trapped');
  expect(list.scenes.map(({ name }) => name)).toContain('bunny');
  expect(list.profiles[0]).toMatchObject({
    name: 'kvm-x86',
    constants: { total: expect.any(Number), verified: expect.any(Number) },
  });
});

test('writes JSON to a file beside the text', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'list-'));
  try {
    const file = join(folder, 'list.json');
    const { stdout } = await doorbell(`list --json ${file}`);
    expect(stdout).toMatch(/^Stacks\n/);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ schema: 'doorbell.list/1' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
