import { Chain, deviceStatus, featureSet, virtioFeatures, type QueueSetup } from '@doorbell/abi';
import { MessageServer } from '@doorbell/pv-backend';
import { connectionPair, encodeRequest, errorCodes } from '@doorbell/wire';
import { describe, expect, it } from 'vitest';
import { MessageTransport } from '../src/message-transport.ts';
import { TransportLost } from '../src/register-requests.ts';
import { PackedDriverQueue } from '../src/ring/packed.ts';
import { queueLayout, setupAt } from '../src/ring/queue-layout.ts';
import { SplitDriverQueue } from '../src/ring/split.ts';
import { EchoDevice } from './echo-device.ts';
import { HandClock, TestMachine } from './message-harness.ts';

const { EVENT_IDX, RING_PACKED, VERSION_1 } = virtioFeatures;

/** After all messages that are under way. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function pair() {
  const [near, far] = connectionPair();
  const clock = new HandClock();
  const machine = new TestMachine();
  let device!: EchoDevice;
  const server = new MessageServer({
    connection: far,
    clock,
    create: (host) => (device = new EchoDevice(host)),
    counts: () => ({ echoed: device.echoed }),
    timeoutNs: 1e9,
  });
  const transport = await MessageTransport.connect({
    connection: near,
    clock,
    memory: machine.memory,
    dma: machine,
    bus: machine,
    display: machine,
    timeoutNs: 1e9,
  });
  return { near, far, clock, machine, device, server, transport };
}

type Pair = Awaited<ReturnType<typeof pair>>;

/** A queue of 8 that is enabled, and 8 KiB to pass through it. */
async function start({ transport }: Pair, packed: boolean, eventIdx: boolean) {
  const layout = queueLayout(packed, 8, 0);
  const rings = transport.dma.allocateCoherent(layout.bytes);
  const buffers = transport.dma.allocateCoherent(8192);
  const options = { indirect: false, eventIdx, inOrder: false };
  const Ring = packed ? PackedDriverQueue : SplitDriverQueue;
  const queue = new Ring(transport.memory, setupAt(layout, rings.address), options);
  const setup: QueueSetup = setupAt(layout, rings.iova);
  let interrupts = 0;
  await transport.writeStatus(deviceStatus.ACKNOWLEDGE);
  const bits = [VERSION_1, ...(packed ? [RING_PACKED] : []), ...(eventIdx ? [EVENT_IDX] : [])];
  await transport.setDriverFeatures(featureSet(...bits));
  await transport.enableQueue(0, setup, () => interrupts++);
  return { queue, rings, buffers, interrupts: () => interrupts };
}

type Started = Awaited<ReturnType<typeof start>>;

/** Makes one chain available; the device is to copy `bytes` bytes from one address to another. */
function ask({ queue }: Started, from: number, to: number, bytes: number): void {
  const chain = new Chain(2);
  chain.push(from, bytes, false);
  chain.push(to, bytes, true);
  queue.add(chain);
  queue.publish();
}

/** Has the device return a chain: what it showed for it is shown then. */
async function returned(both: Pair): Promise<void> {
  const started = await start(both, false, false);
  ask(started, started.buffers.iova, started.buffers.iova + 4096, 4);
  await settled();
}

/** The same, where the chain holds the order and not the bytes. */
function order(both: Pair, started: Started, from: number, to: number, bytes: number): void {
  const { address, iova } = started.buffers;
  both.device.elsewhere = true;
  both.transport.memory.copyIn(address, new Uint8Array(Float64Array.of(from, to, bytes).buffer));
  const chain = new Chain(2);
  chain.push(iova, 24, false);
  chain.push(iova + 4096, 1, true);
  started.queue.add(chain);
  started.queue.publish();
}

