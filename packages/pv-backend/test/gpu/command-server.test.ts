import { ctrlHeader, gpuCommandLayouts, type GpuCommandName, gpuCommands } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { command, create2d, PAGES, ScriptedDriver } from '../scripted-driver.ts';

const names = Object.keys(gpuCommands) as GpuCommandName[];
const cursor = ['UPDATE_CURSOR', 'MOVE_CURSOR'];

describe('a command', () => {
  it.each([0, 1, 0x1100, 0x010e, 0x020a, 2 ** 32 - 1])(
    'of the unknown type %i is answered so',
    async (type) => {
      const driver = await new ScriptedDriver().start();
      const bytes = command('GET_DISPLAY_INFO', {}, { type });
      expect(await driver.type(bytes)).toBe('ERR_UNSPEC');
    },
  );

  it.each(names.filter((name) => !cursor.includes(name) && gpuCommandLayouts[name].size > 24))(
    '%s is refused when it is too short',
    async (name) => {
      const driver = await new ScriptedDriver().start();
      for (const bytes of [24, gpuCommandLayouts[name].size - 1]) {
        expect(await driver.type(command(name).slice(0, bytes))).toBe('ERR_INVALID_PARAMETER');
      }
    },
  );

  it.each([0, 1, 23])('of %i bytes has no header, and is answered without one', async (bytes) => {
    const driver = await new ScriptedDriver().start();
    const { type, header } = await driver.ask(command('GET_DISPLAY_INFO').slice(0, bytes));
    expect(type).toBe('ERR_INVALID_PARAMETER');
    expect(header.flags).toBe(0);
  });

  it('may lie in many buffers, and its response too', async () => {
    const driver = await new ScriptedDriver().start();
    const bytes = create2d(1, 16, 16);
    const read = [...bytes].map((byte, index) => {
      driver.memory.bytes[PAGES + 16 * index] = byte;
      return { address: PAGES + 16 * index, bytes: 1, write: false };
    });
    // Too many for the ring: the last twelve bytes are one buffer.
    driver.memory.bytes.set(bytes.subarray(10), PAGES + 160);
    const last = { address: PAGES + 160, bytes: bytes.length - 10, write: false };
    const tag = driver.offer(0, [
      ...read.slice(0, 10),
      last,
      { address: PAGES + 0x1000, bytes: 3, write: true },
      { address: PAGES + 0x2000, bytes: 0, write: true },
      { address: PAGES + 0x3000, bytes: 100, write: true },
    ]);
    await driver.kick(0);
    expect(driver.answer(tag)).toMatchObject({ type: 'OK_NODATA', length: 24 });
    expect(driver.gpu.created).toBe(1);
  });

  it('is copied before it is looked at: a later change has no effect', async () => {
    const driver = await new ScriptedDriver().start();
    const fetch = driver.memory.fetch.bind(driver.memory);
    driver.memory.fetch = async (address, into) => {
      const moved = await fetch(address, into);
      driver.memory.bytes.fill(0xff, address, address + into.length);
      return moved;
    };
    expect(await driver.type(create2d(1, 16, 16))).toBe('OK_NODATA');
  });

  it('is refused without harm at any type and length of noise', async () => {
    const driver = await new ScriptedDriver().start();
    for (let length = 24; length < 200; length += 7) {
      const noise = Uint8Array.from({ length }, (_, index) => (index * 97 + length) & 0xff);
      noise.set(ctrlHeader.encode(ctrlHeader.decode(command('GET_EDID'))).subarray(0, 4));
      expect(await driver.type(noise)).toBe('ERR_INVALID_PARAMETER');
    }
  });
});

describe('a response', () => {
  it.each([0, 1, 23])('is cut to the %i bytes that there is room for', async (room) => {
    const driver = await new ScriptedDriver().start();
    const tag = driver.send(0, create2d(1, 16, 16), room);
    await driver.kick(0);
    expect(driver.answer(tag)?.length).toBe(room);
  });

  it('is not longer than what it says', async () => {
    const driver = await new ScriptedDriver().start();
    const tag = driver.send(0, create2d(1, 16, 16), 100);
    await driver.kick(0);
    expect(driver.answer(tag)?.length).toBe(24);
    const { address } = { address: 0x10000 + 0x800 };
    expect([...driver.memory.bytes.subarray(address + 24, address + 100)]).toEqual(
      new Array(76).fill(0xee),
    );
  });
});
