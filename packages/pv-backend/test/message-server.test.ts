import {
  connectionPair,
  decode,
  encodeRequest,
  encodeResponse,
  errorCodes,
  MAX_COHERENT_BYTES,
  MAX_COHERENT_RANGES,
  MAX_MAPPINGS,
  MAX_RANGES,
  type Message,
  WallClock,
} from '@doorbell/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageServer } from '../src/message-server.ts';
import { RecordingDevice } from './recording-device.ts';

const PAGE = 4096;

/** After all messages that are under way. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A server, and a driver that says whatever the test wants. */
function serve() {
  const [near, far] = connectionPair();
  const received: Message[] = [];
  let time = 0;
  const timers: { run: () => void; cancelled: boolean }[] = [];
  const clock = new WallClock({
    now: () => time,
    after: (_ns, run) => {
      const timer = { run, cancelled: false };
      timers.push(timer);
      return () => (timer.cancelled = true);
    },
  });
  const closed: string[] = [];
  let device!: RecordingDevice;
  const server = new MessageServer({
    connection: far,
    clock,
    create: (host) => (device = new RecordingDevice(host)),
    onClose: (reason) => closed.push(reason),
  });
  near.receive(
    (message) => received.push(decode(message)),
    () => {},
  );
  const map = (iova: number, bytes: number, coherent: number, access = 3): void => {
    near.send(encodeRequest('MAP', 0, { iova, bytes, access, coherent }));
  };
  /** Lets 10 s pass. */
  const expire = async (): Promise<void> => {
    time += 10e9;
    timers
      .filter(({ cancelled }) => !cancelled)
      .forEach(({ run }) => {
        run();
      });
    await settled();
  };
  return { near, received, timers, closed, device, server, map, expire };
}

type Served = ReturnType<typeof serve>;

function ranges(...parts: readonly (readonly [number, readonly number[]])[]) {
  return {
    count: parts.length,
    addresses: Float64Array.from(parts, ([address]) => address),
    lengths: Uint32Array.from(parts, ([, bytes]) => bytes.length),
    data: Uint8Array.from(parts.flatMap(([, bytes]) => bytes)),
  };
}

/** Queue 1 of 8 entries, split, in the page at 0x10000. */
async function enable({ near, map }: Served): Promise<void> {
  map(0x10000, PAGE, 1);
  near.send(
    encodeRequest('SET_VQUEUE', 1, {
      queue: 1,
      size: 8,
      descriptors: 0x10000,
      driver: 0x10080,
      device: 0x10100,
    }),
  );
  await settled();
}

