import type { PciEndpoint } from '@doorbell/abi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressSpace, type Region } from '../src/address-space.ts';

const endpoint: PciEndpoint = {
  configRead: () => 0,
  configWrite: () => undefined,
  barRead: () => 0,
  barWrite: () => undefined,
  barMemory: () => undefined,
};

function region(base: number, size: number, of = endpoint): Region {
  return { name: 'test', base, size, kind: 'mapped', endpoint: of, bar: 0, barOffset: 0 };
}

describe('AddressSpace', () => {
  it('finds the region of each address, as a search through all of them does', () => {
    const shapes = fc.array(fc.tuple(fc.nat(100), fc.integer({ min: 1, max: 10 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(shapes, fc.array(fc.nat(120)), (wanted, addresses) => {
        const space = new AddressSpace();
        const there: Region[] = [];
        for (const [base, size] of wanted) {
          const next = region(base, size);
          const free = there.every((r) => base + size <= r.base || base >= r.base + r.size);
          expect(space.add(next)).toBe(free);
          if (free) {
            there.push(next);
          }
        }
        for (const address of addresses) {
          const expected = there.find((r) => address >= r.base && address < r.base + r.size);
          expect(space.find(address)).toBe(expected);
        }
      }),
    );
  });

  it('forgets the regions of an endpoint, also the one that was found last', () => {
    const space = new AddressSpace();
    const other = { ...endpoint };
    space.add(region(0, 10));
    space.add(region(10, 10, other));
    space.add(region(20, 10));
    expect(space.find(5)).toBeDefined();
    space.removeAll(endpoint);
    expect(space.find(5)).toBeUndefined();
    expect(space.find(25)).toBeUndefined();
    expect(space.find(15)?.endpoint).toBe(other);
  });
});
