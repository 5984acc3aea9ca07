import { describe, expect, it } from 'vitest';
import { MessagePool } from '../src/message-pool.ts';

describe('MessagePool', () => {
  it('gives memory again only once its message has left', () => {
    const pool = new MessagePool();
    const first = pool.take(70_000);
    expect(first).toHaveLength(70_000);
    const second = pool.take(70_000);
    expect(second.buffer).not.toBe(first.buffer);
    pool.release(first);
    expect(pool.take(80_000).buffer).toBe(first.buffer);
    expect(pool.take(70_000).buffer).not.toBe(first.buffer);
  });

  it('takes a message back once, and none that was not its own', () => {
    const pool = new MessagePool();
    const message = pool.take(5000);
    pool.release(message);
    pool.release(message);
    pool.release(new Uint8Array(2 ** 20));
    expect(pool.take(5000).buffer).toBe(message.buffer);
    expect(pool.take(5000).buffer).not.toBe(message.buffer);
    expect(pool.take(2 ** 20).buffer.byteLength).toBe(2 ** 20);
  });

  it('does not give much more than was asked for', () => {
    const pool = new MessagePool();
    const large = pool.take(2 ** 20);
    pool.release(large);
    expect(pool.take(5000).buffer).not.toBe(large.buffer);
    expect(pool.take(2 ** 19).buffer).toBe(large.buffer);
  });

  it('gives short messages memory of their own', () => {
    const pool = new MessagePool();
    const short = pool.take(64);
    pool.release(short);
    expect(short.buffer.byteLength).toBe(64);
    expect(pool.take(64).buffer).not.toBe(short.buffer);
  });

  it('keeps 32 MiB at most', () => {
    const pool = new MessagePool();
    const messages = Array.from({ length: 3 }, () => pool.take(16 * 2 ** 20));
    for (const message of messages) {
      pool.release(message);
    }
    const again = messages.map(({ length }) => pool.take(length).buffer);
    const kept = again.filter((buffer) => messages.some((message) => message.buffer === buffer));
    expect(kept).toHaveLength(2);
  });
});
