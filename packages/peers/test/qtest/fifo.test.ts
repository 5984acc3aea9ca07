import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Fifo } from '../../src/qtest/fifo.ts';
import { QemuError } from '../../src/qemu/qemu-error.ts';

it('does not wait for a QEMU that has ended before it was opened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'doorbell-test-'));
  try {
    const fifo = await Fifo.create(join(folder, 'qtest'));
    fifo.open();
    expect(() => fifo.write('clock_step\n')).toThrow(QemuError);
    expect(fifo.read()).toBe('');
    await fifo.close();
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
