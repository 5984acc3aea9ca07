/** A backend to attack, and peers that do not know how to behave. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { decode, encodeRequest, type Message } from '@doorbell/wire';
import { WebSocket } from 'ws';
import { MessageServer } from '../../src/index.ts';
import {
  hostClock,
  listenWebSocket,
  type PeerLimits,
  type WebSocketListener,
} from '../../src/node/index.ts';
import { QuietDevice } from './quiet-device.ts';

export const TOKEN = 'a+token/with=signs';

export interface Backend {
  readonly listener: WebSocketListener;
  readonly port: number;
  readonly servers: MessageServer[];
  /** Reasons of connections that have closed. */
  readonly closed: string[];
  readonly log: string[];
}

/** A backend of quiet devices, on a port that was free. */
export async function startBackend(limits: Partial<PeerLimits> = {}): Promise<Backend> {
  const servers: MessageServer[] = [];
  const closed: string[] = [];
  const log: string[] = [];
  const listener = await listenWebSocket({
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    origins: ['http://192.0.2.7:8080'],
    limits,
    log: (line) => log.push(line),
    onConnection: (connection) => {
      servers.push(
        new MessageServer({
          connection,
          clock: hostClock(),
          create: () => new QuietDevice(),
          onClose: (reason) => closed.push(reason),
        }),
      );
    },
  });
  return { listener, port: Number(new URL(listener.address).port), servers, closed, log };
}

export interface Origin {
  readonly origin?: string;
}

/** A peer that has its connection. It is not told of errors: the tests look at the close code. */
export async function join(address: string, options: Origin = {}): Promise<WebSocket> {
  const socket = new WebSocket(address, 'doorbell.1', { perMessageDeflate: false, ...options });
  await once(socket, 'open');
  socket.on('error', () => {});
  return socket;
}

/** The HTTP status that a peer is refused with, or 101. */
export async function statusOf(address: string, options: Origin = {}): Promise<number> {
  const socket = new WebSocket(address, 'doorbell.1', options);
  socket.on('error', () => {});
  const status = await new Promise<number>((resolve) => {
    socket.on('open', () => {
      resolve(101);
    });
    socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
      resolve(statusCode);
    });
  });
  socket.terminate();
  return status;
}

/** Resolves with the code that the connection closes with. */
export async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number];
  return code;
}

/** What a peer is told next. */
export async function nextMessage(socket: WebSocket): Promise<Message> {
  const [data] = (await once(socket, 'message')) as [Buffer];
  return decode(new Uint8Array(data));
}

/** Whether a peer that behaves is served: it asks what device there is. */
export async function isServed(socket: WebSocket): Promise<boolean> {
  const answer = nextMessage(socket);
  socket.send(encodeRequest('DEVICE_INFO', 1, {}));
  const message = await answer;
  return message.name === 'DEVICE_INFO' && message.response && message.fields.deviceId === 16;
}

/** Bytes on a bare TCP connection, and when the backend closes it. */
export function rawPeer(port: number): { readonly socket: Socket; readonly closed: Promise<void> } {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  return {
    socket,
    closed: new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
      });
    }),
  };
}
