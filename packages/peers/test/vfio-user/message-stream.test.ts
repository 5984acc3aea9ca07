import { expect, it } from 'vitest';
import { MAX_MESSAGE_BYTES, MessageStream } from '../../src/vfio-user/message-stream.ts';
import { vfioUserHeader } from '../../src/vfio-user/messages.ts';
import { clientMessage } from './client-messages.ts';

function put(stream: MessageStream, bytes: Uint8Array, descriptors: readonly number[] = []): void {
  stream.room().set(bytes);
  stream.came(bytes.length, descriptors);
}

it('gives messages once they are whole', () => {
  const stream = new MessageStream();
  const bytes = Buffer.concat([clientMessage(1, 9, Uint8Array.of(7, 8)), clientMessage(2, 13)]);
  put(stream, bytes.subarray(0, 5));
  expect(stream.next()).toBeUndefined();
  put(stream, bytes.subarray(5, 17));
  expect(stream.next()).toBeUndefined();
  put(stream, bytes.subarray(17));
  const [first, second] = [stream.next(), stream.next()];
  expect(first).toEqual({
    id: 1,
    command: 9,
    flags: 0,
    payload: Uint8Array.of(7, 8),
    descriptors: [],
  });
  expect(second).toMatchObject({ id: 2, command: 13 });
  expect(stream.next()).toBeUndefined();
});

it('gives descriptors to the last message of the bytes that they came with', () => {
  const stream = new MessageStream();
  put(stream, Buffer.concat([clientMessage(1, 9), clientMessage(2, 8)]), [5, 6]);
  expect(stream.next()).toMatchObject({ id: 1, descriptors: [] });
  expect(stream.next()).toMatchObject({ id: 2, descriptors: [5, 6] });
});

it('gives descriptors to the message that they began, also when it ends later', () => {
  const stream = new MessageStream();
  const second = clientMessage(2, 8, Uint8Array.of(1, 2, 3));
  put(stream, Buffer.concat([clientMessage(1, 9), second.subarray(0, 10)]), [5]);
  expect(stream.next()).toMatchObject({ id: 1, descriptors: [] });
  put(stream, Buffer.concat([second.subarray(10), clientMessage(3, 9)]));
  expect(stream.next()).toMatchObject({ id: 2, descriptors: [5] });
  expect(stream.next()).toMatchObject({ id: 3, descriptors: [] });
});

it('keeps descriptors that were given to nobody, to be closed', () => {
  const stream = new MessageStream();
  put(stream, clientMessage(1, 9).subarray(0, 4), [5]);
  expect(() => put(stream, clientMessage(1, 9).subarray(4, 8), [6])).toThrow('before the message');
  expect(stream.left).toEqual([5, 6]);
});

it('refuses sizes beyond reason, and replies', () => {
  for (const size of [0, 15, MAX_MESSAGE_BYTES + 1, 0xffffffff]) {
    const stream = new MessageStream();
    put(stream, vfioUserHeader.encode({ id: 1, command: 9, size, flags: 0, error: 0 }));
    expect(() => stream.next(), String(size)).toThrow(`A message of ${size} bytes`);
  }
  const stream = new MessageStream();
  put(stream, clientMessage(1, 9, new Uint8Array(0), 1));
  expect(() => stream.next()).toThrow('no command');
});

it('has room for the largest message, wherever it begins', () => {
  const stream = new MessageStream();
  const largest = clientMessage(1, 10, new Uint8Array(MAX_MESSAGE_BYTES - 16));
  for (let round = 0; round < 3; round++) {
    put(stream, clientMessage(2, 9));
    put(stream, largest.subarray(0, MAX_MESSAGE_BYTES - 16));
    expect(stream.next()).toMatchObject({ id: 2 });
    expect(stream.next()).toBeUndefined();
    put(stream, largest.subarray(MAX_MESSAGE_BYTES - 16));
    expect(stream.next()?.payload.length).toBe(MAX_MESSAGE_BYTES - 16);
  }
});
