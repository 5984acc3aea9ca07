/** The paravirtual pair in two threads and in two processes: the pixels of bare metal, whatever its options are. */
import { afterEach, expect, test } from 'vitest';
import { Backend, compareArgs, DoorbellProcess, endAll, reportOf } from './doorbell-process.ts';

afterEach(endAll);

/** Each value of an option with each of another. */
const matrix = [
  'ring=split:notify=event-idx:batch=1',
  'ring=split:notify=interrupt:batch=16',
  'ring=split:notify=poll:batch=1',
  'ring=packed:notify=event-idx:batch=16',
  'ring=packed:notify=interrupt:batch=1',
  'ring=packed:notify=poll:batch=16',
];

/** All of the matrix in one command, compared with bare metal. */
async function compareAll(transport: string, ...more: readonly string[]): Promise<void> {
  const stacks = matrix.map((options) => `pv:transport=${transport}:${options}`);
  const list = ['native', ...stacks].join(',');
  const run = new DoorbellProcess(compareArgs(list, 'triangle', 2, ...more));
  expect(await run.ended, run.stderr).toBe(0);
  const report = reportOf(run);
  expect(report.identical).toBe(true);
  const [native, ...others] = report.stacks;
  expect(others).toHaveLength(matrix.length);
  for (const stack of others) {
    expect(stack.frames, stack.id).toEqual(native.frames);
    expect(stack.options.transport).toBe(transport);
    expect(stack.time.virtualNs).toBeNull();
    expect(stack.counts.commands.RESOURCE_FLUSH, stack.id).toBe(2);
  }
}

test('a backend in a thread gives the pixels of bare metal with each pair of options', async () => {
  await compareAll('worker');
});

test('a backend in another process gives them too, one client after the other', async () => {
  const backend = await Backend.start();
  await compareAll('websocket', '--backend', backend.address);
  expect(backend.process.stderr.match(/ disconnected after /g)).toHaveLength(matrix.length);
  expect(await backend.process.kill('SIGTERM')).toBe(0);
});

test('so it does when each message takes 5 to 10 ms', async () => {
  const backend = await Backend.start();
  const args = ['--backend', backend.address, '--latency', '5', '--jitter', '5'];
  const run = new DoorbellProcess(compareArgs('native,pv', 'triangle', 2, ...args));
  expect(await run.ended, run.stderr).toBe(0);
  expect(reportOf(run).identical).toBe(true);
});
