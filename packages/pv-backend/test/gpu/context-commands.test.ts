import {
  BELL_CAPSET,
  bellCapset,
  CommandEncoder,
  commandNames,
  commands,
  ctrlHeader,
  gpuFlags,
  gpuResponseLayouts,
} from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { FakeGpu } from '../fake-gpu.ts';
import {
  attachResource,
  command,
  createBuffer,
  createContext,
  createImage,
  entries,
  fence,
  PAGES,
  ScriptedDriver,
  settled,
  submit,
} from '../scripted-driver.ts';

const context = { ctx_id: 1 };

const fill = (handle: number, offset = 0, words = 4, value = 0x04030201): Uint32Array =>
  new CommandEncoder()
    .fill({ dst: { handle, offset }, stride: 0, width: words, height: 1, value })
    .finish().words;

async function ready(): Promise<ScriptedDriver> {
  const driver = await new ScriptedDriver().start();
  // The renderer's handles are other numbers than the driver's ids.
  for (const bytes of [createContext(1), createBuffer(50, 64), createImage(60, 16, 16)]) {
    expect(await driver.type(bytes)).toBe('OK_NODATA');
  }
  await driver.ask(attachResource(1, 50));
  await driver.ask(attachResource(1, 60));
  return driver;
}

describe('the capset', () => {
  it("is `bell`, with the renderer's features", async () => {
    const driver = await new ScriptedDriver({}, new FakeGpu(['fill', 'draw'])).start();
    const info = await driver.ask(command('GET_CAPSET_INFO', { capset_index: 0 }));
    expect(gpuResponseLayouts.OK_CAPSET_INFO.decode(info.bytes)).toMatchObject({
      capset_id: 48,
      capset_max_version: 1,
      capset_max_size: 48,
    });
    const values = { capset_id: 48, capset_version: 1 };
    const { type, bytes, length } = await driver.ask(command('GET_CAPSET', values));
    expect([type, length]).toEqual(['OK_CAPSET', ctrlHeader.size + 48]);
    const capset = bellCapset.decode(bytes, ctrlHeader.size);
    expect(capset).toMatchObject({ version: 1, max_buffer_bytes: 2n ** 24n, max_image_size: 1024 });
    const offered = commandNames.filter((name) => {
      const { opcode } = commands[name];
      return ((capset.commands[opcode >> 3] >> (opcode & 7)) & 1) === 1;
    });
    expect(offered).toEqual(['fill', 'draw']);
  });

  it.each([
    ['GET_CAPSET_INFO', { capset_index: 1 }],
    ['GET_CAPSET_INFO', { capset_index: 2 ** 32 - 1 }],
    ['GET_CAPSET', { capset_id: 1, capset_version: 1 }],
    ['GET_CAPSET', { capset_id: BELL_CAPSET, capset_version: 2 }],
    ['GET_CAPSET', { capset_id: BELL_CAPSET, capset_version: 0 }],
  ] as const)('%s refuses %o', async (name, values) => {
    const driver = await new ScriptedDriver().start();
    expect(await driver.type(command(name, values as object))).toBe('ERR_INVALID_PARAMETER');
  });
});

