import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Peer, PeerRun } from '../src/peer.ts';
import { PeerUnavailable } from '../src/peer-unavailable.ts';
import { runPeer, type PeerListener, type PeerResult, type RunPeerOptions } from '../src/run.ts';

const surroundings: RunPeerOptions = {
  frames: async () => [],
  openBackend: () => Promise.reject(new Error('No backend is asked for.')),
};

let temporary: string;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'run-'));
  vi.stubEnv('TMPDIR', temporary);
});
afterEach(() => {
  expect(readdirSync(temporary)).toEqual([]);
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});

function peer(meet: Peer['meet'], more: Partial<Peer> = {}): Peer {
  const summary = 'Ours meets theirs.';
  return { name: 'it', summary, needs: [], isQuick: true, limitMs: 10_000, meet, ...more };
}

function meet(
  body: (run: PeerRun) => void | Promise<void>,
  {
    listener = {},
    options = {},
    ...more
  }: Partial<Peer> & {
    readonly listener?: PeerListener;
    readonly options?: Partial<RunPeerOptions>;
  } = {},
): Promise<PeerResult> {
  const made = peer(async (run) => {
    await body(run);
  }, more);
  return runPeer(made, listener, { ...surroundings, ...options });
}

/** Resolves when a run is told to end. */
function told({ signal }: PeerRun): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

test('a run in which every check passes has passed', async () => {
  const picture = { width: 1, height: 1, pixels: new Uint8Array(4) };
  const result = await meet((run) => {
    run.check('one', true, '1 = 1');
    run.picture('screen', picture);
    run.counts('Accesses', { reads: 3 });
  });
  expect(result).toMatchObject({ name: 'it', status: 'passed', why: '', get: '' });
  expect(result.checks).toEqual([{ name: 'one', passed: true, detail: '1 = 1' }]);
  expect(result.pictures).toEqual([{ name: 'screen', picture }]);
  expect(result.counts).toEqual([{ title: 'Accesses', counts: { reads: 3 } }]);
});

test('tells its listener at once', async () => {
  const heard: string[] = [];
  const listener: PeerListener = {
    step: (what) => heard.push(`step ${what}`),
    check: (name, passed) => heard.push(`check ${name} ${passed}`),
    console: (line) => heard.push(`console ${line}`),
  };
  await meet(
    (run) => {
      run.step('booting');
      run.console('Linux version 6.1');
      run.check('boots', true, '');
      expect(heard).toEqual(['step booting', 'console Linux version 6.1', 'check boots true']);
    },
    { listener },
  );
  expect(heard).toHaveLength(3);
});

test('a check that does not pass fails the run', async () => {
  const result = await meet((run) => {
    run.check('one', true, '');
    run.check('two', false, 'expected 1, saw 2');
  });
  expect(result).toMatchObject({
    status: 'failed',
    why: '1 of 2 checks failed, first: two.',
  });
});

test('a run that checks nothing has not passed', async () => {
  expect(await meet(() => undefined)).toMatchObject({
    status: 'failed',
    why: 'It checked nothing.',
  });
});

test('what is thrown fails the run, and says what was under way', async () => {
  const error = new Error('QEMU ended at once.');
  const result = await meet((run) => {
    run.check('one', true, '');
    run.step('starting QEMU');
    throw error;
  });
  expect(result).toMatchObject({
    status: 'failed',
    why: 'QEMU ended at once. (during: starting QEMU)',
    error,
  });
});

test('what the machine lacks is missing, not failed', async () => {
  const result = await meet(() => {
    throw new PeerUnavailable('There is no memfd here.');
  });
  expect(result).toMatchObject({ status: 'missing', why: 'There is no memfd here.' });
});

test('nothing is run that lacks what it needs', async () => {
  vi.stubEnv('DOORBELL_CACHE', join(temporary, 'none'));
  const run = vi.fn();
  const result = await meet(run, { needs: ['linux'] });
  expect(run).not.toHaveBeenCalled();
  expect(result).toMatchObject({ status: 'missing', why: expect.stringMatching(/^linux: it /) });
});

test('a run that takes too long is told to end, and has failed', async () => {
  const result = await meet(
    async (run) => {
      run.check('one', true, '');
      run.step('waiting');
      await told(run);
    },
    { limitMs: 20 },
  );
  expect(result).toMatchObject({
    status: 'failed',
    why: 'It took longer than 0.02 s (during: waiting).',
  });
});

test('a run that does not end when it is told to is given up', async () => {
  const result = await meet(() => new Promise(() => undefined), {
    limitMs: 20,
    options: { graceMs: 20 },
  });
  expect(result.status).toBe('failed');
  expect(String(result.error)).toMatch(/did not end when it was told to/);
});

test('a run that stopped listening before it began to wait is given up, too', async () => {
  const result = await meet(
    async (run) => {
      await run.openBackend(1, 1);
    },
    {
      options: {
        graceMs: 20,
        openBackend: (_, onError) => {
          onError(new Error('bug'));
          return new Promise(() => undefined);
        },
      },
    },
  );
  expect(result).toMatchObject({ status: 'failed', why: 'bug' });
});

test('the user gives up: the reason is thrown once the peer has ended', async () => {
  const controller = new AbortController();
  const reason = new Error('Ctrl-C');
  let hasEnded = false;
  const result = meet(
    async (run) => {
      writeFileSync(join(run.folder, 'socket'), '');
      setTimeout(() => {
        controller.abort(reason);
      });
      await told(run);
      await new Promise((resolve) => setTimeout(resolve, 20));
      hasEnded = true;
    },
    { options: { signal: controller.signal } },
  );
  await expect(result).rejects.toBe(reason);
  expect(hasEnded).toBe(true);
});

test('has an empty folder of its own, and removes it', async () => {
  let used = '';
  await meet(({ folder, check }) => {
    used = folder;
    check('empty', readdirSync(folder).length === 0, '');
    writeFileSync(join(folder, 'file'), 'text');
  });
  expect(used).toContain(temporary);
  expect(existsSync(used)).toBe(false);
});

test('a backend with a bug ends the run', async () => {
  const bug = new Error('bug');
  const result = await meet(
    async (run) => {
      run.check('one', true, '');
      await run.openBackend(1, 1).catch(() => undefined);
      await told(run);
    },
    {
      options: {
        openBackend: (_, onError) => {
          onError(bug);
          return Promise.reject(new Error('none'));
        },
      },
    },
  );
  expect(result).toMatchObject({ status: 'failed', error: bug });
});

test('has no console to keep when nobody wants it', async () => {
  await meet((run) => {
    expect(run.keep).toBeUndefined();
  });
});

test('a user at the console has all the time', async () => {
  const result = await meet(
    async (run) => {
      await run.keep!(new PassThrough());
      run.check('one', true, '');
    },
    {
      limitMs: 50,
      options: { keep: () => new Promise((resolve) => setTimeout(resolve, 150)) },
    },
  );
  expect(result.status).toBe('passed');
});
