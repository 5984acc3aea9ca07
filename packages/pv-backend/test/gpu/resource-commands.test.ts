import { gpuFormats, gpuResponseLayouts } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import {
  attachBacking,
  command,
  create2d,
  createBuffer,
  createImage,
  entries,
  PAGES,
  ScriptedDriver,
  settled,
} from '../scripted-driver.ts';

const on = { resource_id: 1 };

describe('2D resources', () => {
  it.each(Object.entries(gpuFormats))('are made of %s', async (_, format) => {
    const driver = await new ScriptedDriver().start();
    expect(await driver.type(create2d(1, 32, 16, format))).toBe('OK_NODATA');
    expect(driver.gpu.created).toBe(1);
  });

  it.each([
    ['the id 0', create2d(0, 16, 16), 'ERR_INVALID_RESOURCE_ID'],
    ['no format', create2d(1, 16, 16, 5), 'ERR_INVALID_PARAMETER'],
    ['no width', create2d(1, 0, 16), 'ERR_INVALID_PARAMETER'],
    ['more pixels than the renderer has', create2d(1, 1025, 16), 'ERR_INVALID_PARAMETER'],
    ['more bytes than a driver may have', create2d(1, 1 << 20, 1 << 20), 'ERR_OUT_OF_MEMORY'],
  ] as const)('are not made with %s', async (_, bytes, type) => {
    const driver = await new ScriptedDriver().start();
    expect(await driver.type(bytes)).toBe(type);
    expect(driver.gpu.alive).toBe(0);
  });

  it('have an id each', async () => {
    const driver = await new ScriptedDriver().start();
    await driver.ask(create2d(1, 16, 16));
    expect(await driver.type(create2d(1, 16, 16))).toBe('ERR_INVALID_RESOURCE_ID');
    expect(await driver.type(createImage(1, 16, 16))).toBe('ERR_INVALID_RESOURCE_ID');
    expect(driver.gpu.alive).toBe(1);
  });

  it('are given back', async () => {
    const driver = await new ScriptedDriver().start();
    await driver.ask(create2d(1, 16, 16));
    expect(await driver.type(command('RESOURCE_UNREF', on))).toBe('OK_NODATA');
    expect(await driver.type(command('RESOURCE_UNREF', on))).toBe('ERR_INVALID_RESOURCE_ID');
    expect(driver.gpu.alive).toBe(0);
  });
});

describe('3D resources', () => {
  it('are buffers and images', async () => {
    const driver = await new ScriptedDriver().start();
    expect(await driver.type(createBuffer(1, 100))).toBe('OK_NODATA');
    expect(await driver.type(createImage(2, 16, 8))).toBe('OK_NODATA');
    expect([driver.gpu.bytesOf(1).length, driver.gpu.bytesOf(2).length]).toEqual([100, 512]);
  });

  const image = { resource_id: 1, target: 2, format: 67, width: 16, height: 16 };
  const good = { ...image, depth: 1, array_size: 1 };
  it.each([
    { depth: 2 },
    { depth: 0 },
    { array_size: 2 },
    { last_level: 1 },
    { nr_samples: 2 },
    { flags: 1 },
    { format: 1 },
    { target: 3 },
    { target: 0 },
    { width: 0 },
    { height: 4096 },
  ])('are plain: %o is refused', async (wrong) => {
    const driver = await new ScriptedDriver().start();
    expect(await driver.type(command('RESOURCE_CREATE_3D', { ...good, ...wrong }))).toBe(
      'ERR_INVALID_PARAMETER',
    );
  });

  it('are refused without a trace when the renderer has no memory', async () => {
    const driver = await new ScriptedDriver({ limits: { hostBytes: 1024 } }).start();
    driver.gpu.failNext('createImage', 'out-of-memory');
    expect(await driver.type(createImage(1, 16, 16))).toBe('ERR_OUT_OF_MEMORY');
    expect(await driver.type(createImage(1, 16, 16))).toBe('OK_NODATA');
  });
});