describe('contexts', () => {
  it.each([
    [0, 48, 'ERR_INVALID_CONTEXT_ID'],
    [1, 48, 'ERR_INVALID_CONTEXT_ID'],
    [2, 0, 'ERR_INVALID_PARAMETER'],
    [2, 1, 'ERR_INVALID_PARAMETER'],
    [2, 0x130, 'ERR_INVALID_PARAMETER'],
    [2, 48, 'OK_NODATA'],
  ] as const)('%i with context_init %i: %s', async (ctx_id, context_init, type) => {
    const driver = await ready();
    expect(await driver.type(command('CTX_CREATE', { context_init }, { ctx_id }))).toBe(type);
  });

  it('are limited in number', async () => {
    const driver = await new ScriptedDriver({ limits: { contexts: 1 } }).start();
    expect(await driver.type(createContext(1))).toBe('OK_NODATA');
    expect(await driver.type(createContext(2))).toBe('ERR_OUT_OF_MEMORY');
    await driver.ask(command('CTX_DESTROY', {}, context));
    expect(await driver.type(createContext(2))).toBe('OK_NODATA');
  });

  it('may name so many resources, all together', async () => {
    const driver = await new ScriptedDriver({ limits: { attachments: 2 } }).start();
    for (const bytes of [createContext(1), createContext(2), createBuffer(50, 64)]) {
      await driver.ask(bytes);
    }
    await driver.ask(createBuffer(51, 64));
    const full = 'ERR_OUT_OF_MEMORY';
    expect(await driver.type(attachResource(1, 50))).toBe('OK_NODATA');
    expect(await driver.type(attachResource(1, 50))).toBe('OK_NODATA'); // again: it is there
    expect(await driver.type(attachResource(2, 50))).toBe('OK_NODATA');
    expect(await driver.type(attachResource(1, 51))).toBe(full);
    await driver.ask(command('CTX_DETACH_RESOURCE', { resource_id: 50 }, context));
    expect(await driver.type(attachResource(1, 51))).toBe('OK_NODATA');
    expect(await driver.type(attachResource(2, 51))).toBe(full);
    await driver.ask(command('CTX_DESTROY', {}, { ctx_id: 2 }));
    expect(await driver.type(attachResource(1, 50))).toBe('OK_NODATA');
    await driver.ask(command('RESOURCE_UNREF', { resource_id: 51 }));
    expect(await driver.type(createBuffer(51, 64))).toBe('OK_NODATA');
    expect(await driver.type(attachResource(1, 51))).toBe('OK_NODATA');
  });

  it('are destroyed, and their resources stay', async () => {
    const driver = await ready();
    expect(await driver.type(command('CTX_DESTROY', {}, context))).toBe('OK_NODATA');
    expect(await driver.type(command('CTX_DESTROY', {}, context))).toBe('ERR_INVALID_CONTEXT_ID');
    expect(driver.gpu.alive).toBe(2);
  });

  it('name what is attached to them', async () => {
    const driver = await ready();
    expect(await driver.type(attachResource(2, 50))).toBe('ERR_INVALID_CONTEXT_ID');
    expect(await driver.type(attachResource(1, 9))).toBe('ERR_INVALID_RESOURCE_ID');
    const detach = command('CTX_DETACH_RESOURCE', { resource_id: 50 }, context);
    expect(await driver.type(detach)).toBe('OK_NODATA');
    expect(await driver.type(detach)).toBe('ERR_INVALID_RESOURCE_ID');
    expect(await driver.type(submit(1, fill(50)))).toBe('ERR_INVALID_RESOURCE_ID');
  });
});

describe('SUBMIT_3D', () => {
  it("runs a stream with the renderer's handles", async () => {
    const driver = await ready();
    expect(await driver.type(submit(1, fill(60, 64)))).toBe('OK_NODATA');
    expect(driver.gpu.submitted[0][1]).toBe(2);
    expect([...driver.gpu.bytesOf(2).subarray(64, 68)]).toEqual([1, 2, 3, 4]);
  });

  const rest = new Uint8Array(8);
  it.each([
    ['of no context', submit(9, fill(50)), 'ERR_INVALID_CONTEXT_ID'],
    ['that names no resource', submit(1, fill(9)), 'ERR_INVALID_RESOURCE_ID'],
    ['beyond a resource', submit(1, fill(50, 52)), 'ERR_INVALID_PARAMETER'],
    ['far beyond a resource', submit(1, fill(50, 2 ** 32 - 4)), 'ERR_INVALID_PARAMETER'],
    ['with an unknown command', submit(1, Uint32Array.of(0x10001)), 'ERR_INVALID_PARAMETER'],
    ['that ends early', submit(1, fill(50).slice(0, 5)), 'ERR_INVALID_PARAMETER'],
    ['of half a word', command('SUBMIT_3D', { size: 6 }, context, rest), 'ERR_INVALID_PARAMETER'],
    [
      'that is longer than what was sent',
      command('SUBMIT_3D', { size: 12 }, context, rest),
      'ERR_INVALID_PARAMETER',
    ],
  ] as const)('refuses a stream %s', async (_, bytes, type) => {
    const driver = await ready();
    expect(await driver.type(bytes)).toBe(type);
    expect(driver.gpu.submitted).toEqual([]);
  });

  it('refuses a resource of another context, and a blob', async () => {
    const driver = await ready();
    await driver.ask(createContext(2));
    expect(await driver.type(submit(2, fill(50)))).toBe('ERR_INVALID_RESOURCE_ID');
    const blob = { resource_id: 70, blob_mem: 1, nr_entries: 1, size: 64n };
    await driver.ask(command('RESOURCE_CREATE_BLOB', blob, {}, entries([PAGES, 64])));
    expect(await driver.type(attachResource(1, 70))).toBe('OK_NODATA');
    expect(await driver.type(submit(1, fill(70)))).toBe('ERR_INVALID_RESOURCE_ID');
  });
});