describe('registers', () => {
  it('finds the device', async () => {
    const { transport } = await pair();
    expect(transport.deviceId).toBe(42);
  });

  it('carries 64 feature bits', async () => {
    const { transport, device } = await pair();
    expect(await transport.deviceFeatures()).toBe(device.features);
    await transport.setDriverFeatures(0x8000_0001_0000_0002n);
    expect(device.driverFeatures).toBe(0x8000_0001_0000_0002n);
  });

  it('reads and writes configuration', async () => {
    const { transport, device } = await pair();
    expect(await transport.readConfig(2, 3)).toEqual(Uint8Array.of(3, 4, 5));
    await transport.writeConfig(1, Uint8Array.of(9, 9));
    expect(device.config).toEqual(Uint8Array.of(1, 9, 9, 4, 5, 6, 7, 8));
  });

  it('reads and writes the status, and resets', async () => {
    const { transport, device } = await pair();
    await transport.writeStatus(3);
    expect(await transport.readStatus()).toBe(3);
    await transport.writeStatus(0);
    expect([await transport.readStatus(), device.resets]).toEqual([0, 1]);
  });

  it('has no queue beyond the last', async () => {
    const { transport } = await pair();
    expect([await transport.maxQueueSize(0), await transport.maxQueueSize(1)]).toEqual([64, 0]);
  });

  it('tells of a changed configuration and why', async () => {
    const { transport, device } = await pair();
    let changes = 0;
    transport.onConfigChange(() => changes++);
    device.needReset('of the test');
    await settled();
    expect([changes, transport.reason]).toEqual([1, 'of the test']);
    expect(await transport.readStatus()).toBe(deviceStatus.DEVICE_NEEDS_RESET);
  });

  it("reports the device's counters beside those of its end", async () => {
    const { transport, server } = await pair();
    const counts = await transport.deviceCounts();
    expect(counts).toMatchObject({ echoed: 0, messagesReceived: server.counts.messagesReceived });
  });
});

describe.each([
  { packed: false, eventIdx: false },
  { packed: false, eventIdx: true },
  { packed: true, eventIdx: false },
  { packed: true, eventIdx: true },
])('a queue, packed: $packed, event index: $eventIdx', ({ packed, eventIdx }) => {
  it('carries buffers in coherent memory, over and over', async () => {
    const both = await pair();
    const started = await start(both, packed, eventIdx);
    const { address, iova } = started.buffers;
    for (let round = 0; round < 50; round++) {
      const sent = Uint8Array.from({ length: 100 }, (_, i) => i ^ round);
      both.transport.memory.copyIn(address, sent);
      ask(started, iova, iova + 4096, 100);
      await settled();
      expect(started.queue.take()).toBeGreaterThanOrEqual(0);
      started.queue.enableNotifications();
      const got = new Uint8Array(100);
      both.transport.memory.copyOut(address + 4096, got);
      expect(got).toEqual(sent);
    }
    expect(both.device.reason).toBe('');
    expect(started.interrupts()).toBe(50);
    expect(both.transport.counts.suppressed).toBe(0);
    expect(both.server.counts.suppressed).toBe(0);
  });

  it('carries buffers elsewhere by reads and writes through the IOMMU', async () => {
    const both = await pair();
    const started = await start(both, packed, eventIdx);
    const { memory, dma } = both.transport;
    const bytes = 3 * 2 ** 20 + 5;
    const from = memory.allocate(bytes);
    const to = memory.allocate(bytes);
    const sent = Uint8Array.from({ length: bytes }, (_, i) => i * 7);
    memory.copyIn(from, sent);
    const target = dma.map(to, bytes, 'from-device');
    order(both, started, dma.map(from, bytes, 'to-device'), target, bytes);
    await settled();
    expect(started.queue.take()).toBeGreaterThanOrEqual(0);
    expect(started.queue.usedLength).toBe(1);
    expect(Buffer.compare(both.machine.memory.bytes.subarray(to, to + bytes), sent)).toBe(0);
    expect(both.transport.counts).toMatchObject({ bytesRead: bytes, bytesWritten: bytes });
    expect(both.server.counts).toMatchObject({ bytesRead: bytes, bytesWritten: bytes });
  });

  it('gives the device nothing that the IOMMU refuses', async () => {
    const both = await pair();
    const started = await start(both, packed, eventIdx);
    const { memory, dma } = both.transport;
    const from = dma.map(memory.allocate(4096), 4096, 'from-device');
    order(both, started, from, started.buffers.iova, 64);
    await settled();
    expect(started.queue.take()).toBeGreaterThanOrEqual(0);
    expect([started.queue.usedLength, both.transport.lost]).toEqual([0, undefined]);
  });

  it('counts at the receiver what it did not ask for, and wakes it all the same', async () => {
    const both = await pair();
    const started = await start(both, packed, eventIdx);
    started.queue.disableNotifications();
    for (let round = 0; round < 5; round++) {
      ask(started, started.buffers.iova, started.buffers.iova + 4096, 16);
      await settled();
      expect(started.queue.take()).toBeGreaterThanOrEqual(0);
    }
    expect(both.transport.counts.suppressed).toBe(5);
    expect(started.interrupts()).toBe(5);
  });
});

