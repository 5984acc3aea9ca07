import { describe, expect, it } from 'vitest';
import { connectionPair } from '../src/connection-pair.ts';

function listening() {
  const [near, far] = connectionPair();
  const log: string[] = [];
  const note = (end: string) =>
    [
      (message: Uint8Array) => log.push(`${end} got ${message.join()}`),
      (reason: string) => log.push(`${end} closed: ${reason}`),
    ] as const;
  near.receive(...note('near'));
  far.receive(...note('far'));
  return { near, far, log };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('connectionPair', () => {
  it('delivers in order, and never within send', async () => {
    const { near, far, log } = listening();
    near.send(Uint8Array.of(1));
    near.send(Uint8Array.of(2));
    far.send(Uint8Array.of(3));
    expect(log).toEqual([]);
    await settled();
    expect(log).toEqual(['far got 1', 'far got 2', 'near got 3']);
  });

  it('delivers what was sent before the end, and nothing after it', async () => {
    const { near, far, log } = listening();
    near.send(Uint8Array.of(1));
    near.close('enough');
    near.send(Uint8Array.of(2));
    await settled();
    far.send(Uint8Array.of(3));
    far.close('again');
    await settled();
    expect(log).toEqual(['far got 1', 'near closed: enough', 'far closed: enough']);
  });

  it('counts what waits while it is held', async () => {
    const { near, log } = listening();
    near.hold(true);
    near.send(new Uint8Array(5));
    let drained = false;
    const draining = near.drained().then(() => (drained = true));
    await settled();
    expect([near.buffered, drained, log]).toEqual([5, false, []]);
    near.hold(false);
    await draining;
    await settled();
    expect([near.buffered, log.length]).toEqual([0, 1]);
  });

  it('is drained by its end', async () => {
    const { near } = listening();
    near.hold(true);
    near.send(new Uint8Array(5));
    const draining = near.drained();
    near.close('enough');
    await draining;
    await near.drained();
    expect(near.buffered).toBe(5);
  });
});
