import {
  channelCapset,
  type ChannelRecordFields,
  type ChannelRecordName,
  channelReport,
  ctrlHeader,
  encodeRecord,
  gpuResponseLayouts,
} from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { fakeChannels } from '../../fake-channel-host.ts';
import {
  command,
  createContext,
  everything,
  PAGES,
  rect,
  ScriptedDriver,
  settled,
  submit,
} from '../../scripted-driver.ts';

const INVALID = 'ERR_INVALID_PARAMETER';
const FULL = 'ERR_OUT_OF_MEMORY';
const OK = 'OK_NODATA';
const context = { ctx_id: 1 };
const createChannel = (ctx_id: number): Uint8Array =>
  command('CTX_CREATE', { context_init: 49 }, { ctx_id });

async function rig(limits: object = {}) {
  const fake = fakeChannels();
  const driver = await new ScriptedDriver({ channels: fake.channels, limits }).start();
  expect(await driver.type(createChannel(1))).toBe(OK);
  return { ...fake, driver };
}

function records(...parts: readonly Uint32Array[]): Uint8Array {
  return submit(1, Uint32Array.from(parts.flatMap((part) => [...part])));
}

function record<N extends ChannelRecordName>(name: N, fields: ChannelRecordFields<N>): Uint8Array {
  return records(encodeRecord(name, fields));
}

const memory = { va: 0x10000, pages: 2, address: PAGES, writable: 1 };
const started = {
  ...{ ring: 0x10000, ring_bytes: 4096, fence: 0x11000, report: PAGES + 0x1100, vector: 3 },
};

async function running(limits: object = {}) {
  const made = await rig(limits);
  expect(await made.driver.type(record('MAP', memory))).toBe(OK);
  expect(await made.driver.type(record('START', started))).toBe(OK);
  return made;
}

const blob = (id: number, values: object = {}): Uint8Array =>
  command(
    'RESOURCE_CREATE_BLOB',
    { resource_id: id, blob_mem: 2, blob_flags: 1, size: 4096n, ...values },
    context,
  );
const mapBlob = (id: number, offset: bigint): Uint8Array =>
  command('RESOURCE_MAP_BLOB', { resource_id: id, offset });

describe('the capset bell-channel', () => {
  it('stands behind bell, and says what the host and the function have', async () => {
    const { driver } = await rig();
    const info = await driver.ask(command('GET_CAPSET_INFO', { capset_index: 1 }));
    expect(gpuResponseLayouts.OK_CAPSET_INFO.decode(info.bytes)).toMatchObject({
      ...{ capset_id: 49, capset_max_version: 1, capset_max_size: 56 },
    });
    const { bytes } = await driver.ask(command('GET_CAPSET', { capset_id: 49, capset_version: 1 }));
    expect(channelCapset.decode(bytes, ctrlHeader.size)).toMatchObject({
      ...{ version: 1, max_image_size: 512, max_buffer_bytes: 1n << 20n },
      ...{ first_vector: 3, vectors: 2 },
    });
  });

  it('is not there without channels', async () => {
    const driver = await new ScriptedDriver().start();
    expect(await driver.type(command('GET_CAPSET_INFO', { capset_index: 1 }))).toBe(INVALID);
    expect(await driver.type(createChannel(1))).toBe(INVALID);
  });
});

describe('contexts', () => {
  it('are a channel each, and give it back', async () => {
    const { driver, host } = await rig();
    expect(await driver.type(createChannel(2))).toBe(OK);
    expect(await driver.type(createContext(3))).toBe(OK);
    expect(host.opened.size).toBe(2);
    expect(await driver.type(command('CTX_DESTROY', {}, context))).toBe(OK);
    expect(await driver.type(command('CTX_DESTROY', {}, { ctx_id: 2 }))).toBe(OK);
    expect(host.isIdle).toBe(true);
  });

  it('are limited by the driver and by the host, and leave nothing when they are refused', async () => {
    const { driver, host } = await rig({ channels: 2 });
    expect(await driver.type(createChannel(2))).toBe(OK);
    expect(await driver.type(createChannel(3))).toBe(FULL);
    expect(await driver.type(createChannel(1))).toBe('ERR_INVALID_CONTEXT_ID');
    await driver.ask(command('CTX_DESTROY', {}, { ctx_id: 2 }));
    host.mostChannels = 1;
    expect(await driver.type(createChannel(3))).toBe(FULL);
    expect(await driver.type(createContext(3))).toBe(OK);
    host.mostChannels = 2;
    expect(await driver.type(createChannel(2))).toBe(OK);
  });
});

