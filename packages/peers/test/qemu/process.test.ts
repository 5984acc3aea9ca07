import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { findEmulator } from '../../src/qemu/emulator.ts';
import { QemuProcess } from '../../src/qemu/process.ts';
import { QemuError } from '../../src/qemu/qemu-error.ts';
import { describeWith } from '../needs.ts';

const start = (args: readonly string[], signal = new AbortController().signal) =>
  QemuProcess.start(findEmulator('qemu'), { args, signal, limitS: 30 });

/** What runs a QEMU, and never ends it. */
const program = `
  import { findEmulator } from './src/qemu/emulator.ts';
  import { QemuProcess } from './src/qemu/process.ts';
  const args = JSON.parse(process.argv.at(-1));
  const { signal } = new AbortController();
  await QemuProcess.start(findEmulator('qemu'), { args, signal, limitS: 30 });
  process.send('started');
`;

function childrenOf(id: number): readonly number[] {
  const children = readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').split(' ');
  return children.filter((each) => each !== '').map(Number);
}

function hasEnded(id: number): boolean {
  try {
    return readFileSync(`/proc/${id}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

const machine = ['-machine', 'q35', '-accel', 'qtest', '-m', '16', '-vga', 'none'];

describeWith(['qemu'], 'a QEMU', () => {
  it('answers QMP until it is closed', async () => {
    const qemu = await start(machine);
    const { qemu: version } = (await qemu.qmp.execute('query-version')) as { qemu: unknown };
    expect(version).toHaveProperty('major');
    await qemu.close();
    await qemu.exit;
    await expect(qemu.qmp.execute('query-version')).rejects.toThrow('QEMU has ended.');
  });

  it('answers several commands in their order', async () => {
    const qemu = await start(machine);
    const answers = await Promise.allSettled([
      qemu.qmp.execute('query-status'),
      qemu.qmp.execute('no-such-command'),
      qemu.qmp.execute('query-name'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(answers[0]).toMatchObject({ value: { status: 'running' } });
    expect(answers[1]).toMatchObject({ reason: { name: 'QemuError' } });
    expect(answers[2]).toMatchObject({ value: {} });
    await qemu.close();
  });

  it('tells what it complained of when it does not start', async () => {
    await expect(start(['-device', 'no-such-device'])).rejects.toThrow(
      /QEMU did not start: .*no-such-device/,
    );
    await expect(start(['-device', 'no-such-device'])).rejects.toThrow(QemuError);
  });

  it('ends with the process that started it, however that was ended', async () => {
    const node = ['--import', 'tsx', '--input-type=module', '-e', program, JSON.stringify(machine)];
    const parent = spawn(process.execPath, node, {
      cwd: new URL('../..', import.meta.url),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(parent, 'message');
    const left = childrenOf(parent.pid!).flatMap((limit) => [limit, ...childrenOf(limit)]);
    expect(left.length).toBeGreaterThanOrEqual(2);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(left.filter((each) => !hasEnded(each))).toEqual([]), 60_000);
  });

  it('ends when the user gives up, also while it starts', async () => {
    const abort = new AbortController();
    const qemu = await start(machine, abort.signal);
    abort.abort();
    await qemu.exit;
    await qemu.close();
    const early = new AbortController();
    const starting = start(machine, early.signal);
    early.abort(new Error('Enough.'));
    await expect(starting).rejects.toThrow('Enough.');
  });
});
