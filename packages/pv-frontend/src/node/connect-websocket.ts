/** Connects with a backend over a WebSocket (RFC 6455). */
import type { IncomingMessage } from 'node:http';
import {
  CLOSE_MS,
  closeReason,
  MAX_MESSAGE_BYTES,
  SocketConnection,
  SUBPROTOCOL,
  type Connection,
} from '@doorbell/wire';
import { WebSocket, type RawData } from 'ws';
import { BackendUnavailable } from './backend-unavailable.ts';
import { impair, type Impairment } from './impaired-connection.ts';

export interface ConnectOptions extends Partial<Impairment> {
  /** For the handshake; 5,000 when absent. */
  readonly timeoutMs?: number;
}

/**
 * @param address  `ws://HOST:PORT/?token=TOKEN`, as `doorbell serve --backend` prints it.
 * @throws BackendUnavailable
 */
export async function connectWebSocket(
  address: string,
  { timeoutMs = 5_000, ...impairment }: ConnectOptions = {},
): Promise<Connection> {
  const connection = await open(address, timeoutMs);
  return impair(connection, impairment);
}

function open(address: string, timeoutMs: number): Promise<SocketConnection> {
  const { host } = new URL(address);
  const socket = new WebSocket(address, SUBPROTOCOL, {
    perMessageDeflate: false,
    handshakeTimeout: timeoutMs,
    maxPayload: MAX_MESSAGE_BYTES,
    // Masks keep browsers' scripts from steering proxies (RFC 6455 §10.3); this is no browser,
    // and a mask of zeros saves the pass over all bytes that costs more than sending them.
    generateMask: (mask) => mask.fill(0),
  });
  return new Promise((resolve, reject) => {
    const connection = connectionOf(socket);
    const fail = (error: BackendUnavailable): void => {
      socket.off('error', onError);
      socket.on('error', () => {}); // of giving up
      socket.terminate();
      reject(error);
    };
    const onError = (error: Error): void => {
      fail(unavailable(host, error));
    };
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      fail(refused(host, response.statusCode ?? 0));
    });
    socket.on('error', onError);
    socket.once('open', () => {
      socket.off('error', onError);
      resolve(connection);
    });
  });
}

/** Listens from the start, so that nothing that arrives with the handshake is missed. */
function connectionOf(socket: WebSocket): SocketConnection {
  const connection = new SocketConnection({
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (message, sent) => {
      socket.send(message, sent);
    },
    close: (reason) => {
      socket.close(1000, closeReason(reason));
      setTimeout(() => {
        socket.terminate();
      }, CLOSE_MS).unref();
    },
  });
  socket.on('message', (data: RawData, isBinary) => {
    if (isBinary && Buffer.isBuffer(data)) {
      // A plain view: slice() of a Buffer does not copy, against what holds for every other array.
      connection.arrived(new Uint8Array(data.buffer, data.byteOffset, data.length));
    } else {
      connection.close('The backend sent text.');
    }
  });
  socket.on('error', (error) => {
    connection.closed(error.message);
  });
  socket.on('close', (code, reason) => {
    connection.closed(reason.toString() || `the connection closed, code ${code}`);
  });
  return connection;
}

function refused(host: string, status: number): BackendUnavailable {
  switch (status) {
    case 401:
      return new BackendUnavailable(
        'refused',
        `The backend at ${host} does not know this token: use the address that it printed when it started.`,
      );
    case 403:
      return new BackendUnavailable('refused', `The backend at ${host} does not let us in.`);
    case 503:
      return new BackendUnavailable(
        'busy',
        `The backend at ${host} has as many connections as it allows.`,
      );
    default:
      return notOne(host, `it answers with HTTP status ${status}`);
  }
}

function unavailable(host: string, error: Error & { readonly code?: string }): BackendUnavailable {
  if (error.code !== undefined && /^E[A-Z]+$/.test(error.code)) {
    const why =
      error.code === 'ECONNREFUSED'
        ? `nothing listens there; doorbell serve --backend --listen ${host} starts a backend`
        : error.code;
    return new BackendUnavailable('unreachable', `Cannot connect with ${host}: ${why}.`);
  }
  if (error.message.includes('timed out')) {
    return new BackendUnavailable('unreachable', `Cannot connect with ${host}: no answer in time.`);
  }
  return notOne(host, error.message);
}

function notOne(host: string, why: string): BackendUnavailable {
  return new BackendUnavailable(
    'not-a-backend',
    `What listens at ${host} is not a Doorbell backend: ${why}.`,
  );
}