describe('memory', () => {
  it('is put where the driver says, in one command for many ranges, and taken away', async () => {
    const { driver, host } = await rig();
    const asked = records(
      encodeRecord('ALLOCATE', { va: 0x4000, pages: 3 }),
      encodeRecord('MAP', { ...memory, writable: 0 }),
      encodeRecord('ALLOCATE', { va: 0x8000, pages: 1 }),
      encodeRecord('UNMAP', { va: 0x8000 }),
    );
    expect(await driver.type(asked)).toBe(OK);
    expect(driver.device.counts.commands.SUBMIT_3D).toBe(1);
    expect([...host.channel.pages]).toEqual([
      ...[4, 5, 6].map((page) => [page, { vram: true, writable: true }]),
      ...[16, 17].map((page) => [page, { vram: false, writable: false }]),
    ]);
    expect(await driver.type(record('UNMAP', { va: 0x4000 }))).toBe(OK);
    expect(await driver.type(record('UNMAP', { va: 0x10000 }))).toBe(OK);
    expect([host.vramPages, host.pinned, host.channel.pages.size]).toEqual([0, 0, 0]);
    expect(host.mistakes).toEqual([]);
  });

  it.each([
    ['page 0', { va: 0, pages: 1 }],
    ['no page boundary', { va: 0x1004, pages: 1 }],
    ['no pages', { va: 0x1000, pages: 0 }],
    ['the end of the address space', { va: 0x3ffff000, pages: 2 }],
    ['the last page and all that a word can count', { va: 0x3ffff000, pages: 0xffffffff }],
    ['what is there, from below', { va: 0xf000, pages: 2 }],
    ['what is there, from within', { va: 0x11000, pages: 1 }],
    ['what is there, all around', { va: 0xf000, pages: 9 }],
  ])('is refused at %s', async (_, place) => {
    const { driver, host } = await rig();
    await driver.ask(record('MAP', memory));
    expect(await driver.type(record('ALLOCATE', place))).toBe(INVALID);
    expect(await driver.type(record('MAP', { ...memory, ...place }))).toBe(INVALID);
    expect([host.vramPages, host.pinned]).toEqual([0, 2]);
    expect(host.mistakes).toEqual([]);
  });

  it.each([
    ['at no page boundary', { address: PAGES + 4 }],
    ['beyond its RAM', { address: 4 << 20 }],
    ['whose end is beyond its RAM', { address: (4 << 20) - 4096 }],
    ['at an address that wraps', { address: 2 ** 52 - 4096 }],
    ['neither for writing nor not', { writable: 2 }],
  ])("of the driver's is refused %s", async (_, wrong) => {
    const { driver, host } = await rig();
    expect(await driver.type(record('MAP', { ...memory, ...wrong }))).toBe(INVALID);
    expect(host.pinned).toBe(0);
  });

  it('is taken away as it was put, and once', async () => {
    const { driver, host } = await rig();
    await driver.ask(record('MAP', memory));
    for (const va of [0, 0x1000, 0x11000, 0x12000, 0x10004]) {
      expect(await driver.type(record('UNMAP', { va }))).toBe(INVALID);
    }
    expect(await driver.type(record('UNMAP', { va: 0x10000 }))).toBe(OK);
    expect(await driver.type(record('UNMAP', { va: 0x10000 }))).toBe(INVALID);
    expect(host.mistakes).toEqual([]);
  });

  it.each([
    ['pinned pages', { pinnedPages: 3 }, record('MAP', { ...memory, va: 0x20000 })],
    ['VRAM', { vramPages: 3 }, record('ALLOCATE', { va: 0x20000, pages: 4 })],
    ['ranges', { channelRanges: 1 }, record('ALLOCATE', { va: 0x20000, pages: 1 })],
  ])('is limited in %s, which come back', async (_, limits, asked) => {
    const { driver, host } = await rig(limits);
    await driver.ask(record('MAP', memory));
    expect(await driver.type(asked)).toBe(FULL);
    expect([host.vramPages, host.pinned]).toEqual([0, 2]);
    await driver.ask(record('UNMAP', { va: 0x10000 }));
    expect(await driver.type(record('MAP', memory))).toBe(OK);
  });

  it('that the host has not, or will not pin, is refused and costs nothing', async () => {
    const { driver, host } = await rig({ vramPages: 300, pinnedPages: 300 });
    host.mostVram = 2;
    host.mostPinned = 1;
    expect(await driver.type(record('ALLOCATE', { va: 0x4000, pages: 3 }))).toBe(FULL);
    expect(await driver.type(record('MAP', memory))).toBe(INVALID);
    Object.assign(host, { mostVram: 300, mostPinned: 300 });
    expect(await driver.type(record('ALLOCATE', { va: 0x4000, pages: 300 }))).toBe(OK);
  });

  it('of one channel is not that of another', async () => {
    const { driver, host } = await rig();
    await driver.ask(createChannel(2));
    await driver.ask(record('ALLOCATE', { va: 0x4000, pages: 1 }));
    const theirs = submit(2, encodeRecord('UNMAP', { va: 0x4000 }));
    expect(await driver.type(theirs)).toBe(INVALID);
    expect(host.vramPages).toBe(1);
  });
});

