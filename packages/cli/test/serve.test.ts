import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { VirtioHost } from '@doorbell/abi';
import { connectWebSocket, hostClock } from '@doorbell/pv-frontend/node';
import { Link, type Handlers } from '@doorbell/wire';
import { afterEach, expect, test, vi } from 'vitest';
import { BackendServer, type ServedDevice } from '../src/backend-server.ts';
import { createDevice } from '../src/bench/doorbell-echo.ts';
import { doorbell } from './captured.ts';

const bin = fileURLToPath(new URL('../bin/doorbell.mjs', import.meta.url));
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

/** A connection as a driver has it. */
async function frontend(address: string): Promise<Link<'driver'>> {
  const connection = await connectWebSocket(address);
  const handlers = {} as Handlers<'driver'>;
  const link = new Link({ connection, clock: hostClock(), handlers, onLost: () => {} });
  closing.push(() => {
    link.close('the test ends');
  });
  return link;
}

interface Served {
  readonly server: BackendServer;
  readonly said: string[];
  readonly devices: { closed: boolean; fail: (error: unknown) => void }[];
}

/** A server of devices that answer, and note when they were closed. */
async function serve(): Promise<Served> {
  const said: string[] = [];
  const devices: Served['devices'] = [];
  const server = await BackendServer.start({
    listen: { host: '127.0.0.1', port: 0 },
    token: 'secret',
    maxConnections: 2,
    say: (line) => said.push(line),
    open: async (_clock, fail): Promise<ServedDevice> => {
      const held = { closed: false, fail };
      devices.push(held);
      return {
        create: (host: VirtioHost) => createDevice(host).device,
        counts: () => ({ held: 1 }),
        close: async () => {
          held.closed = true;
        },
      };
    },
  });
  closing.push(() => server.close());
  return { server, said, devices };
}

test('each connection has a device of its own, which ends with it', async () => {
  const { server, said, devices } = await serve();
  const [first, second] = [await frontend(server.address), await frontend(server.address)];
  expect(await first.ask('DEVICE_INFO', {})).toMatchObject({ deviceId: 16 });
  expect(await second.ask('STATS', {})).toMatchObject({ counts: { held: 1 } });
  first.close('enough');
  await vi.waitFor(
    () => expect(devices.map(({ closed }) => closed)).toEqual([true, false]),
    60_000,
  );
  expect(await second.ask('DEVICE_INFO', {})).toBeDefined();
  expect(said).toEqual([
    expect.stringMatching(/^127\.0\.0\.1:\d+ connected$/),
    expect.stringMatching(/^127\.0\.0\.1:\d+ connected$/),
    expect.stringMatching(
      /^127\.0\.0\.1:\d+ disconnected after [\d.]+ s: 1 messages, 0\.0 MB in, 0\.0 MB out, 0 frames \(enough\)$/,
    ),
  ]);
});

test('a device with a bug costs its own frontend the connection', async () => {
  const { server, said, devices } = await serve();
  const [first, second] = [await frontend(server.address), await frontend(server.address)];
  await vi.waitFor(() => expect(devices).toHaveLength(2), 60_000);
  devices[0].fail(new Error('of the device'));
  await vi.waitFor(() => expect(first.lost).toBe('The backend has failed.'), 60_000);
  expect(said.join('\n')).toMatch(/is let go of\. This is a bug\.\nError: of the device/);
  expect(await second.ask('DEVICE_INFO', {})).toBeDefined();
});

test('closing ends all devices', async () => {
  const { server, devices } = await serve();
  const link = await frontend(server.address);
  await link.ask('DEVICE_INFO', {});
  await server.close();
  expect(devices.map(({ closed }) => closed)).toEqual([true]);
});

test.each([
  ['serve --open --backend', /are for the workbench: leave --backend and --vhost-user out/],
  ['serve --renderer null', /for --backend and --vhost-user, not for the workbench/],
  ['serve --token secret', /--token, --origin and --max-connections are for --backend/],
  ['serve missing.trace', /Cannot read 'missing\.trace': there is no such file/],
  ['serve --backend --origin here', /'here' is invalid.*http:\/\/192\.0\.2\.7:8080/],
  ['serve --backend --listen here', /'here' is invalid.*HOST:PORT, such as 127\.0\.0\.1:7640/],
  ['serve --backend --renderer paint', /'paint'.*host, software, null/],
  ['serve --backend --max-connections 0', /'0'.*from 1 to 1000/],
  ['serve --backend --listen 192.0.2.1:0', /no address '192\.0\.2\.1'/],
])('%s: exit code 2, and how to mend it', async (line, why) => {
  const { code, stdout, stderr } = await doorbell(line);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(why);
});

test('a port that is taken: exit code 3, and how to mend it', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  closing.push(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const { code, stderr } = await doorbell(`serve --backend --listen 127.0.0.1:${port}`);
  expect(code).toBe(3);
  expect(stderr).toMatch(
    new RegExp(
      `^doorbell: Port ${port} of 127\\.0\\.0\\.1 is in use: .* --listen 127\\.0\\.0\\.1:PORT\\.\n$`,
    ),
  );
});

test.skipIf(process.platform === 'win32')(
  'serves until Ctrl-C, which ends it with 130',
  async () => {
    const args = ['serve', '--backend', '--renderer', 'null', '--token', 'secret'];
    const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const errors: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
    closing.push(() => child.kill('SIGKILL'));
    const ended = once(child, 'close') as Promise<[number | null, string | null]>;
    const printed = once(createInterface(child.stdout), 'line') as Promise<[string]>;
    const address = await Promise.race([
      printed.then(([line]) => line),
      ended.then(() => errors.join('')),
    ]);
    expect(address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/\?token=secret$/);
    const link = await frontend(address);
    expect(await link.ask('DEVICE_INFO', {})).toMatchObject({ deviceId: 16 });
    child.kill('SIGINT');
    const [code, signal] = await ended;
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    expect(errors.join('')).toMatch(/ connected\n.* disconnected after .*\n$/);
  },
);