describe('a backing', () => {
  it('is attached once, and detached once', async () => {
    const driver = await new ScriptedDriver().start();
    await driver.ask(create2d(1, 16, 16));
    expect(await driver.type(attachBacking(1, [PAGES, 1024]))).toBe('OK_NODATA');
    expect(await driver.type(attachBacking(1, [PAGES, 1024]))).toBe('ERR_UNSPEC');
    expect(await driver.type(command('RESOURCE_DETACH_BACKING', on))).toBe('OK_NODATA');
    expect(await driver.type(command('RESOURCE_DETACH_BACKING', on))).toBe('ERR_UNSPEC');
  });

  it.each([
    ['of no resource', attachBacking(9, [PAGES, 1024]), 'ERR_INVALID_RESOURCE_ID'],
    [
      'with fewer entries than it says',
      command('RESOURCE_ATTACH_BACKING', { ...on, nr_entries: 2 }, {}, entries([PAGES, 16])),
      'ERR_UNSPEC',
    ],
    [
      'with more entries than QEMU takes',
      command('RESOURCE_ATTACH_BACKING', { ...on, nr_entries: 16385 }),
      'ERR_UNSPEC',
    ],
    ['beyond memory', attachBacking(1, [2 ** 40, 16]), 'ERR_UNSPEC'],
  ] as const)('%s is refused', async (_, bytes, type) => {
    const driver = await new ScriptedDriver().start();
    await driver.ask(create2d(1, 16, 16));
    expect(await driver.type(bytes)).toBe(type);
    expect(await driver.type(attachBacking(1, [PAGES, 16]))).toBe('OK_NODATA');
  });

  it('of no entries is none, as in QEMU', async () => {
    const driver = await new ScriptedDriver().start();
    await driver.ask(create2d(1, 16, 16));
    expect(await driver.type(attachBacking(1))).toBe('OK_NODATA');
    expect(await driver.type(command('RESOURCE_DETACH_BACKING', on))).toBe('ERR_UNSPEC');
  });
});

describe('blobs', () => {
  const make = (wrong: object = {}, rest = entries([PAGES, 4096])): Uint8Array =>
    command(
      'RESOURCE_CREATE_BLOB',
      { ...on, blob_mem: 1, nr_entries: 1, size: 4096n, ...wrong },
      {},
      rest,
    );

  it('are of guest memory', async () => {
    const driver = await new ScriptedDriver().start();
    expect(await driver.type(make())).toBe('OK_NODATA');
    expect(driver.gpu.created).toBe(0);
    expect(await driver.type(make())).toBe('ERR_INVALID_RESOURCE_ID');
    expect(await driver.type(command('RESOURCE_UNREF', on))).toBe('OK_NODATA');
  });

  it.each([
    [{ resource_id: 0 }, 'ERR_INVALID_RESOURCE_ID'],
    [{ blob_mem: 2 }, 'ERR_INVALID_PARAMETER'],
    [{ blob_mem: 3 }, 'ERR_INVALID_PARAMETER'],
    [{ blob_flags: 8 }, 'ERR_INVALID_PARAMETER'],
    [{ size: 0n }, 'ERR_INVALID_PARAMETER'],
    [{ size: 4097n }, 'ERR_INVALID_PARAMETER'],
    [{ size: 2n ** 64n - 1n }, 'ERR_INVALID_PARAMETER'],
    [{ nr_entries: 0 }, 'ERR_INVALID_PARAMETER'],
    [{ nr_entries: 2 }, 'ERR_UNSPEC'],
  ] as const)('with %o are refused', async (wrong, type) => {
    const driver = await new ScriptedDriver().start();
    expect(await driver.type(make(wrong))).toBe(type);
  });

  it('are not mapped', async () => {
    const driver = await new ScriptedDriver().start();
    await driver.ask(make());
    expect(await driver.type(command('RESOURCE_MAP_BLOB', on))).toBe('ERR_UNSPEC');
    expect(await driver.type(command('RESOURCE_UNMAP_BLOB', on))).toBe('ERR_UNSPEC');
    expect(await driver.type(command('RESOURCE_MAP_BLOB', { resource_id: 2 }))).toBe(
      'ERR_INVALID_RESOURCE_ID',
    );
  });
});

