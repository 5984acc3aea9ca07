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

function region(base: number, size: number): Region {
  return { name: 'test', base, size, kind: 'mapped', endpoint, bar: 0, barOffset: 0, onBus: base };
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

  it('keeps RAM when devices are removed, and forgets what it found last', () => {
    const space = new AddressSpace();
    space.add({ kind: 'ram', name: 'RAM', base: 0, size: 10, memoryOffset: 0 });
    space.add(region(10, 10));
    expect(space.find(15)).toBeDefined();
    space.removeDevices();
    expect(space.find(15)).toBeUndefined();
    expect(space.find(5)?.kind).toBe('ram');
  });

  it('lets no device lie over RAM', () => {
    const space = new AddressSpace();
    space.add({ kind: 'ram', name: 'RAM', base: 0, size: 100, memoryOffset: 0 });
    expect(space.add(region(90, 20))).toBe(false);
    expect(space.find(95)?.kind).toBe('ram');
  });
});
