/** Debian's lspci reads what `doorbell lspci` prints. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const doorbell = fileURLToPath(new URL('../../packages/cli/bin/doorbell.mjs', import.meta.url));
/** Debian has it in /usr/bin, other systems where only root's PATH looks. */
const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };

const missing = spawnSync('lspci', ['--version'], { env }).error !== undefined;
const required = process.env.DOORBELL_REQUIRE_PEERS === '1';
if (missing && !required) {
  console.warn('lspci is missing, so its tests are skipped; apt-get install pciutils brings it.');
}

/** Where no kernel modules are installed, lspci cannot name the drivers of this machine's devices. */
const aboutThisMachine = /^lspci: Unable to load libkmod resources: .*\n/m;

/** A dump has no sizes, so lspci takes the upper half of an address above 4 GiB for a region too. */
const phantom = /Region 3: Memory at <unassigned>/;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lspci-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What lspci says of a stack's functions, one text for each. */
function decode(stack: string): readonly string[] {
  const file = join(folder, `${stack}.txt`);
  writeFileSync(file, execFileSync(process.execPath, [doorbell, 'lspci', '--stack', stack]));
  const { status, stdout, stderr } = spawnSync('lspci', ['-F', file, '-nn', '-vvv'], {
    env,
    encoding: 'utf8',
  });
  expect({ status, complaints: stderr.replace(aboutThisMachine, '') }).toEqual({
    status: 0,
    complaints: '',
  });
  return stdout.trimEnd().split('\n\n');
}

describe.skipIf(missing && !required)('lspci', () => {
  test.each(['native', 'passthrough', 'emulated'])('decodes bell as %s sees it', (stack) => {
    const [bell, ...others] = decode(stack);
    expect(others).toEqual([]);
    expect(bell).toMatch(/^00:02\.0 Display controller \[0380\]: .*\[1234:be11\] \(rev 01\)/);
    expect(bell).toMatch(/Region 0: Memory at [0-9a-f]{8} \(32-bit, non-prefetchable\)/);
    expect(bell).toMatch(/Region 1: Memory at [0-9a-f]{8} \(32-bit, non-prefetchable\)/);
    expect(bell).toMatch(/Region 2: Memory at [0-9a-f]{10} \(64-bit, prefetchable\)/);
    expect(bell).toMatch(/Region 4: Memory at [0-9a-f]{8} \(32-bit, non-prefetchable\)/);
    expect(bell).toMatch(/Power Management version 3/);
    expect(bell).toMatch(/MSI-X: Enable- Count=129 Masked-/);
    expect(bell).toMatch(/Vector table: BAR=4 offset=00000000/);
    expect(bell).toMatch(/PBA: BAR=4 offset=00002000/);
    expect(bell).toMatch(/Express \(v2\) Endpoint/);
    expect(bell).toMatch(/FLReset\+/);
    expect(bell).toMatch(/Device Serial Number ([0-9a-f]{2}-){7}[0-9a-f]{2}/);
    expect(bell.replace(phantom, '')).not.toMatch(
      /<chain looped>|<unassigned>|unknown|broken|<access denied>/i,
    );
  });
});
