import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../scripts/check-boundaries.mjs', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boundaries-'));
  mkdirSync(join(folder, 'test'));
  write('tsconfig.json', '{}');
  write('packages/abi/src/index.ts', "export * from './a.ts';\n");
  write('packages/abi/src/a.ts', 'export const a = 1;\n');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function check(): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, folder], {
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

test('passes where no import crosses a boundary, and says how much it read', () => {
  expect(check()).toMatchObject({ status: 0, output: expect.stringContaining('2 modules') });
});

test('refuses each import that crosses a boundary, by the rule that it breaks', () => {
  const offences: [importer: string, imported: string, rule: string][] = [
    ['guest-driver', '../../hypervisor/src/index.ts', 'arrows-of-guest-driver'],
    ['abi', '../../hypervisor/src/index.ts', 'arrows-of-abi'],
    ['hypervisor', '../../lab/src/index.ts', 'arrows-of-hypervisor'],
    ['workbench', '../../abi/src/a.ts', 'arrows-of-workbench'],
    ['wire', '../../abi/src/a.ts', 'front-door-only'],
    ['nova', '../../abi/src/a.ts', 'unknown-package'],
    ['pv-backend', 'node:net', 'no-node-in-portable-code'],
    ['lab', '../test/a.test.ts', 'no-test-in-source'],
    ['pv-frontend', './b.ts', 'no-circular'],
  ];
  write('packages/hypervisor/src/index.ts', 'export const h = 1;\n');
  write('packages/lab/src/index.ts', 'export const l = 1;\n');
  write('packages/lab/test/a.test.ts', 'export const t = 1;\n');
  for (const [importer, imported] of offences) {
    write(`packages/${importer}/src/b.ts`, `import '${imported}';\n`);
  }
  const { status, output } = check();
  for (const [importer, , rule] of offences) {
    expect(output).toContain(`error ${rule}: packages/${importer}/src/b.ts`);
  }
  expect(status).toBe(1);
});

test('lets the ./node subpath of the paravirtual pair and the command use Node', () => {
  write('packages/pv-backend/src/node.ts', "import 'node:net';\n");
  write('packages/pv-frontend/src/node/worker.ts', "import 'node:worker_threads';\n");
  write('packages/cli/src/main.ts', "import 'node:fs';\n");
  expect(check().status).toBe(0);
});
