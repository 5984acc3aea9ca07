/** Parts of one's own, as stacks take them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseStacks } from '@doorbell/lab';
import { afterAll, expect, test } from 'vitest';
import { ownFor } from '../src/own-part.ts';
import { doorbell } from './captured.ts';

const room = mkdtempSync(join(tmpdir(), 'doorbell-own-'));
afterAll(() => {
  rmSync(room, { recursive: true });
});

test.each([
  ['queue', 'queue', 'split'],
  ['packed-queue', 'packedQueue', 'packed'],
  ['driver-queue', 'driverQueue', 'split'],
  ['packed-driver-queue', 'packedDriverQueue', 'packed'],
] as const)('a %s is for stacks with a queue of its layout', async (kind, key, ring) => {
  const file = join(room, `${kind}.ts`);
  writeFileSync(file, `export default { kind: '${kind}', name: 'mine', open: () => null };`);
  const own = await ownFor(parseStacks(`native,pv:ring=${ring}`), file);
  expect(own?.[key]).toBeTypeOf('function');
  const other = ring === 'split' ? 'packed' : 'split';
  await expect(ownFor(parseStacks(`native,pv:ring=${other}`), file)).rejects.toThrow(
    `None of the stacks has a ${ring} virtqueue, as '${file}' is for: give pv:ring=${ring}.`,
  );
});

test('one that throws ends the run with a line, and no trace of ours', async () => {
  const file = join(room, 'throws.ts');
  const code = `open: () => { throw new Error('There is nothing yet.'); }`;
  writeFileSync(file, `export default { kind: 'queue', name: 'mine', ${code} };`);
  const { code: exit, stderr } = await doorbell(
    `compare --scene nop --frames 1 --stacks pv --no-picture --with ${file}`,
  );
  expect(exit).toBe(1);
  expect(stderr).toMatch(
    /^doorbell: With the part of --with a run ended: .*nothing yet\. [^\n]*\n$/m,
  );
});
