/** The thread of a device, here in this one: its poll gives up, so that the test has its turns. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Libc, loadLibc } from '../../src/native/libc.ts';
import type { FromThread } from '../../src/vfio-user/control.ts';
import { DeviceLoop } from '../../src/vfio-user/device-loop.ts';
import { describeWith } from '../needs.ts';
import { clientMessage, command, version } from './client-messages.ts';

const failure = (code: string): Error => Object.assign(new Error(`${code}: it fails`), { code });
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;
const TURN_MS = 5;
const MOST_TURNS = 50;

describeWith(['koffi'], "a device's loop that is short of something", () => {
  let libc: Libc;
  let folder: string;
  let wake: number;
  const said: FromThread[] = [];

  beforeAll(async () => {
    libc = await loadLibc();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'doorbell-'));
    wake = libc.eventfd();
    said.length = 0;
  });
  afterEach(() => {
    libc.close(wake);
    rmSync(folder, { recursive: true });
  });

  /** Runs until a client has had an answer to VERSION. What of libc fails, fails `times` times. */
  async function serve(what: 'accept' | 'memfd' | 'map', code: string, times: number) {
    const path = join(folder, 'socket');
    let left = times;
    const failing = {
      [what]: (...args: never[]) => {
        if (left-- > 0) {
          throw failure(code);
        }
        return (libc[what] as (...args: never[]) => unknown)(...args);
      },
    };
    const poll: Libc['poll'] = (descriptors) => libc.poll(descriptors, TURN_MS);
    const choice = { kind: 'bochs-display', width: 320, height: 240 } as const;
    const clients: number[] = [];
    let turns = 0;
    const isAnswered = (): boolean => libc.poll(clients.slice(-1), 0).length > 0;
    const control = {
      post: (message: FromThread): void => {
        said.push(message);
        if (what !== 'accept') {
          clients.push(greeting(path)); // the one before was let go
        }
      },
      take: () => (isAnswered() || turns++ === MOST_TURNS ? 'close' : undefined),
    } as const;
    const before = openDescriptors();
    const data = { path, choice, maps: true, records: false, wake };
    const loop = new DeviceLoop({ ...libc, ...failing, poll }, data, control);
    clients.push(greeting(path));
    await loop.run();
    const answered = isAnswered();
    for (const client of clients) {
      libc.close(client);
    }
    // Not more: the process may have closed something of its own meanwhile.
    expect(openDescriptors()).toBeLessThanOrEqual(before);
    return answered;
  }

  function greeting(path: string): number {
    const client = libc.connect(path);
    libc.send(client, clientMessage(1, command.VERSION, version));
    return client;
  }

  it.each([
    ['memfd', 'EMFILE'],
    ['map', 'ENOMEM'],
  ] as const)('lets a client go for want of %s, and serves the next', async (what, code) => {
    expect(await serve(what, code, 1)).toBe(true);
    const violation: unknown = expect.stringContaining(code);
    expect(said).toEqual([{ kind: 'ended', violation }]);
  });

  it('says once that it cannot accept, and does so as soon as it can', async () => {
    expect(await serve('accept', 'EMFILE', 3)).toBe(true);
    expect(said).toHaveLength(1);
  });

  it('has nothing to say of a client that was gone before', async () => {
    expect(await serve('accept', 'ECONNABORTED', 1)).toBe(true);
    expect(said).toEqual([]);
  });
});
