/** Peers against a backend on the network; another, that behaves, is served all the while. */
import { encodeRequest, errorCodes } from '@doorbell/wire';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { listenWebSocket } from '../../src/node/index.ts';
import {
  closeCode,
  isServed,
  join,
  nextMessage,
  rawPeer,
  startBackend,
  statusOf,
  TOKEN,
  type Backend,
} from './peers.ts';

const running: Backend[] = [];

async function start(...args: Parameters<typeof startBackend>): Promise<Backend> {
  const backend = await startBackend(...args);
  running.push(backend);
  return backend;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ listener }) => listener.close()));
});

const info = encodeRequest('DEVICE_INFO', 7, {});

/** A message of ours with a change. */
function spoilt(change: (message: Uint8Array, view: DataView) => void): Uint8Array {
  const message = info.slice();
  change(message, new DataView(message.buffer));
  return message;
}

test('serves whoever has the address', async () => {
  const { listener } = await start();
  expect(listener.address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/\?token=a%2Btoken%2Fwith%3Dsigns$/);
  expect(await isServed(await join(listener.address))).toBe(true);
});

test.each([
  ['no token', '', {}, 401],
  ['an empty token', '?token=', {}, 401],
  ['a wrong token', '?token=wrong', {}, 401],
  ['the beginning of the token', `?token=${encodeURIComponent(TOKEN.slice(0, -1))}`, {}, 401],
  ['the page of a stranger', undefined, { origin: 'http://example.org' }, 403],
  ['a page without origin', undefined, { origin: 'null' }, 403],
  ['a page that only begins as ours do', undefined, { origin: 'http://localhost.example' }, 403],
  ['a page of this machine', undefined, { origin: 'http://127.0.0.1:8080' }, 101],
  ['a page of this machine, without the token', '', { origin: 'http://localhost:8080' }, 401],
  ['a page that may', undefined, { origin: 'http://192.0.2.7:8080' }, 101],
] as const)('%s: HTTP status %4$s', async (_what, query, options, status) => {
  const { listener, log } = await start();
  const address = query === undefined ? listener.address : listener.address.replace(/\?.*/, query);
  expect(await statusOf(address, options)).toBe(status);
  expect(log).toHaveLength(status === 101 ? 0 : 1);
});

test('tells a browser that it is no web server', async () => {
  const { port } = await start();
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect(response.status).toBe(426);
});

test.each([
  ['text', 'hello', /text/],
  ['nothing at all', new Uint8Array(0), /./],
  ['less than a header', info.slice(0, 8), /./],
  ['a truncated message', info.slice(0, -1), /./],
  ['another version', spoilt((_, view) => view.setUint16(2, 99, true)), /version/i],
  ['an unknown message', spoilt((message) => message.fill(0x7f, 1, 2)), /0x7f/],
  ['a wrong length', spoilt((_, view) => view.setUint32(8, 1 << 30, true)), /./],
  ['what is no msgpack', spoilt((message) => message.fill(0xc1, 16)), /./],
  ['random bytes', Uint8Array.from({ length: 999 }, (_, i) => (i * 167 + 41) & 255), /./],
  ['an answer to nothing', spoilt((message) => message.fill(1, 0, 1)), /./],
  ["the device's message", encodeRequest('READ', 1, { iova: 0, bytes: 4 }), /READ/],
  ['an event of a queue that is not there', availOf(9), /queue 9/],
])('%s ends that connection, and no other', async (_what, data, why) => {
  const { listener, closed } = await start();
  const [good, bad] = [await join(listener.address), await join(listener.address)];
  bad.send(data);
  await closeCode(bad);
  expect(closed).toEqual([expect.stringMatching(why)]);
  expect(await isServed(good)).toBe(true);
});

function availOf(queue: number): Uint8Array {
  const ranges = {
    count: 0,
    addresses: new Float64Array(0),
    lengths: new Uint32Array(0),
    data: new Uint8Array(0),
  };
  return encodeRequest('EVENT_AVAIL', 0, { queue, ranges });
}

test('a peer is told what it did', async () => {
  const { listener } = await start();
  const bad = await join(listener.address);
  const told = nextMessage(bad);
  bad.send(info.slice(0, -1));
  expect(await told).toMatchObject({ name: 'ERROR', fields: { code: errorCodes.MALFORMED } });
});