describe('MessageServer', () => {
  it("answers in the device's words", async () => {
    const { near, received, device } = serve();
    near.send(encodeRequest('DEVICE_INFO', 1, {}));
    near.send(encodeRequest('GET_DEVICE_FEATURES', 2, {}));
    near.send(encodeRequest('SET_DRIVER_FEATURES', 3, { features: 4n }));
    near.send(encodeRequest('GET_CONFIG', 4, { offset: 0, bytes: 2 }));
    near.send(encodeRequest('SET_CONFIG', 5, { offset: 4, config: Uint8Array.of(1) }));
    near.send(encodeRequest('SET_DEVICE_STATUS', 6, { status: 1 }));
    near.send(encodeRequest('GET_VQUEUE', 7, { queue: 1 }));
    near.send(encodeRequest('RESET_VQUEUE', 8, { queue: 1 }));
    await settled();
    expect(received.map(({ token, fields }) => [token, fields])).toEqual([
      [1, { revision: 1, deviceId: 16, queues: 2 }],
      [2, { features: 5n }],
      [3, {}],
      [4, { generation: 0, config: Uint8Array.of(7, 7) }],
      [5, {}],
      [6, { status: 1 }],
      [7, { maxSize: 8 }],
      [8, {}],
    ]);
    expect(device.driverFeatures).toBe(4n);
    expect(device.calls).toEqual(['config 4 1', 'status 1', 'reset 1']);
  });

  it('applies what a publication carries before the device hears of it', async () => {
    const served = serve();
    await enable(served);
    const { near, device, server } = served;
    const changed = ranges([0x10082, [1, 0]], [0x10000, [9, 8, 7, 6]]);
    near.send(encodeRequest('EVENT_AVAIL', 0, { queue: 1, ranges: changed }));
    await settled();
    expect(device.calls).toEqual(['set 1 8', 'enable 1', 'notify 1']);
    expect(device.host.memory.load32(0x10000)).toBe(0x06070809);
    expect(device.host.memory.acquire16(0x10082)).toBe(1);
    expect(server.counts).toMatchObject({ bytesMirroredIn: 6, suppressed: 0 });
  });

  it('2.7.10: counts what the device did not ask for, and lets it look all the same', async () => {
    const served = serve();
    await enable(served);
    const { near, device, server } = served;
    device.host.memory.store16(0x10100, 1);
    const changed = ranges([0x10082, [1, 0]]);
    near.send(encodeRequest('EVENT_AVAIL', 0, { queue: 1, ranges: changed }));
    await settled();
    expect(server.counts.suppressed).toBe(1);
    expect(device.calls.at(-1)).toBe('notify 1');
  });

  it('publishes what the device changed, when it releases the index', async () => {
    const served = serve();
    await enable(served);
    const { received, device, server } = served;
    const { memory } = device.host;
    received.length = 0;
    memory.store32(0x10104, 3);
    memory.store32(0x10108, 16);
    await memory.store(0x10f01, Uint8Array.of(1, 2, 3));
    await settled();
    expect(received).toEqual([]);
    memory.release16(0x10102, 1);
    device.host.notifyDriver(1);
    await settled();
    const carried = ranges([0x10102, [1, 0, 3, 0, 0, 0, 16, 0, 0, 0]], [0x10f01, [1, 2, 3]]);
    expect(received).toEqual([
      { name: 'EVENT_USED', response: false, token: 0, fields: { queue: 1, ranges: carried } },
    ]);
    expect(server.counts).toMatchObject({ bytesMirroredOut: 13, notifications: 1 });
  });

  it('keeps what the device asks about notifications until then', async () => {
    const served = serve();
    await enable(served);
    const { received, device } = served;
    received.length = 0;
    device.host.memory.release16(0x10100, 1);
    await settled();
    expect(received).toEqual([]);
  });

  it('forgets at a reset what the device did not publish', async () => {
    const served = serve();
    await enable(served);
    const { near, received, device, map } = served;
    map(0x20000, PAGE, 1);
    await settled();
    device.host.memory.store16(0x20000, 5);
    near.send(encodeRequest('SET_DEVICE_STATUS', 2, { status: 0 }));
    await settled();
    received.length = 0;
    device.host.memory.release16(0x20010, 1);
    await settled();
    expect(received.map(({ fields }) => fields)).toEqual([{ ranges: ranges([0x20010, [1, 0]]) }]);
  });

  it('tells why the device needs a reset', async () => {
    const { received, device } = serve();
    device.status = 64;
    device.reason = 'x'.repeat(5000);
    device.host.configChanged();
    await settled();
    const fields = { status: 64, generation: 0, reason: 'x'.repeat(1024) };
    expect(received).toEqual([{ name: 'EVENT_CONFIG', response: false, token: 0, fields }]);
  });

  it('reads in pieces of 1 MiB, and takes their answers in any order', async () => {
    const { near, received, device, server, map } = serve();
    map(0x9000, 2 ** 20 + 10, 0);
    await settled();
    const into = new Uint8Array(2 ** 20 + 10);
    const done = device.host.memory.fetch(0x9000, into);
    await settled();
    const asked = received.map(({ token, fields }) => ({ token, fields }));
    expect(asked.map(({ fields }) => fields)).toEqual([
      { iova: 0x9000, bytes: 2 ** 20 },
      { iova: 0x9000 + 2 ** 20, bytes: 10 },
    ]);
    const answer = (index: number, data: Uint8Array): void => {
      near.send(encodeResponse('READ', asked[index].token, { refused: 0, data }));
    };
    answer(1, new Uint8Array(10).fill(2));
    answer(0, new Uint8Array(2 ** 20).fill(1));
    expect(await done).toBe(true);
    expect([into[0], into[2 ** 20 - 1], into[2 ** 20]]).toEqual([1, 1, 2]);
    expect(server.counts.bytesRead).toBe(into.length);
  });

  it('has no more than 64 reads under way', async () => {
    const { near, received, device, map } = serve();
    map(0, 80 * 2 ** 20, 0);
    await settled();
    const done = device.host.memory.fetch(0, new Uint8Array(80 * 2 ** 20));
    await settled();
    expect(received.length).toBe(64);
    for (const { token } of received.splice(0)) {
      const data = new Uint8Array(2 ** 20);
      near.send(encodeResponse('READ', token, { refused: 0, data }));
    }
    await settled();
    expect(received.length).toBe(16);
    near.close('enough');
    expect(await done).toBe(false);
  });

  it.each([
    ['is refused', { refused: 1, data: new Uint8Array(0) }],
    ['comes back short', { refused: 0, data: new Uint8Array(3) }],
  ])('does not read what %s', async (_, fields) => {
    const { near, received, device, map } = serve();
    map(0x9000, 4, 0);
    await settled();
    const done = device.host.memory.fetch(0x9000, new Uint8Array(4));
    await settled();
    near.send(encodeResponse('READ', received[0].token, fields));
    expect(await done).toBe(false);
  });

  it('holds the device back while its driver does not read', async () => {
    const [near, far] = connectionPair();
    let device!: RecordingDevice;
    const clock = new WallClock({ now: () => 0, after: () => () => {} });
    const create = (host: RecordingDevice['host']) => (device = new RecordingDevice(host));
    const server = new MessageServer({ connection: far, clock, create });
    near.send(encodeRequest('MAP', 0, { iova: 0, bytes: PAGE, access: 3, coherent: 1 }));
    await settled();
    far.hold(true);
    server.display.flip(new Uint8Array(9 * 2 ** 20), 1024, 2304, 4096);
    let fetched = false;
    const fetching = device.host.memory.fetch(0, new Uint8Array(4)).then(() => (fetched = true));
    await settled();
    expect(fetched).toBe(false);
    far.hold(false);
    await fetching;
    expect(fetched).toBe(true);
  });
});

