/** The other end of `websocket.*`, in a thread: our transport, and `ws` alone, each with its port. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { hostClock, listenWebSocket } from '@doorbell/pv-backend/node';
import { Link, MAX_MESSAGE_BYTES, type Connection, type Handlers } from '@doorbell/wire';
import { WebSocketServer } from 'ws';

const nothing = {
  count: 0,
  addresses: new Float64Array(0),
  lengths: new Uint32Array(0),
  data: new Uint8Array(0),
};

/** Answers each write and each doorbell, as a driver's end does. */
function answer(connection: Connection): void {
  const handlers: Partial<Handlers<'driver'>> = {
    WRITE: () => ({ refused: 0 }),
    EVENT_USED: ({ queue }) => {
      link.send('EVENT_AVAIL', { queue, ranges: nothing });
    },
  };
  const link = new Link({
    connection,
    clock: hostClock(),
    handlers: handlers as Handlers<'driver'>,
    onLost: () => {},
  });
}

const listener = await listenWebSocket({
  host: '127.0.0.1',
  port: 0,
  token: 'bench',
  limits: { messagesPerSecond: Infinity, bytesPerSecond: Infinity },
  onConnection: answer,
});

const bare = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: false,
  maxPayload: MAX_MESSAGE_BYTES,
});
await once(bare, 'listening');
const ack = new Uint8Array(20); // as long as our answers, or 4 bytes less
bare.on('connection', (socket) => {
  socket.on('message', () => {
    socket.send(ack);
  });
});

const { port } = bare.address() as AddressInfo;
parentPort!.postMessage({ ours: listener.address, bare: `ws://127.0.0.1:${port}/` });
