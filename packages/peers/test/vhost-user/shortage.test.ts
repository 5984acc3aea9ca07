/** Of descriptors or memory, when a connection wants them: it ends and says so, and nothing is left. */
import { readdirSync } from 'node:fs';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { type Libc, loadLibc } from '../../src/native/libc.ts';
import { serveVhostUser, type VhostUserConnection } from '../../src/vhost-user/server.ts';
import { describeWith } from '../needs.ts';
import { ScriptedFrontEnd } from './front-end.ts';
import { type PlainBackend, plainBackend } from './plain-backend.ts';

const failure = (code: string): Error => Object.assign(new Error(`${code}: it fails`), { code });
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

describeWith(['koffi'], 'a connection that is short of something', () => {
  let libc: Libc;
  let before: number;
  let frontEnd: ScriptedFrontEnd;
  let backend: PlainBackend;
  let connection: VhostUserConnection;
  /** Watches that succeed until they fail. */
  let watches: number;
  /** What cannot be closed. */
  let stuck: number;

  beforeAll(async () => {
    libc = await loadLibc();
  });
  beforeEach(() => {
    before = openDescriptors();
    watches = Infinity;
    stuck = -1;
    frontEnd = new ScriptedFrontEnd(libc);
    backend = plainBackend();
  });

  function serve(): void {
    const short: Libc = {
      ...libc,
      watch: (...watched) => {
        if (watches-- <= 0) {
          throw failure('EMFILE');
        }
        return libc.watch(...watched);
      },
      close: (descriptor) => {
        libc.close(descriptor);
        if (descriptor === stuck) {
          throw failure('EIO');
        }
      },
    };
    connection = serveVhostUser({ socket: frontEnd.backendSocket, libc: short, backend });
  }

  async function expectEnd(why: RegExp): Promise<void> {
    expect(await connection.closed).toMatch(why);
    expect(backend.isClosed).toBe(true);
    expect(backend.errors).toEqual([]);
    frontEnd.close();
    // Not more: the process may have closed something of its own meanwhile.
    expect(openDescriptors()).toBeLessThanOrEqual(before);
  }

  it('when it begins', async () => {
    watches = 0;
    serve();
    await expectEnd(/^EMFILE: it fails$/);
  });

  it('when it waits for the next message', async () => {
    serve();
    watches = 0;
    frontEnd.send('SET_OWNER');
    await expectEnd(/^EMFILE: it fails$/);
  });

  it('when kicks are to be watched', async () => {
    serve();
    await frontEnd.askU64('GET_QUEUE_NUM');
    watches = 0;
    frontEnd.sendU64('SET_VRING_KICK', 0n, [frontEnd.kicks[0]]);
    await expectEnd(/^EMFILE: it fails$/);
  });

  it('when the GPU socket is to be watched', async () => {
    serve();
    await frontEnd.askU64('GET_QUEUE_NUM');
    watches = 0;
    frontEnd.openGpuSocket();
    await expectEnd(/^EMFILE: it fails$/);
  });

  it('frees all the rest when something cannot be freed, and says so', async () => {
    stuck = frontEnd.backendSocket;
    serve();
    await frontEnd.begin();
    frontEnd.openGpuSocket();
    await frontEnd.startQueues();
    void connection.close();
    await expectEnd(/^it was closed here; something was not freed: EIO/);
    expect(backend.renderer.alive).toBe(0);
  });
});