describe('memory that was mapped', () => {
  it.each([
    ['beyond its end', 1, 1, 'fetch'],
    ['that the device may only read', 0, 1, 'store'],
    ['that the device may only write', 0, 2, 'fetch'],
  ] as const)('is asked for, and none %s', async (_, offset, access, way) => {
    const { received, device, map } = serve();
    map(0x9000, 4, 0, access);
    await settled();
    expect(await device.host.memory[way](0x9000 + offset, new Uint8Array(4))).toBe(false);
    await settled();
    expect(received).toEqual([]);
  });

  it('is one where mappings touch', async () => {
    const { received, device, map } = serve();
    map(0x9000, 4, 0, 1);
    map(0x9004, 4, 0, 3);
    await settled();
    const { memory } = device.host;
    expect([memory.mayFetch(0x9000, 8), memory.mayFetch(0x9000, 9)]).toEqual([true, false]);
    void memory.fetch(0x9000, new Uint8Array(8));
    await settled();
    expect(received.map(({ fields }) => fields)).toEqual([{ iova: 0x9000, bytes: 8 }]);
  });

  it('is asked for no more once UNMAP is answered', async () => {
    const { near, received, device, server, map } = serve();
    map(0, 80 * 2 ** 20, 0);
    await settled();
    const done = device.host.memory.fetch(0, new Uint8Array(80 * 2 ** 20));
    await settled();
    near.send(encodeRequest('UNMAP', 1, { iova: 0, bytes: 80 * 2 ** 20 }));
    for (const { token } of [...received]) {
      near.send(encodeResponse('READ', token, { refused: 0, data: new Uint8Array(2 ** 20) }));
    }
    expect(await done).toBe(false);
    await settled();
    expect(received.slice(64).map(({ name }) => name)).toEqual(['UNMAP']);
    expect(server.lost).toBeUndefined();
  });

  it('is not written faster than the driver reads', async () => {
    const [near, far] = connectionPair();
    let device!: RecordingDevice;
    const clock = new WallClock({ now: () => 0, after: () => () => {} });
    const create = (host: RecordingDevice['host']) => (device = new RecordingDevice(host));
    new MessageServer({ connection: far, clock, create });
    const bytes = 40 * 2 ** 20;
    near.send(encodeRequest('MAP', 0, { iova: 0, bytes, access: 2, coherent: 0 }));
    near.receive(
      (message) => {
        const { name, token } = decode(message);
        near.send(encodeResponse(name as 'WRITE', token, { refused: 0 }));
      },
      () => {},
    );
    await settled();
    far.hold(true);
    const done = device.host.memory.store(0, new Uint8Array(bytes));
    await settled();
    expect(far.buffered).toBeLessThan(10 * 2 ** 20);
    // Each message that leaves makes room for one more, not for all that wait.
    let most = 0;
    const send = far.send.bind(far);
    far.send = (message) => {
      send(message);
      most = Math.max(most, far.buffered);
    };
    far.hold(false);
    expect(await done).toBe(true);
    expect(most).toBeLessThan(10 * 2 ** 20);
  });
});

