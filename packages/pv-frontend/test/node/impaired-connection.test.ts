import type { Connection } from '@doorbell/wire';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { impair, type Impairment } from '../../src/node/index.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A connection whose other end is the test. */
class Held implements Connection {
  readonly buffered = 0;
  readonly sent: { readonly at: number; readonly message: Uint8Array }[] = [];
  closed: string | undefined;
  arrive: (message: Uint8Array) => void = () => {};
  private onClose: (reason: string) => void = () => {};

  send(message: Uint8Array): void {
    this.sent.push({ at: performance.now(), message });
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  receive(onMessage: (message: Uint8Array) => void, onClose: (reason: string) => void): void {
    this.arrive = onMessage;
    this.onClose = onClose;
  }

  close(reason: string): void {
    if (this.closed === undefined) {
      this.closed = reason;
      this.onClose(reason);
    }
  }
}

function impaired(impairment: Partial<Impairment>): {
  readonly held: Held;
  readonly connection: Connection;
  readonly onMessage: ReturnType<typeof vi.fn<(message: Uint8Array) => void>>;
  readonly onClose: ReturnType<typeof vi.fn<(reason: string) => void>>;
} {
  const held = new Held();
  const connection = impair(held, impairment);
  const onMessage = vi.fn<(message: Uint8Array) => void>();
  const onClose = vi.fn<(reason: string) => void>();
  connection.receive(onMessage, onClose);
  return { held, connection, onMessage, onClose };
}

test('without impairment it is the connection itself', () => {
  const held = new Held();
  expect(impair(held, { seed: 4 })).toBe(held);
});

test('latency holds messages back, each way', () => {
  const { held, connection, onMessage } = impaired({ latencyMs: 20 });
  connection.send(Uint8Array.of(1, 2));
  held.arrive(Uint8Array.of(3));
  expect(connection.buffered).toBe(2);
  vi.advanceTimersByTime(19);
  expect(held.sent).toEqual([]);
  expect(onMessage).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(held.sent.map(({ message }) => message)).toEqual([Uint8Array.of(1, 2)]);
  expect(onMessage).toHaveBeenCalledExactlyOnceWith(Uint8Array.of(3));
  expect(connection.buffered).toBe(0);
});

/** When each of 50 messages that were sent a millisecond apart left. */
function departures(seed: number): number[] {
  const { held, connection } = impaired({ latencyMs: 5, jitterMs: 30, seed });
  const start = performance.now();
  for (let i = 0; i < 50; i++) {
    connection.send(Uint8Array.of(i));
    vi.advanceTimersByTime(1);
  }
  vi.advanceTimersByTime(100);
  expect(held.sent.map(({ message }) => message[0])).toEqual(
    Array.from({ length: 50 }, (_, i) => i),
  );
  return held.sent.map(({ at }) => at - start);
}

test('jitter changes when messages arrive, and not their order', () => {
  const times = departures(1);
  for (const [index, time] of times.entries()) {
    expect(time).toBeGreaterThanOrEqual(index + 5);
    expect(time).toBeLessThanOrEqual(50 + 35 + 1);
  }
  expect(new Set(times.map((time, index) => time - index)).size).toBeGreaterThan(10);
});

test('the same seed gives the same jitter, another one another', () => {
  expect(departures(7)).toEqual(departures(7));
  expect(departures(7)).not.toEqual(departures(8));
});

test('drops the connection after so many messages, both ways counted', () => {
  const { held, connection, onMessage, onClose } = impaired({ dropConnectionAt: 3 });
  connection.send(Uint8Array.of(1));
  held.arrive(Uint8Array.of(2));
  expect(onClose).not.toHaveBeenCalled();
  connection.send(Uint8Array.of(3));
  connection.send(Uint8Array.of(4));
  expect(held.sent).toHaveLength(2);
  expect(onMessage).toHaveBeenCalledTimes(1);
  expect(onClose).toHaveBeenCalledExactlyOnceWith(
    'the connection was dropped after 3 messages, as asked',
  );
  expect(held.closed).toBe('dropped on purpose');
});

test('the end of the connection comes after what was sent before it', () => {
  const { held, onMessage, onClose } = impaired({ latencyMs: 10 });
  held.arrive(Uint8Array.of(1));
  held.close('gone');
  expect(onClose).not.toHaveBeenCalled();
  vi.advanceTimersByTime(10);
  expect(onMessage).toHaveBeenCalledOnce();
  expect(onClose).toHaveBeenCalledExactlyOnceWith('gone');
});

test('closing tells the closer at once, and sends first what was sent', () => {
  const { held, connection, onMessage, onClose } = impaired({ latencyMs: 10 });
  connection.send(Uint8Array.of(1));
  connection.close('done');
  expect(onClose).toHaveBeenCalledExactlyOnceWith('done');
  held.arrive(Uint8Array.of(9));
  vi.advanceTimersByTime(20);
  expect(held.sent).toHaveLength(1);
  expect(held.closed).toBe('done');
  expect(onMessage).not.toHaveBeenCalled();
  expect(onClose).toHaveBeenCalledOnce();
});

test('drained resolves when the line has moved, and when it is closed', async () => {
  const { connection } = impaired({ latencyMs: 10 });
  connection.send(Uint8Array.of(1));
  const moved = connection.drained();
  vi.advanceTimersByTime(10);
  await moved;
  connection.send(Uint8Array.of(1));
  const ended = connection.drained();
  connection.close('done');
  vi.advanceTimersByTime(10);
  await ended;
});