describe('a device that asks to be left alone while it works', () => {
  it('is told of more all the same, and counts it', async () => {
    const both = await pair();
    const started = await start(both, false, false);
    both.device.quiet = true;
    ask(started, started.buffers.iova, started.buffers.iova + 4096, 16);
    ask(started, started.buffers.iova, started.buffers.iova + 4096, 16);
    await settled();
    expect([both.device.echoed, both.server.counts.suppressed]).toEqual([2, 1]);
  });
});

describe('publications', () => {
  it('send one message each, and notifications none', async () => {
    const both = await pair();
    const started = await start(both, false, false);
    const before = both.transport.counts.messagesSent;
    ask(started, started.buffers.iova, started.buffers.iova + 4096, 16);
    both.transport.notify(0);
    expect(both.transport.counts.messagesSent - before).toBe(1);
    expect(both.transport.counts.notifications).toBe(1);
  });

  it('carry each changed byte once', async () => {
    const both = await pair();
    const started = await start(both, false, false);
    const before = both.transport.counts.bytesMirroredOut;
    both.transport.memory.copyIn(started.buffers.address + 3, new Uint8Array(10));
    both.transport.memory.copyIn(started.buffers.address + 5, new Uint8Array(10));
    ask(started, started.buffers.iova, started.buffers.iova + 4096, 16);
    // 12 bytes of the buffer, two descriptors, one entry, idx.
    expect(both.transport.counts.bytesMirroredOut - before).toBe(12 + 32 + 2 + 2);
  });

  it('do not carry what is not coherent', async () => {
    const both = await pair();
    const started = await start(both, false, false);
    const before = both.transport.counts.bytesMirroredOut;
    const address = both.transport.memory.allocate(4096);
    both.transport.memory.copyIn(address, new Uint8Array(64));
    both.transport.memory.store32(address, 1);
    both.transport.memory.release16(address, 1);
    expect(both.transport.counts.bytesMirroredOut - before).toBe(0);
    expect(started.interrupts()).toBe(0);
  });

  it('have come before a queue is enabled', async () => {
    const both = await pair();
    const { address } = both.transport.dma.allocateCoherent(4096);
    both.transport.memory.copyIn(address, new Uint8Array(100));
    await settled();
    expect(both.server.counts.bytesMirroredIn).toBe(0);
    await start(both, false, false);
    expect(both.server.counts.bytesMirroredIn).toBe(100);
  });

  it('go at once where memory is of no queue', async () => {
    const both = await pair();
    const { address, iova } = both.transport.dma.allocateCoherent(4096);
    both.transport.memory.release16(address + 6, 0x1234);
    await settled();
    expect(both.server.counts.bytesMirroredIn).toBe(2);
    expect(iova).not.toBe(address);
  });
});