describe('a driver that goes away', () => {
  it('leaves nothing behind, and the device is reset', async () => {
    const served = serve();
    await enable(served);
    const { near, device, server, map, closed } = served;
    map(0x9000, 100, 0);
    await settled();
    const fetch = device.host.memory.fetch(0x9000, new Uint8Array(4));
    const store = device.host.memory.store(0x9000, new Uint8Array(4));
    await settled();
    expect(server.held).toEqual({ coherentBytes: PAGE, mappings: 1 });
    near.close('gone');
    expect([await fetch, await store]).toEqual([false, false]);
    expect(server.held).toEqual({ coherentBytes: 0, mappings: 0 });
    expect([device.calls.at(-1), closed]).toEqual(['status 0', ['gone']]);
    expect(device.host.memory.reaches(0x10000, 4, false)).toBe(false);
    expect(await device.host.memory.fetch(0x9000, new Uint8Array(4))).toBe(false);
  });

  it('is sent away when it does not answer within 10 s', async () => {
    const { received, timers, device, server, expire, map } = serve();
    map(0x9000, 4, 0);
    await settled();
    const fetch = device.host.memory.fetch(0x9000, new Uint8Array(4));
    await settled();
    await expire();
    expect(server.lost).toBeUndefined(); // an answer may be here already
    await expire();
    expect(await fetch).toBe(false);
    expect(server.lost).toBe('READ was not answered within 10000 ms.');
    await settled();
    expect(received.at(-1)?.fields).toEqual({ code: errorCodes.TIMEOUT, reason: server.lost });
    expect(timers.filter(({ cancelled }) => !cancelled)).toEqual([]);
  });
});

