import {
  access,
  connectionPair,
  decode,
  encodeResponse,
  type Handlers,
  Link,
  WallClock,
} from '@doorbell/wire';
import { describe, expect, it } from 'vitest';
import { Reach } from '../src/reach.ts';
import { RemoteDma } from '../src/remote-dma.ts';

const MEBIBYTE = 2 ** 20;
const BYTES = 80 * MEBIBYTE;

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A driver that grants all that is asked for. */
function remote() {
  const [near, far] = connectionPair();
  const asked: string[] = [];
  near.receive(
    (message) => {
      const { name, token } = decode(message);
      asked.push(name);
      near.send(
        name === 'READ'
          ? encodeResponse(name, token, { refused: 0, data: new Uint8Array(MEBIBYTE) })
          : encodeResponse('WRITE', token, { refused: 0 }),
      );
    },
    () => {},
  );
  const reach = new Reach();
  reach.add(0, BYTES, access.READ | access.WRITE);
  const link = new Link<'device'>({
    connection: far,
    clock: new WallClock({ now: () => 0, after: () => () => {} }),
    handlers: {} as Handlers<'device'>,
    onLost: () => {},
  });
  return { dma: new RemoteDma(link, reach), near, far, asked, link };
}

describe('a transfer that is not wanted any more', () => {
  it('2.4.1: sends no WRITE after those that were sent', async () => {
    const { dma, far, asked, link } = remote();
    let isWanted = true;
    far.hold(true);
    const written = dma.write(0, new Uint8Array(BYTES), () => isWanted);
    await settled();
    const sent = link.counts.messagesSent;
    expect([sent > 0, sent < 16]).toEqual([true, true]);
    isWanted = false;
    far.hold(false);
    expect(await written).toBe(false);
    expect(asked).toEqual(new Array(sent).fill('WRITE'));
  });

  it('2.4.1: sends no READ either', async () => {
    const { dma, near, asked } = remote();
    let isWanted = true;
    near.hold(true);
    const read = dma.read(0, new Uint8Array(BYTES), () => isWanted);
    await settled();
    expect(asked.length).toBe(64);
    isWanted = false;
    near.hold(false);
    expect(await read).toBe(false);
    expect(asked.length).toBe(64);
  });

  it('is moved whole while it is', async () => {
    const { dma, asked, link } = remote();
    expect(await dma.write(0, new Uint8Array(BYTES), () => true)).toBe(true);
    expect(await dma.read(0, new Uint8Array(BYTES), () => true)).toBe(true);
    expect(asked.length).toBe(160);
    expect(link.counts).toMatchObject({ bytesRead: BYTES, bytesWritten: BYTES });
  });
});
