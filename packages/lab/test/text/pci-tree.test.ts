import { bdf } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { ownershipTable, pciTree, type TreeFunction } from '../../src/text/pci-tree.ts';

function endpoint(bus: number, device: number, fn = 0): TreeFunction {
  return { bdf: bdf(bus, device, fn), bytes: new Uint8Array(4096) };
}

/** A type 1 header with secondary and subordinate bus. */
function bridge(bus: number, device: number, secondary: number, subordinate: number): TreeFunction {
  const one = endpoint(bus, device);
  one.bytes[0x0e] = 1;
  one.bytes.set([bus, secondary, subordinate], 0x18);
  return one;
}

test('one function on one bus', () => {
  expect(pciTree([endpoint(0, 2)])).toBe('-[0000:00]---02.0');
});

test('nothing at all', () => {
  expect(pciTree([])).toBe('-[0000:00]-');
});

test('a switch between an empty port and a board of two functions', () => {
  const tree = pciTree([
    bridge(0, 1, 1, 4),
    bridge(0, 2, 5, 5),
    endpoint(0, 0x1f),
    bridge(1, 0, 2, 4),
    bridge(2, 0, 3, 3),
    bridge(2, 1, 4, 4),
    endpoint(3, 0),
    endpoint(3, 0, 1),
    endpoint(4, 0),
  ]);
  expect(tree).toBe(
    [
      String.raw`-[0000:00]-+-01.0-[01-04]----00.0-[02-04]--+-00.0-[03]--+-00.0`,
      String.raw`           |                               |            \-00.1`,
      String.raw`           |                               \-01.0-[04]----00.0`,
      String.raw`           +-02.0-[05]--`,
      String.raw`           \-1f.0`,
    ].join('\n'),
  );
});

test('a bridge that leads to its own bus, or to one above, leads nowhere', () => {
  expect(pciTree([bridge(0, 1, 0, 0)])).toBe('-[0000:00]---01.0-[00]--');
  expect(pciTree([bridge(0, 1, 1, 1), bridge(1, 0, 1, 1)])).toBe(
    '-[0000:00]---01.0-[01]----00.0-[01]--',
  );
});

test('owners: group and driver where there are groups', () => {
  const functions = [
    { ...endpoint(0, 1), group: 0, driver: 'pcieport' },
    { ...endpoint(1, 0), group: 12 },
    endpoint(2, 0),
  ];
  expect(ownershipTable(functions)).toBe(
    ['00:01.0  group 0   pcieport', '01:00.0  group 12  no driver', '02:00.0  no group'].join('\n'),
  );
});