describe('a UUID', () => {
  async function uuids(seed: number): Promise<string[]> {
    const driver = await new ScriptedDriver({ seed }).start();
    const found: string[] = [];
    for (const resource_id of [1, 2, 1]) {
      await driver.ask(create2d(resource_id, 16, 16));
      const { bytes } = await driver.ask(command('RESOURCE_ASSIGN_UUID', { resource_id }));
      found.push(
        Buffer.from(gpuResponseLayouts.OK_RESOURCE_UUID.decode(bytes).uuid).toString('hex'),
      );
    }
    return found;
  }

  it("is the resource's own, and the same for the same seed", async () => {
    const [first, second, again] = await uuids(1);
    expect(again).toBe(first);
    expect(second).not.toBe(first);
    expect(await uuids(1)).toEqual([first, second, again]);
    expect((await uuids(2))[0]).not.toBe(first);
  });

  it('is one of version 4', async () => {
    for (const uuid of await uuids(3)) {
      expect(uuid).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    }
  });

  it('is of a resource', async () => {
    const driver = await new ScriptedDriver().start();
    expect(await driver.type(command('RESOURCE_ASSIGN_UUID', on))).toBe('ERR_INVALID_RESOURCE_ID');
  });
});

describe('limits', () => {
  it('hold for the number of resources', async () => {
    const driver = await new ScriptedDriver({ limits: { resources: 2 } }).start();
    const types = [];
    for (const id of [1, 2, 3]) {
      types.push(await driver.type(create2d(id, 16, 16)));
    }
    expect(types).toEqual(['OK_NODATA', 'OK_NODATA', 'ERR_OUT_OF_MEMORY']);
    await driver.ask(command('RESOURCE_UNREF', on));
    expect(await driver.type(create2d(3, 16, 16))).toBe('OK_NODATA');
  });

  it('hold for bytes, and come back with them', async () => {
    const driver = await new ScriptedDriver({ limits: { hostBytes: 1024 } }).start();
    expect(await driver.type(create2d(1, 16, 16))).toBe('OK_NODATA');
    expect(await driver.type(createBuffer(2, 1))).toBe('ERR_OUT_OF_MEMORY');
    await driver.ask(command('RESOURCE_UNREF', on));
    expect(await driver.type(createBuffer(2, 1024))).toBe('OK_NODATA');
  });

  it('hold for entries of scatter lists, and come back with the resource', async () => {
    const driver = await new ScriptedDriver({ limits: { backingEntries: 2 } }).start();
    await driver.ask(create2d(1, 16, 16));
    await driver.ask(create2d(2, 16, 16));
    expect(await driver.type(attachBacking(1, [PAGES, 4], [PAGES, 4]))).toBe('OK_NODATA');
    expect(await driver.type(attachBacking(2, [PAGES, 4]))).toBe('ERR_OUT_OF_MEMORY');
    await driver.ask(command('RESOURCE_UNREF', on));
    expect(await driver.type(attachBacking(2, [PAGES, 4]))).toBe('OK_NODATA');
  });

  it('hold for the bytes of a command, of which only the header is read', async () => {
    const driver = await new ScriptedDriver({ limits: { commandBytes: 39 } }).start();
    expect(await driver.type(create2d(1, 16, 16))).toBe('ERR_OUT_OF_MEMORY');
    expect(driver.device.counts.bytesFetched).toBe(24);
  });

  it('begin anew with the next driver', async () => {
    const driver = await new ScriptedDriver({ limits: { hostBytes: 1024 } }).start();
    await driver.ask(create2d(1, 16, 16));
    await driver.start();
    await settled();
    expect(await driver.type(create2d(1, 16, 16))).toBe('OK_NODATA');
  });
});
