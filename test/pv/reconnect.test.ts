/** A backend that is killed and started again while a comparison runs, and frontends that are killed. */
import { SocketConnection } from '@doorbell/wire';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { runCommand } from '../../packages/cli/src/command.ts';
import { CountingServer } from './counting-server.ts';
import { Backend, compareArgs, DoorbellProcess, endAll, reportOf } from './doorbell-process.ts';

afterEach(async () => {
  vi.restoreAllMocks();
  await endAll();
});

const ROUNDS = 20;
/** Messages of the probe, before which there is nothing to bring back. */
const PROBE_MESSAGES = 30;
const picture = ['native,pv', 'churn', 3] as const;

interface Watched {
  readonly code: number;
  readonly stdout: string;
  /** That arrived from the backend. */
  readonly messages: number;
}

/** `doorbell compare` in this process; `atMessage` runs when so many messages have come back. */
async function compareHere(
  args: readonly string[],
  at: number,
  atMessage: () => void,
): Promise<Watched> {
  let stdout = '';
  let messages = 0;
  const { arrived } = SocketConnection.prototype;
  vi.spyOn(SocketConnection.prototype, 'arrived').mockImplementation(function (
    this: SocketConnection,
    message,
  ) {
    if (++messages === at) {
      atMessage();
    }
    arrived.call(this, message);
  });
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    return { code: await runCommand(args), stdout, messages };
  } finally {
    vi.restoreAllMocks();
  }
}

/** mulberry32: from 0 to 1, from a seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test(`a backend that is killed in the middle of a frame and started again, ${ROUNDS} times in a row`, async () => {
  const random = randomFrom(3);
  let backend = await Backend.start();
  const { address } = backend;
  const beside = compareArgs(...picture, '--backend', address);
  const undisturbed = await compareHere(beside, 0, () => {});
  expect(undisturbed.code).toBe(0);
  const [native] = reportOf(undisturbed).stacks;
  const args = compareArgs('pv', 'churn', 3, '--backend', address);
  for (let round = 0; round < ROUNDS; round++) {
    // What comes late in the run may find the work done: there is nothing to bring back then.
    const span = 0.75 * undisturbed.messages - PROBE_MESSAGES;
    const at = PROBE_MESSAGES + Math.floor(random() * span);
    const first = backend;
    let restarted: Promise<Backend> | undefined;
    const { code, stdout } = await compareHere(args, at, () => {
      restarted = first.process.kill('SIGKILL').then(() => Backend.start(first.port));
    });
    const where = `round ${round}, killed at message ${at}`;
    expect(restarted, where).toBeDefined();
    backend = await restarted!;
    expect(code, where).toBe(0);
    expect(reportOf({ stdout }).stacks[0].frames, where).toEqual(native.frames);
    expect(backend.process.stderr, where).toMatch(/ connected\n/);
  }
}, 900_000); // each round starts a process, which takes many seconds where others are at work

test('the same with all of it in processes of their own', async () => {
  const backend = await Backend.start();
  const args = ['--backend', backend.address];
  const run = new DoorbellProcess(compareArgs('native,pv', 'churn', 24, ...args));
  await run.wrote('stderr', /^pv.*: 24\/48 frames$/m);
  expect(await backend.process.kill('SIGKILL')).toBe('SIGKILL');
  const again = await Backend.start(backend.port);
  expect(await run.ended, run.stderr).toBe(0);
  expect(reportOf(run).identical).toBe(true);
  expect(again.process.stderr).toMatch(/ connected\n/);
});

test('a frontend that is killed costs the backend nothing: the next has the right pixels', async () => {
  const backend = await Backend.start();
  const args = ['--backend', backend.address];
  for (let round = 0; round < 2; round++) {
    const run = new DoorbellProcess(compareArgs('pv', 'churn', 1000, ...args));
    await run.wrote('stderr', /^pv/m);
    expect(await run.kill('SIGKILL')).toBe('SIGKILL');
  }
  await backend.process.wrote('stderr', /( disconnected after .*\n[^]*){2}/);
  const next = new DoorbellProcess(compareArgs(...picture, ...args));
  expect(await next.ended, next.stderr).toBe(0);
  expect(reportOf(next).identical).toBe(true);
  expect(backend.process.stderr).not.toMatch(/bug/);
});

test('whatever it was doing, nothing of a frontend that is killed stays in the backend', async () => {
  const server = await CountingServer.start();
  try {
    for (const pause of [0, 40, 90, 150]) {
      const args = ['--backend', server.address];
      const run = new DoorbellProcess(compareArgs('pv', 'churn', 100_000, ...args));
      await run.wrote('stderr', /^pv/m);
      await new Promise((resolve) => setTimeout(resolve, pause));
      expect(server.held.bytes).toBeGreaterThan(0);
      await run.kill('SIGKILL');
      await vi.waitFor(() => expect(server.held).toEqual({ resources: 0, bytes: 0 }), 60_000);
    }
    expect(server.said.filter((line) => line.includes('bug'))).toEqual([]);
  } finally {
    await server.close();
  }
});

describe('a backend that is not to be had', () => {
  const compareWith = async (...args: string[]): Promise<{ code: number; said: string }> => {
    const run = new DoorbellProcess(compareArgs('pv', 'triangle', 2, ...args));
    return { code: Number(await run.ended), said: run.stderr.trimEnd().split('\n').at(-1)! };
  };

  test('because it never comes back: exit code 3, after as long as was asked for', async () => {
    const backend = await Backend.start();
    const args = ['--backend', backend.address, '--reconnect', '1'];
    const run = new DoorbellProcess(compareArgs('pv', 'churn', 1000, ...args));
    await run.wrote('stderr', /^pv/m);
    await backend.process.kill('SIGKILL');
    expect(await run.ended).toBe(3);
    expect(run.stderr).toMatch(
      /^doorbell: The backend failed: .* Cannot connect with 127\.0\.0\.1:\d+: nothing listens there.*\n$/m,
    );
    expect(run.stderr).not.toMatch(/bug| {4}at /);
  });

  test('because nothing listens there: exit code 3', async () => {
    expect(await compareWith('--backend', 'ws://127.0.0.1:1/?token=x')).toEqual({
      code: 3,
      said: 'doorbell: Cannot connect with 127.0.0.1:1: nothing listens there; doorbell serve --backend --listen 127.0.0.1:1 starts a backend.',
    });
  });

  test('because the token is another: exit code 3', async () => {
    const { port } = await Backend.start();
    const { code, said } = await compareWith('--backend', `ws://127.0.0.1:${port}/?token=x`);
    expect(code).toBe(3);
    expect(said).toMatch(/^doorbell: The backend at .* does not know this token: .*printed/);
  });

  test('because that is no address: exit code 2', async () => {
    const { code, said } = await compareWith('--backend', 'http://127.0.0.1:1/');
    expect(code).toBe(2);
    expect(said).toMatch(
      /^doorbell: --backend must be the address that 'doorbell serve --backend'/,
    );
  });
});