describe('a stream', () => {
  it('is refused before anything is done when it cannot be read', async () => {
    const { driver, host } = await rig();
    const allocate = encodeRecord('ALLOCATE', { va: 0x4000, pages: 1 });
    expect(await driver.type(records(allocate, Uint32Array.of(0x00010077)))).toBe(INVALID);
    expect(await driver.type(records(allocate, allocate.subarray(0, 2)))).toBe(INVALID);
    expect(host.vramPages).toBe(0);
  });

  it('ends at the record that is refused', async () => {
    const { driver, host } = await rig();
    const allocate = (va: number): Uint32Array => encodeRecord('ALLOCATE', { va, pages: 1 });
    expect(await driver.type(records(allocate(0x4000), allocate(0), allocate(0x5000)))).toBe(
      INVALID,
    );
    expect([...host.channel.pages.keys()]).toEqual([4]);
  });

  it('has a most of bytes', async () => {
    const { driver } = await rig({ recordBytes: 8 });
    const unmap = encodeRecord('UNMAP', { va: 0x4000 });
    expect(await driver.type(records(encodeRecord('STOP', {}), encodeRecord('STOP', {})))).toBe(OK);
    expect(await driver.type(records(unmap, unmap))).toBe(INVALID);
  });
});

describe('a channel', () => {
  it('is turned on and off', async () => {
    const { driver, host } = await running();
    expect(host.channel.place).toEqual({ ring: 0x10000, ringBytes: 4096, fence: 0x11000 });
    expect(await driver.type(record('START', started))).toBe(INVALID);
    expect(await driver.type(record('STOP', {}))).toBe(OK);
    expect(host.channel.place).toBeUndefined();
    expect(await driver.type(record('START', started))).toBe(OK);
    expect(host.mistakes).toEqual([]);
  });

  it.each([
    ['a ring that is not mapped', { ring: 0x20000 }],
    ['a ring that is mapped in part', { ring_bytes: 16384 }],
    ['a fence that is not mapped', { fence: 0x12000 }],
    ['a report that the device cannot reach', { report: 4 << 20 }],
    ['a report whose end the device cannot reach', { report: (4 << 20) - 12 }],
    ['a report at no word', { report: PAGES + 2 }],
    ["a queue's vector", { vector: 2 }],
    ['a vector that is not there', { vector: 5 }],
    ['a ring that the GPU does not take', { ring_bytes: 64 }],
  ])('is not turned on with %s', async (_, wrong) => {
    const { driver, host } = await rig();
    await driver.ask(record('MAP', memory));
    expect(await driver.type(record('START', { ...started, ...wrong }))).toBe(INVALID);
    expect(host.channel.place).toBeUndefined();
    expect(await driver.type(record('START', started))).toBe(OK);
  });

  it('keeps its ring and its fence while it is on', async () => {
    const { driver } = await running();
    expect(await driver.type(record('UNMAP', { va: 0x10000 }))).toBe(INVALID);
    await driver.ask(record('STOP', {}));
    expect(await driver.type(record('UNMAP', { va: 0x10000 }))).toBe(OK);
  });

  it('interrupts by the vector that it was given, and only then', async () => {
    const { driver, host, signals } = await running();
    host.channel.onInterrupt();
    expect(signals).toEqual([3]);
    await driver.ask(record('STOP', {}));
    host.channel.onInterrupt();
    await driver.ask(record('START', { ...started, vector: 0xffff }));
    host.channel.onInterrupt();
    expect(signals).toEqual([3]);
    await driver.ask(record('STOP', {}));
    await driver.ask(record('START', { ...started, vector: 4 }));
    host.channel.onInterrupt();
    expect(signals).toEqual([3, 4]);
  });

  it('that stops by itself reports why before it interrupts, and is turned on again', async () => {
    const { driver, host, signals } = await running();
    const fault = { fault: 0x1101, address: 0x5000, packet: 0x10010 };
    const report = (): object => channelReport.decode(driver.memory.bytes, started.report);
    host.channel.onInterrupt();
    expect(report()).toMatchObject({ stopped: 0 });
    host.channel.stopWith(fault);
    expect(report()).toEqual({ stopped: 1, ...fault });
    expect(signals).toEqual([3, 3]);
    expect(await driver.type(record('START', started))).toBe(OK);
    expect(host.channel.faulted).toBeUndefined();
    expect(host.mistakes).toEqual([]);
  });
});

