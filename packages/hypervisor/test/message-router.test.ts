import { expect, test } from 'vitest';
import { MessageRouter, ROUTED_ADDRESS } from '../src/message-router.ts';

test('a message runs its handler until it is released', () => {
  const router = new MessageRouter();
  const seen: string[] = [];
  const one = router.request(() => seen.push('one'));
  const two = router.request(() => seen.push('two'));
  expect([one, two]).toEqual([
    { address: ROUTED_ADDRESS, data: 0 },
    { address: ROUTED_ADDRESS, data: 1 },
  ]);
  router.signal(1);
  router.signal(0);
  router.release(one);
  router.signal(0);
  router.signal(7);
  expect(seen).toEqual(['two', 'one']);
  expect(router.request(() => undefined).data).toBe(0);
});

test('after load, messages keep their data, and the next request has what it would have had', () => {
  const before = new MessageRouter();
  const first = before.request(() => undefined);
  const second = before.request(() => undefined);
  before.release(first);
  const router = new MessageRouter();
  router.request(() => {
    throw new Error('This handler is of before.');
  });
  router.load(before.save());
  expect(router.save()).toEqual([1]);
  const seen: string[] = [];
  router.signal(0);
  router.signal(1);
  router.adopt(second, () => seen.push('adopted'));
  router.signal(1);
  expect(seen).toEqual(['adopted']);
  expect(router.save()).toEqual(before.save());
  expect(router.request(() => undefined)).toEqual(before.request(() => undefined));
});

test('a line runs the handler of its function when it rises, if there is one', () => {
  const router = new MessageRouter();
  const seen: string[] = [];
  const port = router.port(0x100);
  port.requestLine(() => seen.push('line'));
  const message = port.request(() => seen.push('message'));
  expect(router.signalLine(0x100, true)).toBe(true);
  expect(router.signalLine(0x100, false)).toBe(true);
  expect(router.signalLine(0x101, true)).toBe(false);
  router.signal(message.data);
  expect(seen).toEqual(['line', 'message']);
  port.releaseLine();
  port.release(message);
  expect(router.signalLine(0x100, true)).toBe(false);
  router.signal(message.data);
  expect(seen).toHaveLength(2);
});
