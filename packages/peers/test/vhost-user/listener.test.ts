import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type Libc, loadLibc } from '../../src/native/libc.ts';
import { listenVhostUser, type VhostUserListener } from '../../src/vhost-user/listener.ts';
import { describeWith } from '../needs.ts';
import { type PlainBackend, plainBackend } from './plain-backend.ts';

/** In milliseconds. */
const PATIENCE_MS = 60_000;

describeWith(['koffi'], 'a listener', () => {
  let libc: Libc;
  let folder: string;
  let path: string;
  let backends: PlainBackend[];
  const reasons: string[] = [];
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    libc = await loadLibc();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vhost-user-'));
    path = join(folder, 'gpu.sock');
    backends = [];
    reasons.length = 0;
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) {
      await close();
    }
    rmSync(folder, { recursive: true });
  });

  function listen(): VhostUserListener {
    const listener = listenVhostUser({
      ...{ libc, path },
      open: async () => {
        backends.push(plainBackend());
        return backends[backends.length - 1];
      },
      onConnected: ({ closed }) => void closed.then((reason) => reasons.push(reason)),
      onError: (error) => {
        throw error;
      },
    });
    closing.push(() => listener.close());
    return listener;
  }

  it('serves one after the other, and removes its socket', async () => {
    const listener = listen();
    const first = libc.connect(path);
    const second = libc.connect(path);
    await vi.waitFor(() => expect(backends).toHaveLength(1), PATIENCE_MS);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(backends).toHaveLength(1);
    libc.close(first);
    await vi.waitFor(() => expect(backends).toHaveLength(2), PATIENCE_MS);
    expect(backends[0].isClosed).toBe(true);
    await listener.close();
    expect(backends[1].isClosed).toBe(true);
    expect(reasons).toEqual(['the other side has closed it', 'it was closed here']);
    expect(existsSync(path)).toBe(false);
    libc.close(second);
  });

  it('replaces a socket that nobody listens at', () => {
    libc.close(libc.listen(path));
    expect(existsSync(path)).toBe(true);
    listen();
    libc.close(libc.connect(path));
  });

  it('leaves what is no socket, and who listens already, alone', () => {
    writeFileSync(path, 'mine');
    expect(listen).toThrow(expect.objectContaining({ name: 'PathTaken', isListening: false }));
    rmSync(path);
    listen();
    expect(listen).toThrow(expect.objectContaining({ name: 'PathTaken', isListening: true }));
  });

  it("leaves another's socket at its path alone when it ends", async () => {
    const listener = listen();
    rmSync(path);
    writeFileSync(path, 'mine');
    await listener.close();
    expect(existsSync(path)).toBe(true);
  });
});
