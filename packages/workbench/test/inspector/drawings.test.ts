/** What is drawn: addresses, rings, who has what. */
import { describe, expect, it } from 'vitest';
import { blocksOf, type AddressRange } from '../../src/inspector/address-layout.ts';
import { configRows } from '../../src/inspector/config-bytes.ts';
import { drawOwnership } from '../../src/inspector/ownership-layout.ts';
import { arcPath, pointAt } from '../../src/inspector/ring-shape.ts';
import type { Inspection } from '../../src/machine/contract.ts';

function range(base: number, size: number): AddressRange {
  return { name: 'RAM', base, size, kind: 'ram', leadsTo: undefined };
}

describe('addresses', () => {
  it('what nothing answers at is a block of its own', () => {
    const blocks = blocksOf({ guest: 0, ranges: [range(0, 4096), range(8192, 4096)] });
    expect(blocks.map(({ base, size, range: of }) => [base, size, of !== undefined])).toEqual([
      [0, 4096, true],
      [4096, 4096, false],
      [8192, 4096, true],
    ]);
  });

  it('what is larger is drawn larger, and never without end', () => {
    const lines = [4096, 1 << 20, 1 << 30, 2 ** 40].map(
      (size) => blocksOf({ guest: 0, ranges: [range(0, size)] })[0].lines,
    );
    expect(lines[1]).toBeGreaterThan(lines[0]);
    expect(lines[2]).toBeGreaterThan(lines[1]);
    expect(lines[3]).toBe(lines[2]);
  });
});

describe('configuration space', () => {
  it('has no lines of zeros, but those that were something else before', () => {
    const bytes = new Uint8Array(64);
    bytes[17] = 0xab;
    const before = new Uint8Array(64);
    before[50] = 1;
    expect(configRows(bytes, undefined).map(({ offset }) => offset)).toEqual([16]);
    const rows = configRows(bytes, before);
    expect(rows.map(({ offset }) => offset)).toEqual([16, 48]);
    expect(rows[0].values[1]).toBe('ab');
    expect(rows[1].was?.[2]).toBe('01');
  });
});

describe('a ring', () => {
  const circle = { x: 0, y: 0, radius: 10 };

  it('begins at the top and goes clockwise', () => {
    expect(pointAt(circle, 0)).toEqual([0, -10]);
    expect(pointAt(circle, 0.25)[0]).toBeCloseTo(10);
  });

  it('is empty when head and tail meet, and wraps around when tail is behind', () => {
    expect(arcPath(circle, 0.5, 0.5)).toBe('');
    expect(arcPath(circle, 0.75, 0.25)).toBe('M -10 0 A 10 10 0 0 1 10 0');
    expect(arcPath(circle, 0, 0.75)).toBe('M 0 -10 A 10 10 0 1 1 -10 0');
  });
});

describe('owners', () => {
  type Ownership = NonNullable<Inspection['ownership']>;
  const member = { driverOverride: undefined, handles: 0, virtualOf: undefined };
  const ownership: Ownership = {
    iommu: true,
    groups: [
      {
        ...{ id: 1, state: 'absent', isViable: false, owner: undefined, container: undefined },
        members: [{ ...member, bdf: 0x100, driver: { name: 'bell', kind: 'host' } }],
        mediated: undefined,
      },
      {
        ...{ id: 2, state: 'in-use', isViable: true, owner: 'guest' },
        container: {
          user: 'guest',
          iommu: { version: 2, domain: 3, mappings: 1, mappedBytes: 4096, pinnedPages: 1 },
        },
        members: [{ ...member, bdf: 0x101, driver: { name: 'vfio-pci', kind: 'vfio' } }],
        mediated: undefined,
      },
      {
        ...{ id: 3, state: 'absent', isViable: true, owner: undefined, container: undefined },
        members: [{ ...member, bdf: 0x102, driver: undefined }],
        mediated: undefined,
      },
    ],
    devices: [{ guest: 0, bdf: 0x10, kind: 'bell', backing: 'assigned', isGone: false }],
  };

  it('lead from groups to who has them, and on to the guest', () => {
    const { links } = drawOwnership(ownership);
    expect(links.map(({ from, to, label }) => [from.id, to.id, label])).toEqual([
      ['group 1', 'kernel', 'driver'],
      ['group 2', 'user guest', 'in-use'],
      ['user guest', 'guest 0', 'VFIO'],
    ]);
  });

  it('stand beside and below each other, never over each other', () => {
    const { boxes, height } = drawOwnership(ownership);
    for (const box of boxes) {
      expect(box.y + box.height).toBeLessThanOrEqual(height);
      for (const other of boxes) {
        const isApart =
          other === box ||
          other.x !== box.x ||
          other.y >= box.y + box.height ||
          box.y >= other.y + other.height;
        expect(isApart).toBe(true);
      }
    }
  });
});
