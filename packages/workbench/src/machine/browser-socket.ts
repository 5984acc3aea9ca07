/** A `Connection` with a backend over the browser's WebSocket (RFC 6455; WHATWG "WebSockets"). */
import { BackendFailed } from '@doorbell/lab';
import { closeReason, SocketConnection, SUBPROTOCOL, type Connection } from '@doorbell/wire';

/** For the handshake, in milliseconds. */
const TIMEOUT_MS = 5_000;
/** Between two looks at what has left: the browser does not tell. */
const LOOK_MS = 1;

/**
 * @param address  `ws://HOST:PORT/?token=TOKEN`, as `doorbell serve --backend` prints it.
 * @throws BackendFailed
 */
export function connectSocket(address: string): Promise<Connection> {
  const { host } = new URL(address);
  const socket = new WebSocket(address, SUBPROTOCOL);
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    const connection = connectionOf(socket);
    const late = setTimeout(() => {
      socket.close();
      reject(new BackendFailed(`Cannot connect with ${host}: no answer in time.`));
    }, TIMEOUT_MS);
    socket.addEventListener('open', () => {
      clearTimeout(late);
      resolve(connection);
    });
    socket.addEventListener('error', () => {
      clearTimeout(late);
      reject(new BackendFailed(unreachable(host)));
    });
  });
}

/** Browsers keep from a page why there is no connection: it could look around with that. */
function unreachable(host: string): string {
  return (
    `Cannot connect with ${host}: nothing listens there, its token is another one, or it does not let this page in. ` +
    `Give the whole address that 'doorbell serve --backend --origin ${location.origin}' prints.`
  );
}

/** Listens from the start, so that nothing that arrives with the handshake is missed. */
function connectionOf(socket: WebSocket): SocketConnection {
  const outbox = new Outbox(socket);
  const connection = new SocketConnection({
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (message, sent) => {
      outbox.send(message, sent);
    },
    close: (reason) => {
      socket.close(1000, closeReason(reason));
    },
  });
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer) {
      connection.arrived(new Uint8Array(data));
    } else {
      connection.close('The backend sent text.');
    }
  });
  socket.addEventListener('close', ({ code, reason }) => {
    outbox.clear();
    connection.closed(reason === '' ? `the connection closed, code ${code}` : reason);
  });
  return connection;
}

/** Tells when messages have left. */
class Outbox {
  private readonly socket: WebSocket;
  /** How much had been sent with each, and whom to tell. */
  private readonly pending: { readonly end: number; readonly sent: () => void }[] = [];
  private bytes = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  send(message: Uint8Array, sent: () => void): void {
    // The guest's memory is never shared here, and the browser copies what it is given.
    this.socket.send(message as Uint8Array<ArrayBuffer>);
    this.bytes += message.length;
    this.pending.push({ end: this.bytes, sent });
    this.look();
  }

  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const { sent } of this.pending.splice(0)) {
      sent();
    }
  }

  private look(): void {
    const left = this.bytes - this.socket.bufferedAmount;
    while (this.pending.length > 0 && this.pending[0].end <= left) {
      this.pending.shift()?.sent();
    }
    if (this.pending.length > 0) {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.look();
      }, LOOK_MS);
    }
  }
}