describe('fences', () => {
  const fenced = (id: number) => ({ ...fence(id), ctx_id: 1 });

  it("5.7.6.7: come back with the command's fence and context, when the work is over", async () => {
    const driver = await ready();
    driver.gpu.over = 0;
    const tag = driver.send(0, submit(1, fill(50), fenced(77)));
    await driver.kick(0);
    expect(driver.answer(tag)).toBeUndefined();
    driver.gpu.finish(1);
    await settled();
    const answer = driver.answer(tag);
    expect(answer?.type).toBe('OK_NODATA');
    expect(answer?.length).toBe(24);
    expect(answer?.header).toMatchObject({ flags: 1, fence_id: 77n, ctx_id: 1, ring_idx: 0 });
  });

  it('5.7.6.7: with INFO_RING_IDX the ring comes back as well', async () => {
    const driver = await ready();
    const flags = gpuFlags.FENCE | gpuFlags.INFO_RING_IDX;
    const header = { ...fenced(5), flags, ring_idx: 3 };
    const { header: echo } = await driver.ask(submit(1, fill(50), header));
    expect(echo).toMatchObject({ flags, fence_id: 5n, ring_idx: 3 });
  });

  it('do not come back for a command without one', async () => {
    const driver = await ready();
    const header = { flags: gpuFlags.INFO_RING_IDX, fence_id: 9n, ring_idx: 2, ctx_id: 1 };
    const { header: echo } = await driver.ask(submit(1, fill(50), header));
    expect(echo).toMatchObject({ flags: 0, fence_id: 0n, ctx_id: 0, ring_idx: 0 });
  });

  it('come back in order, while commands without one overtake them', async () => {
    const driver = await ready();
    driver.gpu.over = 0;
    const first = driver.send(0, submit(1, fill(50), fenced(1)));
    const second = driver.send(0, submit(1, fill(60), fenced(2)));
    const read = { resource_id: 50 };
    const plain = driver.send(0, command('CTX_DETACH_RESOURCE', read, context));
    const third = driver.send(0, command('GET_DISPLAY_INFO', {}, fence(3)));
    await driver.kick(0);
    expect(driver.order().slice(-1)).toEqual([plain]);
    driver.gpu.finish(1);
    await settled();
    expect(driver.order().slice(-2)).toEqual([plain, first]);
    driver.gpu.finish(2);
    await settled();
    expect(driver.order().slice(-4)).toEqual([plain, first, second, third]);
  });

  it('are over at once when nothing is under way', async () => {
    const driver = await ready();
    driver.gpu.over = 0;
    const { header } = await driver.ask(createBuffer(70, 64), 24);
    expect(header.flags).toBe(0);
    const answer = await driver.ask(command('GET_DISPLAY_INFO', {}, fence(4)));
    expect(answer.header).toMatchObject({ flags: 1, fence_id: 4n });
  });

  it.each([
    ['fault', 'ERR_UNSPEC'],
    ['hang', 'ERR_UNSPEC'],
    ['out-of-memory', 'ERR_OUT_OF_MEMORY'],
  ] as const)('report what became of the work: %s', async (code, type) => {
    const driver = await ready();
    driver.gpu.breakWork(1, code);
    const first = driver.send(0, submit(1, fill(50), fenced(1)));
    const second = driver.send(0, submit(1, fill(50), fenced(2)));
    await driver.kick(0);
    expect(driver.answer(first)?.type).toBe(type);
    expect(driver.answer(first)?.header.fence_id).toBe(1n);
    expect(driver.answer(second)?.type).toBe('OK_NODATA');
  });

  it('need a reset when the renderer is lost', async () => {
    const driver = await ready();
    driver.gpu.breakWork(1, 'lost');
    driver.send(0, submit(1, fill(50), fenced(1)));
    await driver.kick(0);
    expect(driver.device.reason).toBe('The renderer is lost.');
  });

  it('of an old life are not answered in the new one', async () => {
    const driver = await ready();
    driver.gpu.over = 0;
    driver.send(0, submit(1, fill(50), fenced(1)));
    await driver.kick(0);
    await driver.start();
    driver.gpu.finish(1);
    await settled();
    expect(driver.order()).toEqual([]);
    expect(await driver.type(createContext(1))).toBe('OK_NODATA');
    expect(driver.failures).toEqual([]);
  });
});
