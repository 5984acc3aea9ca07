import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EventColumns, loadTrace, type Recording } from '@doorbell/lab';
import { labEnvironment } from '@doorbell/lab/node';
import { expect, describe, test, vi } from 'vitest';
import { hasChromium } from './chromium.ts';
import { drop, saved } from './files.ts';
import { complaint, pixels, says, settled, useWorkbench } from './workbench.ts';

vi.setConfig({ testTimeout: 60_000 });

const program = fileURLToPath(new URL('../../packages/cli/bin/doorbell.mjs', import.meta.url));

const data = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../../packages/lab/test/data/${name}`, import.meta.url)));

/** SHA-256 over all columns of a recording's events, and over the lines that they name. */
function eventsHash({ events, source }: Recording): string {
  const hash = createHash('sha256');
  const columns: EventColumns = events.save();
  for (const [name, column] of Object.entries<
    Uint8Array | Uint16Array | Uint32Array | Float64Array
  >({ ...columns })) {
    const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
    hash.update(`${name} ${column.length}\n`).update(bytes);
  }
  return hash.update(JSON.stringify(source?.lines ?? [])).digest('hex');
}

/** The same runs in Node, as the command records them. */
function recorded(stacks: string, ...flags: readonly string[]): readonly Recording[] {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-'));
  try {
    const out = join(folder, 'node.trace');
    const what = ['--scene', 'bunny', '--frames', '2', '--size', '48x32', '--seed', '3'];
    const command = ['trace', '--stacks', stacks, ...what, ...flags, '--out', out];
    execFileSync(process.execPath, [program, ...command], { stdio: 'ignore' });
    return loadTrace(out, readFileSync(out), labEnvironment.sha256);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!hasChromium)('files and the workbench', () => {
  const bench = useWorkbench();
  const run = '?scene=bunny&frames=2&size=48x32&seed=3';
  const query = `${run}&source=off&stacks=`;

  test.each([
    ['passthrough,pv', 'on'],
    ['passthrough,pv', 'off'],
    ['mdev,emulated', 'off'],
    ['native,sriov', 'off'],
    ['pv-assisted', 'off'],
  ])(
    'the events of %s, with source %s, are the same bytes in Node and in Chromium',
    async (stacks, source) => {
      const page = await bench.open(`${run}&source=${source}&stacks=${stacks}`);
      const there = loadTrace('the page', await saved(page, 'Trace'), labEnvironment.sha256);
      const here = recorded(stacks, ...(source === 'on' ? ['--source'] : []));
      expect(there.map(({ events }) => events.count)).toEqual(
        here.map(({ events }) => events.count),
      );
      expect(there.map(eventsHash)).toEqual(here.map(eventsHash));
    },
  );

  test('a saved trace opens again; one that was cut off is refused, and nothing is lost', async () => {
    const page = await bench.open(`${query}native,emulated&event=1:200`);
    const trace = await saved(page, 'Trace');
    const where = await says(page, 'where');
    const before = await pixels(page, 0);
    await drop(page, 'cut.trace', trace.subarray(0, trace.length >> 1));
    await complaint(page).waitFor();
    expect(await complaint(page).textContent()).toMatch(/cut\.trace/);
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await says(page, 'where')).toBe(where);
    expect(await pixels(page, 0)).toBe(before);
    await drop(page, 'whole.trace', trace);
    await page.getByText('whole.trace').waitFor();
    await settled(page);
    expect(await complaint(page).count()).toBe(0);
    await page.getByRole('button', { name: 'step this' }).click();
    await says(page, 'go 200');
    expect(await says(page, 'where')).toBe(where);
  });

  test('a model that is dropped is drawn; one that is broken is refused, and nothing is lost', async () => {
    const page = await bench.open(`${query}native,emulated`);
    const bunny = await pixels(page, 0);
    await drop(page, 'broken.obj', new TextEncoder().encode('v 0 0\nf 1 2 3\n'));
    await complaint(page).waitFor();
    expect(await complaint(page).textContent()).toMatch(/broken\.obj/);
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await pixels(page, 0)).toBe(bunny);
    await drop(page, 'cube.obj', data('cube.obj'));
    await expect.poll(() => pixels(page, 1), { timeout: 30_000 }).not.toBe(bunny);
    await settled(page);
    expect(await complaint(page).count()).toBe(0);
    expect(await pixels(page, 0)).toBe(await pixels(page, 1));
  });

  test('what is saved for Perfetto is of the trace-event format', async () => {
    const page = await bench.open(`${query}native,emulated`);
    const { traceEvents } = JSON.parse((await saved(page, 'Perfetto')).toString()) as {
      readonly traceEvents: readonly Readonly<Record<string, unknown>>[];
    };
    expect(traceEvents.length).toBeGreaterThan(100);
    for (const { ph, pid, ts, dur } of traceEvents) {
      expect(ph).toMatch(/^[BEXiIMsftCbne]$/);
      expect(pid).toEqual(expect.any(Number));
      expect([ph === 'M', typeof ts === 'number']).toContain(true);
      expect(ph === 'X' ? typeof dur : 'number').toBe('number');
    }
    const picture = await saved(page, 'Picture');
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
  });
});
