/** The transport over a WebSocket, beside `ws` alone with the same payloads and options. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { connectWebSocket, hostClock } from '@doorbell/pv-frontend/node';
import { type Handlers, Link, type Connection } from '@doorbell/wire';
import { WebSocket } from 'ws';
import type { Benchmark, Prepared, Work } from './benchmark.ts';

/** Writes that are under way at a time. */
const DEPTH = 16;

interface Addresses {
  readonly ours: string;
  readonly bare: string;
}

interface Load {
  /** Of a payload. */
  readonly bytes: number;
  /** Payloads of one call, and how many of them are under way at a time. */
  readonly count: number;
  readonly depth: number;
  /** That one payload counts for. */
  readonly units: number;
  readonly ours: (connection: Connection, payload: Uint8Array) => Send;
}

/** Sends a payload; what it gives resolves when the other end has acknowledged it. */
type Send = () => Promise<void>;

/** Calls before the first round, so that what is measured is compiled. */
const WARM_UP = 3;

async function prepare(load: Load): Promise<Prepared> {
  const server = new Worker(new URL('./socket-server.mjs', import.meta.url));
  const [addresses] = (await once(server, 'message')) as [Addresses];
  const payload = Uint8Array.from({ length: load.bytes }, (_, i) => i & 255);
  const connection = await connectWebSocket(addresses.ours);
  const socket = await bareSocket(addresses.bare);
  const work = workOf(load, load.ours(connection, payload));
  const reference = workOf(load, throughBare(socket, payload));
  for (let call = 0; call < WARM_UP; call++) {
    await work.run();
    await reference.run();
  }
  return {
    work,
    reference,
    close: async () => {
      connection.close('measured');
      socket.terminate();
      await server.terminate();
    },
  };
}

function workOf({ count, depth, units }: Load, send: Send): Work {
  const lane = async (): Promise<void> => {
    for (let sent = 0; sent < count / depth; sent++) {
      await send();
    }
  };
  const run = (): Promise<unknown> => Promise.all(Array.from({ length: depth }, lane));
  return { units: units * count, async: true, run };
}

function linkOn(
  connection: Connection,
  handlers: Partial<Handlers<'device'>> = {},
): Link<'device'> {
  return new Link({
    connection,
    clock: hostClock(),
    handlers: handlers as Handlers<'device'>,
    onLost: () => {},
  });
}

/**
 * As a device writes to memory: with the framing of both ends, and the copy of the payload, which
 * may change once it was sent.
 */
function writes(connection: Connection, payload: Uint8Array): Send {
  const link = linkOn(connection);
  const fields = { iova: 4096, data: payload };
  return async () => {
    if ((await link.ask('WRITE', fields)) === undefined) {
      throw new Error(`The connection is lost: ${link.lost}`);
    }
  };
}

/** As rings go on: a doorbell with what has changed, and one in answer. */
function publications(connection: Connection, payload: Uint8Array): Send {
  let answered = (): void => {};
  const link = linkOn(connection, {
    EVENT_AVAIL: () => {
      answered();
    },
  });
  const addresses = Float64Array.of(4096);
  const lengths = Uint32Array.of(payload.length);
  const fields = { queue: 0, ranges: { count: 1, addresses, lengths, data: payload } };
  return () =>
    new Promise((resolve) => {
      answered = resolve;
      link.send('EVENT_USED', fields);
    });
}

async function bareSocket(address: string): Promise<WebSocket> {
  const socket = new WebSocket(address, {
    perMessageDeflate: false,
    generateMask: (mask) => mask.fill(0),
  });
  await once(socket, 'open');
  return socket;
}

function throughBare(socket: WebSocket, payload: Uint8Array): Send {
  const waiting: (() => void)[] = [];
  socket.on('message', () => {
    waiting.shift()?.();
  });
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      socket.send(payload);
    });
}

function throughput(name: string, bytes: number, count: number): Benchmark {
  return {
    name: `websocket.throughput.${name}`,
    unit: 'byte/s',
    against: 'ws alone',
    prepare: () => prepare({ bytes, count, depth: DEPTH, units: bytes, ours: writes }),
  };
}

const ROUND_TRIPS = 100;

export const webSocketBenchmarks: readonly Benchmark[] = [
  throughput('64K', 65_536, 256),
  throughput('1M', 2 ** 20, 32),
  {
    name: 'websocket.roundtrip',
    unit: 'roundtrip/s',
    against: 'ws alone',
    prepare: () =>
      prepare({ bytes: 64, count: ROUND_TRIPS, depth: 1, units: 1, ours: publications }),
  },
];
