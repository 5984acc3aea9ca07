/** The user's own models and pictures, through every stack. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CompareReport } from '@doorbell/lab';
import { expect, test } from 'vitest';
import { doorbell } from './captured.ts';

const data = relative('.', fileURLToPath(new URL('../../lab/test/data', import.meta.url)));
const small = '--frames 2 --size 96x64 --json -';

async function report(options: string): Promise<CompareReport> {
  const { code, stdout } = await doorbell(`compare ${small} ${options}`);
  expect(code).toBe(0);
  return JSON.parse(stdout) as CompareReport;
}

test.each([
  `--model ${data}/cube.obj --texture ${data}/checks.png`,
  `--model ${data}/tetrahedron.ply`,
  `--model ${data}/pyramid.glb`,
  `--scene image --texture ${data}/checks.png`,
])('compare %s', async (options) => {
  const { identical, stacks } = await report(options);
  expect(identical).toBe(true);
  expect(stacks).toHaveLength(7);
  const bunny = await report('--stacks native');
  expect(stacks[0].frames.sha256).not.toBe(bunny.stacks[0].frames.sha256);
});