test('a message beyond the limit closes with 1009', async () => {
  const { listener, closed } = await start({ maxMessageBytes: 1000 });
  const [good, bad] = [await join(listener.address), await join(listener.address)];
  bad.send(new Uint8Array(1001));
  expect(await closeCode(bad)).toBe(1009);
  expect(closed).toHaveLength(1);
  expect(await isServed(good)).toBe(true);
});

test('whoever floods is read slowly, and the others go on', async () => {
  const { listener, servers } = await start({ messagesPerSecond: 200 });
  const [flooding, good] = [await join(listener.address), await join(listener.address)];
  for (let i = 0; i < 50_000; i++) {
    flooding.send(info);
  }
  for (let round = 0; round < 20; round++) {
    expect(await isServed(good)).toBe(true);
  }
  expect(servers[0].counts.messagesReceived).toBeLessThan(50_000);
  expect(servers[0].lost).toBeUndefined();
  flooding.terminate();
});

test('a peer that only opens a connection is let go of, with or without a handshake', async () => {
  const { listener, port, closed } = await start({ handshakeTimeoutMs: 2000 });
  const silent = await join(listener.address);
  const bare = rawPeer(port);
  const slow = rawPeer(port);
  const good = await join(listener.address);
  expect(await isServed(good)).toBe(true);
  const headers = 'GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n'.repeat(9);
  let sent = 0;
  const dripping = setInterval(() => slow.socket.write(headers[sent++ % headers.length]), 5);
  await Promise.all([closeCode(silent), bare.closed, slow.closed]);
  clearInterval(dripping);
  expect(closed).toEqual(['nothing was said in 2000 ms']);
  expect(await isServed(good)).toBe(true);
});

test('a peer that has died is noticed', async () => {
  const { listener, closed } = await start({ keepAliveMs: 1000 });
  const [good, dead] = [await join(listener.address), await join(listener.address)];
  expect(await isServed(dead)).toBe(true);
  dead.pause(); // it answers no ping
  await vi.waitFor(() => expect(closed).toEqual(['no sign of life in 1000 ms']), 60_000);
  expect(await isServed(good)).toBe(true);
});

test('a hundred connections are served at once, and one too many is refused', async () => {
  const { listener, closed } = await start({ maxConnections: 100 });
  const peers = await Promise.all(Array.from({ length: 100 }, () => join(listener.address)));
  expect(await statusOf(listener.address)).toBe(503);
  expect(await Promise.all(peers.map(isServed))).toEqual(peers.map(() => true));
  peers[0].terminate();
  await vi.waitFor(() => expect(closed).toHaveLength(1), 60_000);
  expect(await isServed(await join(listener.address))).toBe(true);
});

test('strangers who say nothing do not keep others out', async () => {
  const { listener, port } = await start({ maxConnections: 2, handshakeTimeoutMs: 2000 });
  const strangers = Array.from({ length: 100 }, () => rawPeer(port));
  await Promise.all(strangers.map(({ closed }) => closed));
  expect(await isServed(await join(listener.address))).toBe(true);
});

test('a compression that a peer asks for is not given', async () => {
  const { listener } = await start();
  const socket = new WebSocket(listener.address, 'doorbell.1', { perMessageDeflate: true });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('open', resolve));
  expect(socket.extensions).toBe('');
});

test.each([0, 1, 2])(
  "a peer's last words may be too long for a close frame, cut in the middle of a character (%d)",
  async (shift) => {
    const { listener, closed } = await start();
    const reason = 'x'.repeat(shift) + '€'.repeat(60);
    const peer = await join(listener.address);
    const gone = closeCode(peer);
    peer.send(encodeRequest('ERROR', 0, { code: errorCodes.UNEXPECTED, reason }));
    expect(await gone).toBe(1000);
    expect(closed[0]).toContain(reason);
    expect(await isServed(await join(listener.address))).toBe(true);
  },
);

test('close ends all connections, and frees the port', async () => {
  const { listener, port, closed } = await start();
  const peer = await join(listener.address);
  const stranger = rawPeer(port);
  const gone = closeCode(peer);
  await listener.close();
  expect(await gone).toBe(1000);
  await stranger.closed;
  expect(closed).toEqual(['the backend ends']);
  const again = await listenWebSocket({
    host: '127.0.0.1',
    port,
    token: TOKEN,
    onConnection: () => {},
  });
  await again.close();
});

test("a port that is taken is the caller's error", async () => {
  const { port } = await start();
  await expect(
    listenWebSocket({ host: '127.0.0.1', port, token: TOKEN, onConnection: () => {} }),
  ).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
