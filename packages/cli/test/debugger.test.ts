/** The configurations of `.vscode/launch.json` stop in the drivers, on lines of their TypeScript. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { debugged } from './inspector.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Configuration {
  readonly name: string;
  readonly runtimeArgs?: readonly string[];
  readonly program: string;
  readonly args: readonly string[];
}

const launch = readFileSync(`${root}.vscode/launch.json`, 'utf8');
const { configurations } = JSON.parse(
  launch.replaceAll('${workspaceFolder}/', root).replaceAll('${workspaceFolder}', root),
) as { readonly configurations: readonly Configuration[] };

test.each([
  {
    driver: 'guest-driver',
    file: 'packages/guest-driver/src/bell/ring.ts',
    text: '    this.memory.copyIn(this.buffer.address + at, packets);',
    local: 'at',
    value: 0,
  },
  {
    driver: 'pv-frontend',
    file: 'packages/pv-frontend/src/ring/split.ts',
    text: '    const entry = this.availIdx & this.mask;',
    local: 'head',
    value: 0,
  },
  {
    driver: 'edu',
    file: 'packages/guest-driver/src/edu.ts',
    text: '        this.registers.FACTORIAL.write(n);',
    local: 'n',
    value: 5,
  },
  {
    driver: 'bochs-display',
    file: 'packages/guest-driver/src/bochs-display.ts',
    text: '    dispi.BPP.write(PIXEL_BYTES * 8);',
    local: 'width',
    value: 64,
  },
])('stops in $file', async ({ driver, file, text, local, value }) => {
  const {
    runtimeArgs = [],
    program,
    args,
  } = configurations.find(({ name }) => name.startsWith(`step ${driver}`))!;
  const line =
    readFileSync(root + file, 'utf8')
      .split('\n')
      .indexOf(text) + 1;
  expect(line).toBeGreaterThan(1);
  const stop = await debugged([...runtimeArgs, program, ...args], root, {
    ...{ url: new URL(`../../../${file}`, import.meta.url).href, line, local },
  });
  expect(stop).toEqual({ line, value });
});
