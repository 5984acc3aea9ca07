import { connectionPair, decode, encodeResponse, type Handlers, Link } from '@doorbell/wire';
import { expect, test } from 'vitest';
import { RegisterRequests, TransportLost } from '../src/register-requests.ts';
import { HandClock } from './message-harness.ts';

class Requests extends RegisterRequests {
  protected readonly link: Link<'driver'>;

  constructor(link: Link<'driver'>) {
    super();
    this.link = link;
  }
}

/** A device that reads 4 after a reset, and whose configuration is too long. */
function lying(): Requests {
  const [connection, far] = connectionPair();
  far.receive(
    (bytes) => {
      const { name, token } = decode(bytes);
      if (name === 'SET_DEVICE_STATUS') {
        far.send(encodeResponse(name, token, { status: 4 }));
      } else if (name === 'GET_CONFIG') {
        far.send(encodeResponse(name, token, { generation: 0, config: new Uint8Array(5) }));
      }
    },
    () => {},
  );
  const handlers = {} as Handlers<'driver'>;
  const clock = new HandClock();
  return new Requests(new Link({ connection, clock, handlers, onLost: () => {} }));
}

test('a device that is not reset when it was told to be is lost', async () => {
  const requests = lying();
  await requests.writeStatus(1);
  expect(requests.lost).toBeUndefined();
  await requests.writeStatus(0);
  expect(requests.lost).toBe('The device reads 4 after a reset.');
});

test('a device that gives another number of bytes of its configuration is lost', async () => {
  const requests = lying();
  await expect(requests.readConfig(0, 4)).rejects.toThrow(TransportLost);
  expect(requests.lost).toBe('GET_CONFIG of 4 bytes gave 5.');
});