describe('a hostile driver', () => {
  /** What the server says before it closes. */
  async function verdict(served: Served, ...messages: Uint8Array[]): Promise<string> {
    messages.forEach((message) => {
      served.near.send(message);
    });
    await settled();
    const last = served.received.at(-1);
    expect(served.server.lost).toBeDefined();
    expect(served.device.calls.at(-1)).toBe('status 0');
    expect(served.server.held).toEqual({ coherentBytes: 0, mappings: 0 });
    expect(served.closed.length).toBe(1);
    return last?.name === 'ERROR' && !last.response
      ? `${last.fields.code}: ${last.fields.reason}`
      : 'nothing';
  }

  const map = (iova: number, bytes: number, coherent = 1): Uint8Array =>
    encodeRequest('MAP', 0, { iova, bytes, access: 3, coherent });
  const sync = (address: number, bytes: number): Uint8Array =>
    encodeRequest('SYNC', 0, { ranges: ranges([address, new Array<number>(bytes).fill(1)]) });
  const info = encodeRequest('DEVICE_INFO', 1, {});

  it.each([
    ['a truncated message', [info.subarray(0, 10)], /^0: A message of 10 bytes/],
    ['another version', [info.with(2, 7)], /^0: Protocol version 7/],
    ['no msgpack', [info.with(16, 0xc1)], /^0: .*not plain msgpack/],
    ['an answer to nothing', [encodeResponse('WRITE', 3, { refused: 0 })], /^1: Nothing waits for/],
    [
      'a message of devices',
      [encodeRequest('READ', 1, { iova: 0, bytes: 4 })],
      /^1: READ does not go/,
    ],
    ['changes of no memory', [sync(0x1000, 4)], /^1: 4 bytes at IOVA 0x1000/],
    ['changes past its end', [map(0, PAGE), sync(PAGE - 2, 4)], /^1: 4 bytes at IOVA 0xffe/],
    [
      'changes across two ranges',
      [map(0, PAGE), map(PAGE, PAGE), sync(PAGE - 2, 4)],
      /^1: 4 bytes/,
    ],
    ['changes of memory that is not coherent', [map(0, PAGE, 0), sync(0, 4)], /^1: 4 bytes/],
    [
      'changes of freed memory',
      [map(0, PAGE), encodeRequest('UNMAP', 1, { iova: 0, bytes: PAGE }), sync(0, 4)],
      /^1: 4 bytes/,
    ],
    ['memory twice', [map(0x1000, 2 * PAGE), map(0x2000, PAGE)], /^1: Coherent memory overlaps/],
    ['memory not in pages', [map(0x1004, PAGE)], /^1: Coherent memory is whole pages/],
    ['memory of no bytes', [map(0x1000, 0)], /^1: There are no 0 bytes/],
    ['memory past 2^52', [map(2 ** 52 - PAGE, 2 * PAGE, 0)], /^1: There are no 8192 bytes/],
    ['too much memory', [map(0, MAX_COHERENT_BYTES), map(2 ** 40, PAGE)], /^2: There is too much/],
    ['memory of 2^51 bytes', [map(0, 2 ** 51)], /^2: There is too much/],
    [
      'an unmap of nothing',
      [encodeRequest('UNMAP', 1, { iova: 0, bytes: 1 })],
      /^1: Nothing is mapped/,
    ],
    [
      'an unmap of a part',
      [map(0, 2 * PAGE), encodeRequest('UNMAP', 1, { iova: 0, bytes: PAGE })],
      /^1: Nothing/,
    ],
    [
      'a queue that is not there',
      [encodeRequest('EVENT_AVAIL', 0, { queue: 2, ranges: ranges() })],
      /^1: There is no queue 2/,
    ],
    [
      'a queue to reset that is not there',
      [encodeRequest('RESET_VQUEUE', 1, { queue: 9 })],
      /^1: There is no queue 9/,
    ],
  ] as const)('is told of %s, and loses its device', async (_, messages, reason) => {
    expect(await verdict(serve(), ...messages)).toMatch(reason);
  });

  const place = encodeRequest('SET_VQUEUE', 1, {
    ...{ queue: 1, size: 8, descriptors: 0x10000, driver: 0x10080, device: 0x10100 },
  });

  it('may not place a queue that is enabled', async () => {
    const served = serve();
    expect(await verdict(served, place, place)).toBe('1: Queue 1 is enabled already.');
    expect(served.device.calls).toEqual(['set 1 8', 'enable 1', 'status 0']);
  });

  it.each([
    ['the queue', encodeRequest('RESET_VQUEUE', 2, { queue: 1 })],
    ['the device', encodeRequest('SET_DEVICE_STATUS', 2, { status: 0 })],
  ])('may place it anew after a reset of %s', async (_, reset) => {
    const { near, server } = serve();
    for (const message of [place, reset, place]) {
      near.send(message);
    }
    await settled();
    expect(server.lost).toBeUndefined();
  });

  it('is sent away when the device has changed more than a message carries', async () => {
    const served = serve();
    const bytes = 4 * MAX_RANGES;
    served.map(0, bytes + PAGE, 1);
    await settled();
    const { memory } = served.device.host;
    const change = (end: number): void => {
      for (let at = 0; at < end; at += 4) {
        memory.store16(at, 1);
      }
    };
    change(bytes);
    memory.release16(2 ** 30, 1);
    expect(served.server.lost).toBeUndefined();
    change(bytes + 4);
    memory.release16(2 ** 30, 1);
    expect(served.server.lost).toBe(`One publication carries at most ${MAX_RANGES} ranges.`);
    await settled();
    expect(served.received.at(-1)?.fields).toMatchObject({ code: errorCodes.LIMIT });
    expect(served.server.held.coherentBytes).toBe(0);
  });

  it('cannot flood the server with coherent ranges', async () => {
    const flood = Array.from({ length: MAX_COHERENT_RANGES + 1 }, (_, i) => map(i * PAGE, 4));
    expect(await verdict(serve(), ...flood)).toMatch(/^2: There is too much/);
  });

  it('cannot flood the server with mappings', async () => {
    const served = serve();
    for (let count = 0; count < MAX_MAPPINGS; count += 4096) {
      Array.from({ length: 4096 }, (_, i) => map(8 * (count + i), 4, 0)).forEach((message) => {
        served.near.send(message);
      });
      await settled();
    }
    expect(await verdict(served, map(0, 4, 0))).toMatch(/^2: There are more than 65536/);
  });

  it('cannot fill the server with frames that it does not read', async () => {
    const [near, far] = connectionPair();
    const clock = new WallClock({ now: () => 0, after: () => () => {} });
    const create = (host: RecordingDevice['host']) => new RecordingDevice(host);
    const server = new MessageServer({ connection: far, clock, create });
    near.hold(true);
    far.hold(true);
    const frame = new Uint8Array(64 * 2 ** 20);
    for (let count = 0; count < 5; count++) {
      server.display.flip(frame, 4096, 4096, 16384);
    }
    expect(server.lost).toMatch(/were not read/);
  });

  it('may say that it leaves', async () => {
    const error = encodeRequest('ERROR', 0, { code: errorCodes.LIMIT, reason: 'Enough.' });
    const served = serve();
    expect(await verdict(served, error)).toBe('nothing');
    expect(served.closed).toEqual(['The other side ended it: Enough.']);
  });

  it('does not harm another', async () => {
    const other = serve();
    await enable(other);
    await verdict(serve(), info.with(1, 0));
    expect([other.server.lost, other.server.held.coherentBytes]).toEqual([undefined, PAGE]);
  });

  it('whatever it says, is served or sent away', async () => {
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .record({ iova: fc.nat(0x4000), bytes: fc.nat(0x3000), coherent: fc.nat(1) })
        .map(({ iova, bytes, coherent }) => map(iova & ~0xfff, bytes, coherent)),
      fc.tuple(fc.nat(0x5000), fc.nat(100)).map(([at, size]) => sync(at, size)),
      fc
        .tuple(fc.nat(3), fc.nat(0x5000))
        .map(([queue, at]) =>
          encodeRequest('EVENT_AVAIL', 0, { queue, ranges: ranges([at, [1, 2]]) }),
        ),
      fc
        .record({
          queue: fc.nat(2),
          size: fc.nat(9),
          descriptors: fc.nat(2 ** 30),
          driver: fc.nat(0x5000),
          device: fc.nat(0x5000),
        })
        .map((fields) => encodeRequest('SET_VQUEUE', 1, fields)),
      fc
        .bigInt(0n, 2n ** 36n)
        .map((features) => encodeRequest('SET_DRIVER_FEATURES', 1, { features })),
      fc.nat(255).map((status) => encodeRequest('SET_DEVICE_STATUS', 1, { status })),
    );
    const talk = fc.array(message, { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(talk, async (messages) => {
        const { near, server } = serve();
        messages.forEach((one) => {
          near.send(one);
        });
        await settled();
        near.close('end');
        await settled();
        expect(server.held).toEqual({ coherentBytes: 0, mappings: 0 });
      }),
      { numRuns: 2000 },
    );
  });
});