describe('memory that is given back', () => {
  it('takes what the device could not know to be too late, and nothing breaks', async () => {
    const both = await pair();
    const memory = both.transport.dma.allocateCoherent(4096);
    await settled();
    both.transport.dma.freeCoherent(memory);
    const one = {
      count: 1,
      addresses: Float64Array.of(memory.iova),
      lengths: Uint32Array.of(1),
      data: Uint8Array.of(7),
    };
    both.far.send(encodeRequest('SYNC', 0, { ranges: one }));
    await settled();
    expect(both.transport.lost).toBeUndefined();
    expect(both.machine.memory.bytes[memory.address]).toBe(0);
    both.far.send(encodeRequest('SYNC', 0, { ranges: one }));
    await settled();
    expect(both.transport.lost).toMatch(/not the device's to change/);
  });

  it('leaves nothing at the device', async () => {
    const both = await pair();
    const { memory, dma } = both.transport;
    const coherent = dma.allocateCoherent(8192);
    const iova = dma.map(memory.allocate(4096), 4096, 'to-device');
    await settled();
    expect(both.server.held).toEqual({ coherentBytes: 8192, mappings: 1 });
    dma.freeCoherent(coherent);
    dma.unmap(iova, 4096);
    await settled();
    expect(both.server.held).toEqual({ coherentBytes: 0, mappings: 0 });
    expect(both.clock.armed).toBe(0);
  });
});

describe('frames', () => {
  it('reach the display in order, without what lies between rows', async () => {
    const both = await pair();
    void both.server.sendFrame(Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8), 1, 2, 8);
    both.server.display.flip(Uint8Array.of(9, 9, 9, 9), 1, 1, 4);
    await settled();
    expect(both.machine.frames).toEqual([]);
    await returned(both);
    expect(both.machine.frames).toEqual([
      Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      Uint8Array.of(9, 9, 9, 9),
    ]);
  });

  it('wait for a driver that is slow, and none is dropped', async () => {
    const both = await pair();
    both.far.hold(true);
    const frame = new Uint8Array(4 * 1024 * 1024);
    let sent = 0;
    const sending = [1, 2, 3].map(async () => {
      await both.server.sendFrame(frame, 1024, 1024, 4096);
      sent++;
    });
    await settled();
    expect(sent).toBe(1);
    both.far.hold(false);
    await Promise.all(sending);
    await returned(both);
    expect(both.machine.frames.length).toBe(3);
  });

  it('are not shown when the connection is lost before their command is returned', async () => {
    const both = await pair();
    both.server.display.flip(Uint8Array.of(9, 9, 9, 9), 1, 1, 4);
    await settled();
    both.far.close('gone');
    await settled();
    expect(both.machine.frames).toEqual([]);
  });
});

describe('a connection that is lost', () => {
  it('is a device that needs a reset, without a round trip', async () => {
    const both = await pair();
    let changes = 0;
    both.transport.onConfigChange(() => changes++);
    both.far.close('gone');
    await settled();
    const sent = both.transport.counts.messagesSent;
    expect(await both.transport.readStatus()).toBe(deviceStatus.DEVICE_NEEDS_RESET);
    expect([changes, both.transport.counts.messagesSent - sent]).toEqual([1, 0]);
    await both.transport.writeStatus(0);
    await expect(both.transport.deviceFeatures()).rejects.toThrow(TransportLost);
  });

  it('ends requests that wait', async () => {
    const both = await pair();
    const features = both.transport.deviceFeatures();
    both.far.close('gone');
    await expect(features).rejects.toThrow(/gone/);
    expect(both.clock.armed).toBe(0);
  });

  it('resets the device in the middle of a transfer, and frees what it held', async () => {
    const both = await pair();
    const started = await start(both, false, false);
    const { memory, dma } = both.transport;
    const iova = dma.map(memory.allocate(2 ** 22), 2 ** 22, 'both');
    order(both, started, iova, iova, 2 ** 22);
    both.near.close('the driver died');
    await settled();
    expect(both.server.lost).toBe('the driver died');
    expect(both.device.status).toBe(0);
    expect(both.server.held).toEqual({ coherentBytes: 0, mappings: 0 });
    expect(both.clock.armed).toBe(0);
  });

  it('comes after a request that nobody answers', async () => {
    const both = await pair();
    both.far.hold(true);
    const features = both.transport.deviceFeatures();
    await settled();
    both.clock.advance(1e9);
    await settled();
    both.clock.advance(1e9); // it is looked for once more
    await expect(features).rejects.toThrow(/not answered within 1000 ms/);
    expect(await both.transport.readStatus()).toBe(deviceStatus.DEVICE_NEEDS_RESET);
  });

  it('comes with its release', async () => {
    const both = await pair();
    let changes = 0;
    both.transport.onConfigChange(() => changes++);
    both.transport.release();
    await settled();
    expect([changes, both.server.lost !== undefined]).toEqual([0, true]);
  });
});

