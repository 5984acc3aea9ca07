import { describe, expect, it } from 'vitest';
import { SocketConnection } from '../src/socket-connection.ts';

/** A connection over a socket whose messages leave when the test says so. */
function connection() {
  const log: string[] = [];
  const leaving: (() => void)[] = [];
  const socket = {
    bufferedAmount: 0,
    send: (message: Uint8Array, sent: () => void) => {
      log.push(`sent ${message.join()}`);
      socket.bufferedAmount += message.length;
      leaving.push(() => {
        socket.bufferedAmount -= message.length;
        sent();
      });
    },
    close: (reason: string) => log.push(`closed the socket: ${reason}`),
  };
  const made = new SocketConnection(socket);
  const receive = (): void => {
    made.receive(
      (message) => log.push(`got ${message.join()}`),
      (reason) => log.push(`closed: ${reason}`),
    );
  };
  return { made, log, receive, leave: () => leaving.shift()?.() };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('SocketConnection', () => {
  it('keeps what arrives before anybody listens, in order, and the end after it', async () => {
    const { made, log, receive } = connection();
    made.arrived(Uint8Array.of(1));
    receive();
    made.arrived(Uint8Array.of(2));
    made.closed('gone');
    expect(log).toEqual([]);
    await settled();
    expect(log).toEqual(['got 1', 'got 2', 'closed: gone']);
  });

  it('delivers at once later on', async () => {
    const { made, log, receive } = connection();
    receive();
    await settled();
    made.arrived(Uint8Array.of(3));
    expect(log).toEqual(['got 3']);
  });

  it('says once that it has closed, whoever closed it, and is silent afterwards', async () => {
    const { made, log, receive } = connection();
    receive();
    await settled();
    made.close('enough');
    made.close('twice');
    made.closed('the socket too');
    made.arrived(Uint8Array.of(1));
    made.send(Uint8Array.of(2));
    await settled();
    expect(log).toEqual(['closed the socket: enough', 'closed: enough']);
  });

  it('is drained when messages have left, or when it has closed', async () => {
    const { made, log, leave } = connection();
    await made.drained();
    made.send(Uint8Array.of(1, 2, 3));
    expect(made.buffered).toBe(3);
    void made.drained().then(() => log.push('drained'));
    await settled();
    expect(log).toEqual(['sent 1,2,3']);
    leave();
    await settled();
    expect(log).toEqual(['sent 1,2,3', 'drained']);
    made.send(Uint8Array.of(4));
    void made.drained().then(() => log.push('drained again'));
    made.closed('gone');
    await settled();
    expect(log.slice(2)).toEqual(['sent 4', 'drained again']);
    expect(made.buffered).toBe(0);
  });

  it('uses memory again only when its message has left', () => {
    const { made, leave } = connection();
    const message = made.allocate(10_000);
    made.send(message);
    expect(made.allocate(10_000).buffer).not.toBe(message.buffer);
    leave();
    expect(made.allocate(10_000).buffer).toBe(message.buffer);
  });
});
