/** Ctrl-C and other ends: no process is left behind. */
import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Backend, compareArgs, DoorbellProcess, endAll } from './doorbell-process.ts';

afterEach(endAll);

/** The processes that one has started. */
function childrenOf({ child }: DoorbellProcess): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim();
  const pairs = rows.split('\n').map((row) => row.trim().split(/\s+/).map(Number));
  return pairs.filter(([, parent]) => parent === child.pid).map(([pid]) => pid);
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function longRun(transport: string): Promise<DoorbellProcess> {
  const run = new DoorbellProcess(compareArgs(`pv:transport=${transport}`, 'churn', 100_000));
  await run.wrote('stderr', /^pv/m);
  return run;
}

describe.skipIf(process.platform === 'win32')('a comparison', () => {
  test('with a thread ends by Ctrl-C with 130', async () => {
    const run = await longRun('worker');
    expect(await run.kill('SIGINT'), run.stderr).toBe(130);
    expect(run.stderr).not.toMatch(/bug/);
  });

  test('with a process of its own ends by Ctrl-C with 130, and so does the process', async () => {
    const run = await longRun('websocket');
    const [server] = childrenOf(run);
    expect(isThere(server)).toBe(true);
    expect(await run.kill('SIGINT'), run.stderr).toBe(130);
    expect(isThere(server)).toBe(false);
    expect(run.stderr).not.toMatch(/bug/);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'that %s ends takes its process along',
    async (signal) => {
      const run = await longRun('websocket');
      const [server] = childrenOf(run);
      run.child.kill(signal);
      expect(await run.ended).toBe(signal);
      await vi.waitFor(() => expect(isThere(server)).toBe(false), { timeout: 120_000 });
    },
  );
});

describe.skipIf(process.platform === 'win32')('a backend with a client', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 0],
  ] as const)('ends by %s with %i, and its client knows', async (signal, code) => {
    const backend = await Backend.start();
    const args = ['--backend', backend.address, '--reconnect', '0'];
    const run = new DoorbellProcess(compareArgs('pv', 'churn', 100_000, ...args));
    await run.wrote('stderr', /^pv/m);
    expect(await backend.process.kill(signal)).toBe(code);
    expect(backend.process.stderr).toMatch(/ connected\n.* disconnected after .*\n$/);
    expect(await run.ended).toBe(3);
    expect(run.stderr).toMatch(/^doorbell: The backend failed: .*\n$/m);
  });
});
