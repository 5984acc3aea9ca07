import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleNames, needs, peers, type Peer } from '@doorbell/peers';
import pc from 'picocolors';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { peersText } from '../src/peers-list.ts';
import { doorbell } from './captured.ts';

const terminal = { isTerminal: true, columns: 60, depth: 1, colors: pc.createColors(false) };
const linux: Peer = {
  name: 'linux-virtio-gpu',
  summary:
    "Linux's own driver of virtio-gpu, unmodified, drives our device in a QEMU that knows nothing of it.",
  ...{ needs: ['qemu', 'linux'], isQuick: false, limitMs: 1000 },
  meet: async () => undefined,
};

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'peers-'));
  vi.stubEnv('DOORBELL_CACHE', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

test('lists peers with what each needs, and the command that gets what is missing', () => {
  const text = peersText([linux], terminal);
  expect(text).toMatch(/^Peers\n {2}linux-virtio-gpu \(boots Linux\)\n {4}Linux's own driver/);
  expect(text).toMatch(/^ +qemu +qemu-7\.2 +linux +koffi$/m);
  expect(text).toMatch(/^ {2}linux-virtio-gpu +✗ +✗$/m);
  expect(text).toMatch(/^ {2}npx doorbell peers fetch linux$/m);
  expect(text.split('\n').filter((line) => line.length > 60)).toEqual([]);
});

test.each(['peers', 'peers list'])('%s lists', async (line) => {
  const { code, stdout } = await doorbell(line);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Peers\n/);
  for (const need of needs) {
    expect(stdout).toContain(need);
  }
});

test('lists as JSON', async () => {
  const { code, stdout } = await doorbell('peers list --json -');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    schema: 'doorbell.peers/1',
    peers: peers.map(({ name }) => ({ name })),
  });
});

test.each(['peers', 'peers list', 'peers fetch', 'peers run', 'peers all'])(
  '%s has --help',
  async (line) => {
    const { code, stdout } = await doorbell(`${line} --help`);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: doorbell ${line} [`);
  },
);

test.each([
  ['peers bogus', /'bogus' is no verb of peers; there is list, fetch, run, all/],
  ['peers --json -', /'--json'/],
  ['peers list everything', /Too many arguments/],
  ['peers run', /Missing required argument 'name'/],
  ['peers run nobody', /no peer 'nobody'; there is /],
  ['peers all --keep', /'--keep'/],
  ['peers all --json=', /--json is empty/],
  ['peers all --picture /dev/null/x', /Cannot make the folder/],
  ['peers fetch xen', new RegExp(`'xen'.*there is ${bundleNames.join(', ')}\\.`)],
  ['peers fetch koffi', /npm install --include=optional/],
])('refuses `%s` in one line, with exit code 2', async (line, says) => {
  const { code, stdout, stderr } = await doorbell(line);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^doorbell: [^\n]+[.?)]\n$/);
  expect(stderr).toMatch(says);
});

test('ends with 3 when what is to be fetched cannot be', async () => {
  vi.stubEnv('DOORBELL_DEBIAN_MIRROR', 'no address');
  const { code, stdout, stderr } = await doorbell('peers fetch linux --quiet');
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toMatch(/^doorbell: Cannot fetch linux: [^\n]+\.\n$/);
});
