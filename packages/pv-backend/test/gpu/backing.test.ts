import { LinearMemory } from '@doorbell/abi';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Backing } from '../../src/gpu/backing.ts';
import { always, GuestMemory } from '../../src/guest-memory.ts';
import { entries } from '../scripted-driver.ts';

const RAM_BYTES = 4096;

function ram(): LinearMemory {
  const memory = new LinearMemory(new ArrayBuffer(RAM_BYTES));
  memory.bytes.forEach((_, at) => {
    memory.bytes[at] = (at * 7) ^ (at >> 8);
  });
  return memory;
}

function backing(memory: LinearMemory, list: readonly (readonly [number, number])[]): Backing {
  return new Backing(new GuestMemory(memory), entries(...list), list.length);
}

const piece = fc
  .tuple(fc.nat(RAM_BYTES - 1), fc.integer({ min: 1, max: 200 }))
  .map(([address, bytes]): [number, number] => [address, Math.min(bytes, RAM_BYTES - address)]);
const lists = fc.array(piece, { minLength: 1, maxLength: 12 });

it("is the entries' bytes, one after the other", async () => {
  await fc.assert(
    fc.asyncProperty(lists, fc.nat(), fc.nat(), async (list, a, b) => {
      const memory = ram();
      const whole = list.flatMap(([address, bytes]) => [
        ...memory.bytes.subarray(address, address + bytes),
      ]);
      const from = a % (whole.length + 1);
      const to = from + (b % (whole.length - from + 1));
      const into = new Uint8Array(to - from);
      await backing(memory, list).fetch(from, into, always);
      expect([...into]).toEqual(whole.slice(from, to));
    }),
  );
});

it('is written where its entries say, and nowhere else', async () => {
  await fc.assert(
    fc.asyncProperty(lists, fc.nat(), async (list, a) => {
      const memory = ram();
      const expected = memory.bytes.slice();
      const addresses = list.flatMap(([address, bytes]) =>
        Array.from({ length: bytes }, (_, index) => address + index),
      );
      const from = a % (addresses.length + 1);
      const bytes = Uint8Array.from({ length: addresses.length - from }, (_, index) => index);
      bytes.forEach((byte, index) => {
        expected[addresses[from + index]] = byte;
      });
      await backing(memory, list).store(from, bytes, always);
      expect(memory.bytes).toEqual(expected);
    }),
  );
});

it('joins pages that lie together', async () => {
  const memory = ram();
  let fetches = 0;
  const fetch = memory.fetch.bind(memory);
  memory.fetch = (address, into) => {
    fetches++;
    return fetch(address, into);
  };
  const joined = backing(memory, [
    [0, 64],
    [64, 64],
    [256, 64],
  ]);
  await joined.fetch(0, new Uint8Array(192), always);
  expect(fetches).toBe(2);
});

it('is not reached beyond its end, however far', async () => {
  const small = backing(ram(), [[0, 64]]);
  for (const offset of [1, 64, 2 ** 32, 2 ** 53, 2 ** 64]) {
    await expect(small.fetch(offset, new Uint8Array(64), always)).rejects.toThrow(
      'not in a backing',
    );
  }
});

it('has pages that the device can reach, and as many as were counted', () => {
  const memory = new GuestMemory(ram());
  expect(() => new Backing(memory, entries([RAM_BYTES - 1, 2]), 1)).toThrow('cannot reach');
  expect(() => new Backing(memory, entries([2 ** 60, 2]), 1)).toThrow('cannot reach');
  expect(() => new Backing(memory, entries([0, 2]), 2)).toThrow('2 entries has 16 bytes');
  expect(() => new Backing(memory, entries([0, 2], [8, 0]), 2)).toThrow('has no bytes');
  expect(() => new Backing(memory, entries([0, 2]), 2 ** 32 - 1)).toThrow('more than 16384');
});

it('stops where the driver wants its memory back', async () => {
  const memory = ram();
  const before = memory.bytes.slice();
  const list = backing(memory, [
    [0, 16],
    [64, 16],
  ]);
  let left = 1;
  const isWanted = (): boolean => left-- > 0;
  await expect(list.store(0, new Uint8Array(32).fill(0xaa), isWanted)).rejects.toThrow('any more');
  expect([...memory.bytes.subarray(0, 16)]).toEqual(new Array(16).fill(0xaa));
  expect(memory.bytes.subarray(16)).toEqual(before.subarray(16));
});

it('is not read either once the driver wants its memory back', async () => {
  const memory = ram();
  const list = backing(memory, [
    [0, 16],
    [64, 16],
  ]);
  const into = new Uint8Array(32);
  let left = 1;
  await expect(list.fetch(0, into, () => left-- > 0)).rejects.toThrow('any more');
  expect(into.subarray(16)).toEqual(new Uint8Array(16));
});

it('refuses what cannot be reached any more', async () => {
  const memory = ram();
  const taken = backing(memory, [[0, 64]]);
  memory.fetch = async () => false;
  memory.store = async () => false;
  await expect(taken.fetch(0, new Uint8Array(4), always)).rejects.toMatchObject({
    response: 'ERR_UNSPEC',
  });
  await expect(taken.store(0, new Uint8Array(4), always)).rejects.toMatchObject({
    response: 'ERR_UNSPEC',
  });
});
