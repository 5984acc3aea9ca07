import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { KEYRING } from '../../src/debian/apt.ts';
import { bundles } from '../../src/debian/bundles.ts';
import { fetchBundle } from '../../src/debian/fetch.ts';
import { FetchError } from '../../src/debian/program.ts';
import { readBundle, writeRecord } from '../../src/debian/record.ts';

const { signal } = new AbortController();
const hasApt = spawnSync('apt-get', ['--version']).status === 0 && existsSync(KEYRING);

let cache: string;
let peers: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'fetch-'));
  peers = join(cache, 'peers');
  mkdirSync(join(peers, 'linux'), { recursive: true });
  vi.stubEnv('DOORBELL_CACHE', cache);
  // apt-get tries thrice, and waits in between.
  writeFileSync(join(cache, 'apt.conf'), 'Acquire::Retries "0";\n');
  vi.stubEnv('APT_CONFIG', join(cache, 'apt.conf'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

test('a bundle is there once its record is, and is not fetched again', async () => {
  expect(readBundle('linux')).toBeUndefined();
  const record = writeRecord(join(peers, 'linux'), bundles.linux, { libc6: '2.36' });
  expect(readBundle('linux')).toEqual(record);
  vi.stubEnv('DOORBELL_DEBIAN_MIRROR', 'http://127.0.0.1:1');
  expect(await fetchBundle('linux', { signal })).toEqual(record);
});

test('a bundle of another definition is not taken for this one', () => {
  const { packages } = bundles.linux;
  writeRecord(join(peers, 'linux'), { ...bundles.linux, packages: [...packages, 'more'] }, {});
  expect(readBundle('linux')).toBeUndefined();
});

test('a record that was cut short is none', () => {
  writeFileSync(join(peers, 'linux', 'bundle.json'), '{"schema":');
  expect(readBundle('linux')).toBeUndefined();
});

describe.runIf(hasApt)("with the system's apt-get", () => {
  test("quotes apt's complaint of a mirror that is not there, and leaves nothing", async () => {
    vi.stubEnv('DOORBELL_DEBIAN_MIRROR', 'http://127.0.0.1:1');
    const fetched = fetchBundle('linux', { signal });
    await expect(fetched).rejects.toThrow(FetchError);
    await expect(fetched).rejects.toThrow(/^apt-get update failed: Failed to fetch http:.*connect/);
    expect(readdirSync(peers)).toEqual(['linux']);
  });

  test('ends apt-get when the user gives up, and leaves nothing', async () => {
    const { server, mirror, asked } = await silentMirror();
    try {
      vi.stubEnv('DOORBELL_DEBIAN_MIRROR', mirror);
      const controller = new AbortController();
      const fetched = fetchBundle('linux', { signal: controller.signal, again: true });
      fetched.catch(() => undefined);
      await asked;
      expect(readdirSync(peers)).toEqual(['linux', `linux.fetch-${process.pid}`]);
      controller.abort();
      await expect(fetched).rejects.toThrow('aborted');
      expect(readdirSync(peers)).toEqual(['linux']);
    } finally {
      server.close();
    }
  });

  test('removes what killed processes left, and nothing else', async () => {
    const { pid: ended } = spawnSync('true');
    const ours = `linux.fetch-${process.ppid}`;
    for (const name of [`linux.fetch-${ended}`, `linux.fetch-${ended}-old`, ours, 'linux-other']) {
      mkdirSync(join(peers, name));
    }
    vi.stubEnv('DOORBELL_DEBIAN_MIRROR', 'no address');
    await expect(fetchBundle('linux', { signal })).rejects.toThrow(FetchError);
    expect(readdirSync(peers)).toEqual(['linux', 'linux-other', ours]);
  });

  test('refuses a folder that its configuration cannot hold', async () => {
    vi.stubEnv('DOORBELL_CACHE', join(cache, '"; DPkg::Pre-Invoke'));
    await expect(fetchBundle('linux', { signal })).rejects.toThrow(/takes no quotes in a path/);
  });
});

/** Takes connections, and never answers. */
async function silentMirror(): Promise<{
  server: ReturnType<typeof createServer>;
  mirror: string;
  asked: Promise<void>;
}> {
  let heard!: () => void;
  const asked = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', heard);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, mirror: `http://127.0.0.1:${port}`, asked };
}