describe('the doorbell page', () => {
  it('is a blob that is mapped into the shared memory region', async () => {
    const { driver, host, shared } = await rig();
    expect(await driver.type(blob(7))).toBe(OK);
    const { type, bytes } = await driver.ask(mapBlob(7, 0x3000n));
    expect(type).toBe('OK_MAP_INFO');
    expect(gpuResponseLayouts.OK_MAP_INFO.decode(bytes).map_info).toBe(2);
    expect([...shared.mapped]).toEqual([[3, host.channel.doorbell]]);
    expect(await driver.type(command('RESOURCE_UNMAP_BLOB', { resource_id: 7 }))).toBe(OK);
    expect(await driver.type(command('RESOURCE_UNMAP_BLOB', { resource_id: 7 }))).toBe(INVALID);
    expect(shared.mapped.size).toBe(0);
  });

  it.each([
    ['of another size', { size: 8192n }],
    ['with pages of the driver', { nr_entries: 1 }],
    ['that cannot be mapped', { blob_flags: 0 }],
    ['of another memory', { blob_mem: 3 }],
    ['with flags that there are not', { blob_flags: 9 }],
  ])('is no blob %s', async (_, wrong) => {
    const { driver } = await rig();
    expect(await driver.type(blob(7, wrong))).toBe(INVALID);
  });

  it('is of a context that is a channel', async () => {
    const { driver } = await rig();
    await driver.ask(createContext(2));
    const of = (ctx_id: number): Uint8Array =>
      command(
        'RESOURCE_CREATE_BLOB',
        { resource_id: 7, blob_mem: 2, blob_flags: 1, size: 4096n },
        { ctx_id },
      );
    expect(await driver.type(of(2))).toBe(INVALID);
    expect(await driver.type(of(9))).toBe('ERR_INVALID_CONTEXT_ID');
  });

  it.each([0x3004n, 0x8000n, 1n << 52n, (1n << 64n) - 4096n])(
    'is not mapped at %s of eight pages',
    async (offset) => {
      const { driver, shared } = await rig();
      await driver.ask(blob(7));
      expect(await driver.type(mapBlob(7, offset))).toBe(INVALID);
      expect(shared.mapped.size).toBe(0);
    },
  );

  it('is mapped once, and where nothing is', async () => {
    const { driver, shared } = await rig();
    await driver.ask(blob(7));
    await driver.ask(blob(8));
    await driver.ask(mapBlob(7, 0n));
    expect(await driver.type(mapBlob(7, 0x1000n))).toBe(INVALID);
    expect(await driver.type(mapBlob(8, 0n))).toBe(INVALID);
    await driver.ask(command('RESOURCE_UNREF', { resource_id: 7 }));
    expect(shared.mapped.size).toBe(0);
    expect(await driver.type(mapBlob(8, 0n))).toBe('OK_MAP_INFO');
  });
});

