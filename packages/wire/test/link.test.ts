import { describe, expect, it } from 'vitest';
import { decode, encodeRequest, encodeResponse, type Message } from '../src/codec.ts';
import { connectionPair } from '../src/connection-pair.ts';
import { type Handlers, Link } from '../src/link.ts';
import { errorCodes } from '../src/messages.ts';
import { Violation } from '../src/violation.ts';
import { WallClock } from '../src/wall-clock.ts';

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A driver's end, and a peer that says whatever the test wants. */
function link(handlers: Partial<Handlers<'driver'>> = {}) {
  const [near, far] = connectionPair();
  const received: Message[] = [];
  far.receive(
    (message) => received.push(decode(message)),
    () => {},
  );
  const lost: string[] = [];
  const made = new Link<'driver'>({
    connection: near,
    clock: new WallClock({ now: () => 0, after: () => () => {} }),
    handlers: handlers as Handlers<'driver'>,
    onLost: (reason) => lost.push(reason),
  });
  return { link: made, far, received, lost };
}

const event = encodeRequest('EVENT_CONFIG', 0, { status: 0, generation: 0, reason: '' });

describe('Link', () => {
  it('gives each request a token of its own, and each answer to its request', async () => {
    const { link: driver, far, received } = link();
    const first = driver.ask('GET_VQUEUE', { queue: 0 });
    const second = driver.ask('GET_VQUEUE', { queue: 1 });
    await settled();
    const [one, two] = received;
    expect(one.token).not.toBe(two.token);
    far.send(encodeResponse('GET_VQUEUE', two.token, { maxSize: 2 }));
    far.send(encodeResponse('GET_VQUEUE', one.token, { maxSize: 1 }));
    expect([await first, await second]).toEqual([{ maxSize: 1 }, { maxSize: 2 }]);
  });

  it('looks for an answer once more when the time is over', async () => {
    const [near, far] = connectionPair();
    const received: Message[] = [];
    far.receive(
      (message) => received.push(decode(message)),
      () => {},
    );
    let time = 0;
    const due: (() => void)[] = [];
    const driver = new Link<'driver'>({
      connection: near,
      clock: new WallClock({
        now: () => time,
        after: (_ns, run) => {
          due.push(run);
          return () => {};
        },
      }),
      handlers: {} as Handlers<'driver'>,
      onLost: () => {},
      timeoutNs: 1e9,
    });
    const expire = async (): Promise<void> => {
      time += 60e9;
      for (const run of due.splice(0)) {
        run();
      }
      await settled();
    };
    const asked = driver.ask('GET_VQUEUE', { queue: 0 });
    await settled();
    // The thread was busy for a minute: its timer comes before the answer that has long been here.
    await expire();
    far.send(encodeResponse('GET_VQUEUE', received[0].token, { maxSize: 1 }));
    expect(await asked).toEqual({ maxSize: 1 });
    const lost = driver.ask('GET_VQUEUE', { queue: 0 });
    await expire();
    expect(driver.lost).toBeUndefined();
    await expire();
    expect(await lost).toBeUndefined();
    expect(driver.lost).toBe('GET_VQUEUE was not answered within 1000 ms.');
  });

  it('does not take the answer to another request', async () => {
    const { link: driver, far, received, lost } = link();
    const asked = driver.ask('GET_VQUEUE', { queue: 0 });
    await settled();
    far.send(encodeResponse('GET_DEVICE_STATUS', received[0].token, { status: 0 }));
    expect(await asked).toBeUndefined();
    expect(lost).toEqual(["Nothing waits for GET_DEVICE_STATUS's answer 1."]);
  });

  it('does not take an answer twice', async () => {
    const { link: driver, far, received, lost } = link();
    const asked = driver.ask('GET_VQUEUE', { queue: 0 });
    await settled();
    const answer = encodeResponse('GET_VQUEUE', received[0].token, { maxSize: 1 });
    far.send(answer);
    far.send(answer);
    await settled();
    expect([await asked, lost.length]).toEqual([{ maxSize: 1 }, 1]);
  });

  it('tells the peer of a violation, once, and is lost', async () => {
    const refuse = (): never => {
      throw new Violation(errorCodes.LIMIT, 'Too much.');
    };
    const { link: driver, far, received, lost } = link({ EVENT_CONFIG: refuse });
    far.send(event);
    far.send(event);
    await settled();
    expect(received.map(({ fields }) => fields)).toEqual([{ code: 2, reason: 'Too much.' }]);
    expect([driver.lost, lost]).toEqual(['Too much.', ['Too much.']]);
  });

  it('sends, asks and receives nothing once it is lost', async () => {
    let events = 0;
    const { link: driver, far, received } = link({ EVENT_CONFIG: () => (events++, undefined) });
    far.send(event);
    await settled();
    driver.close('enough');
    far.send(event);
    driver.send('SYNC', {
      ranges: {
        count: 0,
        addresses: new Float64Array(0),
        lengths: new Uint32Array(0),
        data: new Uint8Array(0),
      },
    });
    expect(await driver.ask('STATS', {})).toBeUndefined();
    await settled();
    expect([events, received, driver.counts.messagesSent]).toEqual([1, [], 0]);
  });

  it('counts messages and bytes', async () => {
    const { link: driver, far } = link({ EVENT_CONFIG: () => {} });
    far.send(event);
    driver.answer('WRITE', 1, { refused: 0 });
    await settled();
    expect(driver.counts).toMatchObject({
      messagesSent: 1,
      bytesSent: 20,
      messagesReceived: 1,
      bytesReceived: event.length,
    });
  });
});
