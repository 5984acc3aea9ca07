/** A connection that is cut after each message of a run in turn: nothing of it is seen on the screen, and nothing stays. */
import { SocketConnection } from '@doorbell/wire';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { CountingServer } from './counting-server.ts';
import { nativeFrames, type Picture, runOver } from './in-process.ts';

let server: CountingServer;

beforeAll(async () => {
  server = await CountingServer.start();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await vi.waitFor(() => expect(server.held).toEqual({ resources: 0, bytes: 0 }), 60_000);
  expect(server.said.filter((line) => line.includes('bug'))).toEqual([]);
});
afterAll(() => server.close());

/** How many messages go both ways in a run that nothing disturbs: sent once, and arrived at one of the ends. */
async function messagesOf(
  picture: Picture,
  options: Readonly<Record<string, string>>,
): Promise<number> {
  const arrived = vi.spyOn(SocketConnection.prototype, 'arrived');
  await runOver(server.address, picture, options);
  return arrived.mock.calls.length;
}

/** Cuts the connection after each `step`-th message. */
async function sweep(
  picture: Picture,
  options: Readonly<Record<string, string>>,
  step: number,
): Promise<number> {
  const expected = await nativeFrames(picture);
  const messages = await messagesOf(picture, options);
  for (let at = step; at <= messages; at += step) {
    const { frames } = await runOver(server.address, picture, options, at);
    expect(frames, `cut after message ${at} of ${messages}`).toEqual(expected);
  }
  return messages;
}

test('a picture that is drawn anew each time, cut after every single message', async () => {
  const messages = await sweep({ scene: 'triangle', frames: 2 }, {}, 1);
  expect(messages).toBeGreaterThan(90);
});

test('the same on packed queues, in batches, without notifications', async () => {
  const options = { ring: 'packed', notify: 'poll', batch: '16' };
  await sweep({ scene: 'triangle', frames: 2 }, options, 1);
});

test('a picture that is added to in each frame, cut at every 97th message', async () => {
  await sweep({ scene: 'churn', frames: 2 }, {}, 97);
});

test('a connection that is cut three times, on its way back too', async () => {
  const picture = { scene: 'churn', frames: 2 };
  const expected = await nativeFrames(picture);
  const { arrived } = SocketConnection.prototype;
  let messages = 0;
  let cuts = 0;
  vi.spyOn(SocketConnection.prototype, 'arrived').mockImplementation(function (
    this: SocketConnection,
    message,
  ) {
    arrived.call(this, message);
    if (++messages % 400 === 0 && cuts < 3) {
      cuts++;
      this.close('cut by the test');
    }
  });
  expect((await runOver(server.address, picture, {})).frames).toEqual(expected);
  expect(cuts).toBe(3);
});