describe('VRAM of a channel', () => {
  const show = (values: object = {}): Uint8Array =>
    command('SET_SCANOUT_BLOB', {
      ...{ r: rect(0, 0, 32, 16), resource_id: 7, width: 32, height: 16, format: 67 },
      ...{ strides: [128, 0, 0, 0], offsets: [0, 0, 0, 0], ...values },
    });
  const picture = { blob_flags: 0, blob_id: 0x4000n, size: 2048n };

  async function shown() {
    const made = await rig();
    await made.driver.ask(record('ALLOCATE', { va: 0x4000, pages: 1 }));
    expect(await made.driver.type(blob(7, picture))).toBe(OK);
    return made;
  }

  it('is shown by whoever hands out channels, when it is flushed', async () => {
    const { driver, host } = await shown();
    expect(await driver.type(show())).toBe(OK);
    expect(host.shown).toEqual([]);
    const flush = command('RESOURCE_FLUSH', { r: rect(0, 0, 32, 16), resource_id: 7 });
    expect(await driver.type(flush)).toBe(OK);
    const [range] = host.channel.ranges.keys();
    expect(host.shown).toEqual([[range, 32, 16, 128]]);
    expect(driver.gpu.shown).toEqual([]);
  });

  it.each([
    ['in part', { r: rect(0, 0, 16, 16) }],
    ['behind its beginning', { offsets: [4, 0, 0, 0] }],
    ['in another order of bytes', { format: 1 }],
    ['beyond its end', { height: 17, r: rect(0, 0, 32, 17) }],
    ['with rows that overlap', { strides: [64, 0, 0, 0] }],
  ])('is not shown %s', async (_, wrong) => {
    const { driver } = await shown();
    expect(await driver.type(show(wrong))).toBe(INVALID);
  });

  it.each([
    ['of more bytes than it has', { size: 4097n }],
    ['of no bytes', { size: 0n }],
    ['where nothing begins', { blob_id: 0x5000n }],
    ['that is RAM of the driver', { blob_id: 0x10000n }],
    ['that can be mapped', { blob_flags: 1 }],
  ])('is no blob %s', async (_, wrong) => {
    const { driver } = await shown();
    await driver.ask(record('MAP', memory));
    expect(await driver.type(blob(8, { ...picture, ...wrong }))).toBe(INVALID);
  });

  it('stays as long as a blob is it, and so does the context', async () => {
    const { driver, host } = await shown();
    await driver.ask(show());
    await driver.ask(blob(8, picture));
    const unmap = record('UNMAP', { va: 0x4000 });
    const destroy = command('CTX_DESTROY', {}, context);
    for (const id of [7, 8]) {
      expect([await driver.type(unmap), await driver.type(destroy)]).toEqual([
        INVALID,
        'ERR_UNSPEC',
      ]);
      await driver.ask(command('RESOURCE_UNREF', { resource_id: id }));
    }
    expect(await driver.type(unmap)).toBe(OK);
    expect(await driver.type(destroy)).toBe(OK);
    expect(host.isIdle).toBe(true);
  });

  it('is no memory for commands that copy', async () => {
    const { driver } = await shown();
    const on = { resource_id: 7 };
    await driver.ask(command('CTX_ATTACH_RESOURCE', on, context));
    for (const name of [
      'TRANSFER_TO_HOST_3D',
      'TRANSFER_FROM_HOST_3D',
      'TRANSFER_TO_HOST_2D',
      'RESOURCE_ATTACH_BACKING',
      'RESOURCE_MAP_BLOB',
      'RESOURCE_UNMAP_BLOB',
    ] as const) {
      expect(await driver.type(command(name, on, context))).toBe('ERR_UNSPEC');
    }
    expect(await driver.type(command('SET_SCANOUT', { ...on, r: rect(0, 0, 32, 16) }))).toBe(
      INVALID,
    );
  });
});

describe('a reset', () => {
  it('stops channels and unmaps doorbells at once, and gives all back', async () => {
    const { driver, host, shared, signals } = await running();
    await driver.ask(blob(7));
    await driver.ask(mapBlob(7, 0n));
    await driver.ask(record('ALLOCATE', { va: 0x4000, pages: 1 }));
    await driver.ask(blob(8, { blob_flags: 0, blob_id: 0x4000n }));
    const { channel } = host;
    driver.device.writeStatus(0);
    expect([channel.place, shared.mapped.size]).toEqual([undefined, 0]);
    channel.onInterrupt();
    expect(signals).toEqual([]);
    await settled();
    expect(host.isIdle).toBe(true);
    expect(host.mistakes).toEqual([]);
    expect(driver.failures).toEqual([]);
  });

  it('in the middle of a stream leaves nothing of it, and pins no more', async () => {
    const { driver, host } = await rig();
    let cleared = (): void => {};
    host.clearing = new Promise((resolve) => {
      cleared = resolve;
    });
    driver.send(
      0,
      records(encodeRecord('ALLOCATE', { va: 0x4000, pages: 1 }), encodeRecord('MAP', memory)),
    );
    await driver.kick(0);
    driver.device.writeStatus(0);
    let pinned = 0;
    host.channel.mapMemory = () => {
      pinned++;
    };
    cleared();
    await settled();
    expect(pinned).toBe(0);
    expect(host.isIdle).toBe(true);
    expect(host.mistakes).toEqual([]);
    expect(driver.failures).toEqual([]);
    await driver.start(everything);
    expect(await driver.type(createChannel(1))).toBe(OK);
  });
});