it('gives a connection back that comes when the driver has let go', async () => {
  const [near, far] = connectionPair();
  const machine = new TestMachine();
  const clock = new HandClock();
  new MessageServer({ connection: far, clock, create: (host) => new EchoDevice(host) });
  const [late, lateFar] = connectionPair();
  let closed = '';
  lateFar.receive(
    () => {},
    (reason) => (closed = reason),
  );
  let arrive = (): void => {};
  const transport = await MessageTransport.connect({
    connection: near,
    clock,
    memory: machine.memory,
    dma: machine,
    bus: machine,
    display: machine,
    reconnect: () => new Promise((resolve) => (arrive = () => resolve(late))),
  });
  far.close('gone');
  await settled();
  await transport.writeStatus(0);
  const again = expect(transport.writeStatus(1)).rejects.toThrow(TransportLost);
  transport.release();
  arrive();
  await again;
  await settled();
  expect(closed).toMatch(/let go/);
});

describe('a hostile device', () => {
  const range = (iova: number, data: Uint8Array) => ({
    count: 1,
    addresses: Float64Array.of(iova),
    lengths: Uint32Array.of(data.length),
    data,
  });

  async function after(send: (both: Pair, started: Started) => void): Promise<Pair> {
    const both = await pair();
    const started = await start(both, false, false);
    send(both, started);
    await settled();
    return both;
  }

  it('cannot change memory that is not coherent', async () => {
    let address = 0;
    const both = await after(({ far, transport }) => {
      address = transport.memory.allocate(4096);
      const iova = transport.dma.map(address, 4096, 'both');
      const ranges = range(iova, Uint8Array.of(1));
      far.send(encodeRequest('EVENT_USED', 0, { queue: 0, ranges }));
    });
    expect(both.transport.lost).toMatch(/not the device's to change/);
    expect(both.machine.memory.bytes[address]).toBe(0);
  });

  it('cannot write past the end of coherent memory', async () => {
    const both = await after(({ far }, { buffers }) => {
      const ranges = range(buffers.iova + 8190, new Uint8Array(4));
      far.send(encodeRequest('SYNC', 0, { ranges }));
    });
    expect(both.transport.lost).toMatch(/not the device's to change/);
  });

  it('cannot publish a queue that is not enabled', async () => {
    const both = await after(({ far }, { buffers }) => {
      const ranges = range(buffers.iova, Uint8Array.of(1));
      far.send(encodeRequest('EVENT_USED', 0, { queue: 1, ranges }));
    });
    expect(both.transport.lost).toMatch(/Queue 1 is not enabled/);
  });

  it('cannot answer what was not asked', async () => {
    const both = await after(({ far }) => {
      const answer = encodeRequest('SET_DEVICE_STATUS', 77, { status: 1 });
      answer[0] = 1;
      far.send(answer);
    });
    expect(both.transport.lost).toMatch(/Nothing waits for SET_DEVICE_STATUS's answer 77/);
  });

  it('cannot send what only a driver sends', async () => {
    const both = await after(({ far }) => {
      far.send(encodeRequest('STATS', 1, {}));
    });
    expect(both.transport.lost).toMatch(/STATS does not go this way/);
  });

  it('cannot have more transfers under way than are allowed', async () => {
    const both = await after(({ far, near }, { buffers }) => {
      near.hold(true);
      for (let token = 1; token < 200; token++) {
        far.send(encodeRequest('READ', token, { iova: buffers.iova, bytes: 2 ** 18 }));
      }
    });
    expect(both.transport.lost).toBeUndefined();
    const large = both.transport.dma.map(both.transport.memory.allocate(2 ** 22), 2 ** 22, 'both');
    for (let token = 1; token < 200; token++) {
      both.far.send(encodeRequest('READ', token, { iova: large, bytes: 2 ** 22 }));
    }
    await settled();
    expect(both.transport.lost).toMatch(/More than 64 reads and writes/);
  });

  it.each([
    ['truncated', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1)],
    ['longer than it says', (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
    ['of another version', (bytes: Uint8Array) => bytes.with(2, 9)],
    ['of no known kind', (bytes: Uint8Array) => bytes.with(1, 0x7f)],
    ['not msgpack', (bytes: Uint8Array) => bytes.with(16, 0xc1)],
    ['empty', () => new Uint8Array(0)],
  ] as const)('is sent away for a message that is %s, and told why', async (_, spoil) => {
    const both = await pair();
    const reasons: string[] = [];
    both.far.receive(
      (message) => reasons.push(new TextDecoder().decode(message)),
      () => {},
    );
    both.far.send(
      spoil(encodeRequest('EVENT_CONFIG', 0, { status: 0, generation: 0, reason: '' })),
    );
    await settled();
    expect(both.transport.lost).toBeDefined();
    expect(reasons.length).toBe(1);
    expect(reasons[0]).toContain(both.transport.lost);
  });

  it.each([
    ['too many', 65, 1],
    ['too large', 5, 4096],
  ])('cannot send frames without end: %s', async (_, frames, side) => {
    const data = new Uint8Array(side * side * 4);
    const fields = { width: side, height: side, stride: side * 4, data };
    const both = await after(({ far }) => {
      for (let sent = 1; sent < frames; sent++) {
        far.send(encodeRequest('FRAME', 0, fields));
      }
    });
    expect(both.transport.lost).toBeUndefined();
    both.far.send(encodeRequest('FRAME', 0, fields));
    await settled();
    expect(both.transport.lost).toMatch(/too many frames/);
    expect(both.machine.frames).toEqual([]);
  });

  it('may send as many frames as it likes when their commands end', async () => {
    const both = await pair();
    const started = await start(both, false, false);
    for (let sent = 0; sent < 100; sent++) {
      both.server.display.flip(Uint8Array.of(9, 9, 9, 9), 1, 1, 4);
      if (sent % 40 === 39) {
        ask(started, started.buffers.iova, started.buffers.iova + 4096, 4);
      }
      await settled();
    }
    expect([both.transport.lost, both.machine.frames.length]).toEqual([undefined, 80]);
  });

  it('may send as much of frames as it likes when their commands end', async () => {
    const both = await pair();
    let shown = 0;
    both.machine.flip = () => shown++;
    const started = await start(both, false, false);
    const pixels = new Uint8Array(64 << 20);
    for (let sent = 0; sent < 6; sent++) {
      both.server.display.flip(pixels, 4096, 4096, 16384);
      if (sent % 3 === 2) {
        ask(started, started.buffers.iova, started.buffers.iova + 4096, 4);
      }
      await settled();
    }
    expect([both.transport.lost, shown]).toEqual([undefined, 6]);
  });

  it('is believed when it says why it leaves', async () => {
    const both = await after(({ far }) => {
      far.send(encodeRequest('ERROR', 0, { code: errorCodes.LIMIT, reason: 'Too much.' }));
    });
    expect(both.transport.lost).toBe('The other side ended it: Too much.');
  });
});
