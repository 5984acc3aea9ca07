import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { listenWebSocket, type ListenOptions } from '@doorbell/pv-backend/node';
import type { Connection } from '@doorbell/wire';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { connectWebSocket } from '../../src/node/index.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

async function backend(more: Partial<ListenOptions> = {}): Promise<string> {
  const listener = await listenWebSocket({
    host: '127.0.0.1',
    port: 0,
    token: 'secret',
    onConnection: echo,
    ...more,
  });
  closing.push(() => listener.close());
  return listener.address;
}

function echo(connection: Connection): void {
  connection.receive(
    (message) => {
      connection.send(message);
    },
    () => {},
  );
}

/** What listens, but is no backend; it is closed with the test. */
async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/?token=secret`;
}

async function connected(address: string): Promise<Connection> {
  const connection = await connectWebSocket(address);
  closing.push(() => {
    connection.close('the test ends');
  });
  return connection;
}

/** The bytes of the next messages, until there are so many. */
function received(connection: Connection, count: number): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const messages: Uint8Array[] = [];
    connection.receive(
      (message) => {
        if (messages.push(message) === count) {
          resolve(messages);
        }
      },
      (reason) => {
        reject(new Error(reason));
      },
    );
  });
}

test('messages go both ways, whole and in order, of any size', async () => {
  const connection = await connected(await backend());
  const sizes = [0, 1, 125, 126, 65_535, 65_536, 3_000_000, 5];
  const sent = sizes.map((size) => Uint8Array.from({ length: size }, (_, i) => i % 251));
  const back = received(connection, sizes.length);
  for (const message of sent) {
    connection.send(message);
  }
  for (const [index, message] of (await back).entries()) {
    expect(Buffer.compare(message, sent[index])).toBe(0);
    expect(Buffer.isBuffer(message)).toBe(false); // whose slice() would not copy
  }
});

test('what has not left yet is told, until it has', async () => {
  const connection = await connected(
    await backend({ limits: { bytesPerSecond: 200_000_000 }, onConnection: () => {} }),
  );
  connection.receive(
    () => {},
    () => {},
  );
  connection.send(new Uint8Array(60_000_000));
  expect(connection.buffered).toBeGreaterThan(1_000_000);
  await connection.drained();
  expect(connection.buffered).toBe(0);
  await connection.drained();
});

test('each end is told once that the other has closed, and why', async () => {
  const told: string[] = [];
  const address = await backend({
    onConnection: (connection) => {
      connection.receive(
        () => {
          connection.close('enough');
          connection.close('once more');
          connection.send(new Uint8Array(1));
        },
        (reason) => told.push(`backend: ${reason}`),
      );
    },
  });
  const connection = await connected(address);
  const closed = vi.fn<(reason: string) => void>();
  connection.receive(() => {}, closed);
  connection.send(Uint8Array.of(1));
  await vi.waitFor(() => expect(closed).toHaveBeenCalledExactlyOnceWith('enough'), 60_000);
  expect(told).toEqual(['backend: enough']);
});

test('waiting for what cannot leave any more ends when the connection does', async () => {
  const connection = await connected(await backend({ limits: { bytesPerSecond: 1 } }));
  connection.send(new Uint8Array(60_000_000));
  const drained = connection.drained();
  connection.close('given up');
  await drained;
  expect(connection.buffered).toBe(0);
});

test('a wrong token is said', async () => {
  const address = (await backend()).replace('secret', 'guess');
  await expect(connectWebSocket(address)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringMatching(/does not know this token: use the address that it printed/),
  });
});

test('a backend that is full is said', async () => {
  const address = await backend({ limits: { maxConnections: 1 } });
  await connected(address);
  await expect(connectWebSocket(address)).rejects.toMatchObject({ code: 'busy' });
});

test('a port where nothing listens is said', async () => {
  const server = createServer();
  const address = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  await expect(connectWebSocket(address)).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(
      /^Cannot connect with 127\.0\.0\.1:\d+: nothing listens there; doorbell serve --backend --listen 127\.0\.0\.1:\d+ starts a backend\.$/,
    ),
  });
});

test('who accepts and says nothing is not waited for', async () => {
  const address = await listening(
    createServer((socket) => {
      closing.push(() => socket.destroy());
    }),
  );
  await expect(connectWebSocket(address, { timeoutMs: 100 })).rejects.toMatchObject({
    code: 'unreachable',
  });
});

test('a web server is not a backend', async () => {
  const server = createHttpServer((_request, response) => response.end('hello'));
  await expect(connectWebSocket(await listening(server))).rejects.toMatchObject({
    code: 'not-a-backend',
    message: expect.stringMatching(/not a Doorbell backend: it answers with HTTP status 200/),
  });
});

test('nor is whatever talks something else', async () => {
  const server = createServer((socket) => socket.end('220 mail ready\r\n'));
  await expect(connectWebSocket(await listening(server))).rejects.toMatchObject({
    code: 'not-a-backend',
  });
});

test('nor is any other WebSocket server', async () => {
  const server = createHttpServer();
  const sockets = new WebSocketServer({ server, handleProtocols: () => false });
  closing.push(() => sockets.clients.forEach((client) => client.terminate()));
  await expect(connectWebSocket(await listening(server))).rejects.toMatchObject({
    code: 'not-a-backend',
  });
});
