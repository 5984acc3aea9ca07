import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { command } from './command.ts';
import { mutants } from './mutants.ts';

// Exploring takes what it takes on a busy machine.
describe('the command', () => {
  it('says what it covered and exits with 0', async () => {
    const { exitCode, stdout } = await command(['--ring', 'packed', '--model', 'sc']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^packed, size 2, 2 chains, event index off, sc\nno violation in any order: \d{4,} states, \d{4,} transitions\n$/,
    );
  });

  it('prints the interleaving of a broken ring, with the source of each access, and exits with 1', async () => {
    const asked = '--mutant event-before-publication --event-idx on --chains 1 --before 1';
    const { exitCode, stdout } = await command(asked.split(' '));
    expect(exitCode).toBe(1);
    const rows = stdout.split('\n');
    const row = (text: string): number => rows.findIndex((one) => one.includes(text));
    // The store of idx waits while the driver looks, and the device looks before it is visible.
    expect(row('buffer avail.idx')).toBeGreaterThan(0);
    expect(row('load   avail_event')).toBeGreaterThan(row('buffer avail.idx'));
    expect(row('store  avail_event')).toBeGreaterThan(row('load   avail_event'));
    expect(row('flush  avail.idx')).toBeGreaterThan(row('store  avail_event'));
    const [line, text] = /(\d+) {2}(release16\(.*)$/.exec(rows[row('flush  avail.idx')])!.slice(1);
    const file = new URL('../../packages/pv-frontend/src/ring/split.ts', import.meta.url);
    expect(readFileSync(file, 'utf8').split('\n')[Number(line) - 1]).toContain(text);
  });

  const all = mutants.split.flatMap(({ name }) => [
    ['split', name],
    ['packed', name],
  ]);
  it.each(all)('%s %s: the interleaving fits on a page', async (ring, name) => {
    const { stdout } = await command(['--ring', ring, '--event-idx', 'on', '--mutant', name]);
    const rows = stdout.split('\n').filter((row) => row.includes('|'));
    expect(rows.length).toBeGreaterThanOrEqual(3);
    expect(rows.length).toBeLessThan(50);
  });

  it('has a help, and refuses what it does not know', async () => {
    expect((await command(['--help'])).stdout).toContain('--event-idx');
    for (const wrong of [
      ['--ring', 'ring'],
      ['--size', '3'],
      ['--size', 'x'],
      ['--buffers', '4'],
      ['--mutant', 'none'],
      ['--unknown'],
      ['more'],
      ['--in-order', 'on', '--mutant', 'no-recheck'],
      ['--most', '10'],
    ]) {
      const { exitCode, stdout, stderr } = await command(wrong);
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^interleavings: .*\.?\n$/);
    }
  });

  it('runs as a program', () => {
    const file = fileURLToPath(new URL('run.ts', import.meta.url));
    const run = (args: readonly string[]) =>
      spawnSync(process.execPath, ['--import', 'tsx', file, ...args], { encoding: 'utf8' });
    expect(run(['--size', '0'])).toMatchObject({ status: 2, stdout: '' });
  });
});
