import type { Bdf } from '@doorbell/abi';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Host } from '../src/host.ts';
import type { PciTopology } from '../src/pci-topology.ts';
import { hostWith, type Plugged, written } from './hierarchy.ts';

const endpoint: Plugged = { at: [0, 0], kind: 'endpoint' };
/** A GPU and its audio. */
const board = (acs = false): Plugged[] => [
  { at: [0, 0], kind: 'endpoint', multifunction: true, acs },
  { at: [0, 1], kind: 'endpoint', multifunction: true, acs },
];
const rootPort = (device: number, acs: boolean, behind: readonly Plugged[]): Plugged => ({
  at: [device, 0],
  kind: 'ROOT_PORT',
  acs,
  behind,
});
/** A switch of two downstream ports, with an endpoint behind each. */
const twoPortSwitch = (acs: boolean): Plugged => ({
  at: [0, 0],
  kind: 'UPSTREAM_PORT',
  behind: [0, 1].map((device) => ({
    at: [device, 0],
    kind: 'DOWNSTREAM_PORT',
    acs,
    behind: [endpoint],
  })),
});

interface Row {
  readonly name: string;
  readonly all: readonly Plugged[];
  readonly groups: readonly string[];
  readonly acs?: false;
}

/** Group n is line n. */
const rows: readonly Row[] = [
  {
    name: 'a root port with ACS: the endpoint behind it is alone (pci_acs_path_enabled ends the walk)',
    all: [rootPort(1, true, [endpoint]), rootPort(2, true, [endpoint])],
    groups: ['00:01.0', '00:02.0', '01:00.0', '02:00.0'],
  },
  {
    name: 'a root port without ACS: what is behind it is in its group (pci_device_group walks up)',
    all: [rootPort(1, false, [endpoint]), rootPort(2, true, [endpoint])],
    groups: ['00:01.0 01:00.0', '00:02.0', '02:00.0'],
  },
  {
    name: 'a kernel that leaves ACS off: as without it (pci_acs_flags_enabled reads the control register)',
    all: [rootPort(1, true, [endpoint])],
    acs: false,
    groups: ['00:01.0 01:00.0'],
  },
  {
    name: 'a switch with ACS downstream (a single-function upstream port counts as isolating)',
    all: [rootPort(1, true, [twoPortSwitch(true)])],
    groups: ['00:01.0', '01:00.0', '02:00.0', '02:01.0', '03:00.0', '04:00.0'],
  },
  {
    name: 'a switch without ACS downstream: each endpoint is with its port (bus->self of its bus)',
    all: [rootPort(1, true, [twoPortSwitch(false)])],
    groups: ['00:01.0', '01:00.0', '02:00.0 03:00.0', '02:01.0 04:00.0'],
  },
  {
    name: 'a switch with ACS under a root port without: one group (the path must be whole)',
    all: [rootPort(1, false, [twoPortSwitch(true)])],
    groups: ['00:01.0 01:00.0 02:00.0 02:01.0 03:00.0 04:00.0'],
  },
  {
    name: 'functions without ACS of one device share (get_pci_function_alias_group)',
    all: [rootPort(1, true, board())],
    groups: ['00:01.0', '01:00.0 01:00.1'],
  },
  {
    name: 'functions with ACS of one device do not',
    all: [rootPort(1, true, board(true))],
    groups: ['00:01.0', '01:00.0', '01:00.1'],
  },
  {
    name: 'functions with ACS behind a port without it do, all the same',
    all: [rootPort(1, false, board(true))],
    groups: ['00:01.0 01:00.0 01:00.1'],
  },
  {
    name: 'a function with ACS is left out by the two that lack it',
    all: [
      { at: [3, 0], kind: 'integrated', multifunction: true },
      { at: [3, 1], kind: 'integrated', multifunction: true, acs: true },
      { at: [3, 2], kind: 'integrated', multifunction: true },
    ],
    groups: ['00:03.0 00:03.2', '00:03.1'],
  },
  {
    name: 'a PCIe-to-PCI bridge: all behind it come with its ID (pci_for_each_dma_alias)',
    all: [
      rootPort(1, true, [
        {
          at: [0, 0],
          kind: 'PCI_BRIDGE',
          behind: [
            { at: [0, 0], kind: 'conventional' },
            { at: [1, 0], kind: 'conventional' },
          ],
        },
      ]),
    ],
    groups: ['00:01.0', '01:00.0 02:00.0 02:01.0'],
  },
  {
    name: 'integrated endpoints of one function each are alone (PCIe 6.0 §6.12.1.3)',
    all: [
      { at: [2, 0], kind: 'integrated' },
      { at: [3, 0], kind: 'integrated' },
    ],
    groups: ['00:02.0', '00:03.0'],
  },
  {
    name: 'conventional functions on the root bus of one device share nothing but that device',
    all: [
      { at: [2, 0], kind: 'conventional' },
      { at: [3, 0], kind: 'conventional' },
    ],
    groups: ['00:02.0', '00:03.0'],
  },
  {
    name: 'root ports of one multifunction device without ACS share, with all that is behind them',
    all: [
      { ...rootPort(1, false, [endpoint]), multifunction: true },
      { ...rootPort(1, false, [endpoint]), at: [1, 1], multifunction: true },
    ],
    groups: ['00:01.0 00:01.1 01:00.0 02:00.0'],
  },
];

/** As VFIO has them, by number. */
function vfioGroups(host: Host): (readonly Bdf[])[] {
  const groups = [...host.vfio.list()].sort((a, b) => a.id - b.id);
  expect(groups.map(({ id }) => id)).toEqual(groups.map((_, index) => index));
  return groups.map(({ members }) => members.map((member) => member.bdf));
}

describe('groups', () => {
  test.each(rows)('$name', ({ all, groups, acs }) => {
    const host = hostWith(all, acs === undefined ? {} : { acs });
    expect(written(host.topology.groups())).toEqual(groups);
    expect(written(vfioGroups(host))).toEqual(groups);
  });

  test('a machine without an IOMMU has none', () => {
    const host = hostWith([rootPort(1, true, [endpoint])], { iommu: 'off' });
    expect(host.vfio.list()).toEqual([]);
  });
});

// ---------------------------------------------------------------------------- another definition

/** Bits of the registers, read without the code under test. */
function registers(topology: PciTopology, at: Bdf) {
  const read = (offset: number, width: 1 | 2 | 4): number =>
    topology.endpoint(at).configRead(offset, width);
  let cap = read(0x34, 1);
  while (cap !== 0 && read(cap, 1) !== 0x10) {
    cap = read(cap + 1, 1);
  }
  const type = cap === 0 ? -1 : (read(cap + 2, 2) >>> 4) & 0xf;
  const hasAcs = type >= 0 && (read(0x100, 4) & 0xffff) === 0xd;
  return {
    type,
    isolates: hasAcs && (read(0x104, 2) & 0x1d & ~read(0x106, 2)) === 0,
    shares: (read(0x0e, 1) & 0x80) !== 0,
  };
}

/** Whether a function keeps its neighbours' requests and its own from meeting below the root. */
function walls(topology: PciTopology, at: Bdf): boolean {
  const { type, isolates, shares } = registers(topology, at);
  if (type === 4 || type === 6) {
    return isolates;
  }
  return type === 0 || type === 5 || type === 9 ? isolates || !shares : false;
}

/** Two functions that the IOMMU may take for each other, or that reach each other below it. */
function meet(topology: PciTopology, a: Bdf, b: Bdf): boolean {
  const above = (at: Bdf): Bdf[] => {
    const up = topology.parentOf(at);
    return up === undefined ? [] : [up, ...above(up)];
  };
  const open = (at: Bdf, bridge: Bdf): boolean =>
    above(at)[0] === bridge &&
    (registers(topology, bridge).type === 7 ||
      [bridge, ...above(bridge)].some((one) => !walls(topology, one)));
  const siblings =
    a >>> 3 === b >>> 3 &&
    [a, b].every((at) => registers(topology, at).shares && !walls(topology, at));
  return open(a, b) || open(b, a) || siblings;
}

/** Everyone whom a chain of such pairs joins. */
function partition(topology: PciTopology): Bdf[][] {
  const groups: Bdf[][] = [];
  const seen = new Set<Bdf>();
  for (const first of topology.functions()) {
    const group = seen.has(first) ? [] : [first];
    group.forEach((at) => seen.add(at));
    for (let next = 0; next < group.length; next++) {
      const more = topology
        .functions()
        .filter((at) => !seen.has(at) && meet(topology, at, group[next]));
      more.forEach((at) => seen.add(at));
      group.push(...more);
    }
    if (group.length > 0) {
      groups.push(group.sort((x, y) => x - y));
    }
  }
  return groups;
}

const flag = fc.boolean();
/** Functions 0 to n of a device. */
const functionsOf = (device: number): fc.Arbitrary<Plugged[]> =>
  fc.array(flag, { minLength: 1, maxLength: 3 }).map((flags) =>
    flags.map((acs, fn) => ({
      at: [device, fn],
      kind: device > 0 ? 'integrated' : 'endpoint',
      acs,
      multifunction: flags.length > 1,
    })),
  );
const conventional: fc.Arbitrary<Plugged[]> = fc
  .integer({ min: 0, max: 3 })
  .map((count) =>
    Array.from({ length: count }, (_, at) => ({ at: [at, 0], kind: 'conventional' })),
  );
const pciBridge: fc.Arbitrary<Plugged[]> = conventional.map((behind) => [
  { at: [0, 0], kind: 'PCI_BRIDGE', behind },
]);
function behindPort(depth: number): fc.Arbitrary<Plugged[]> {
  const leaf = fc.oneof(fc.constant<Plugged[]>([]), functionsOf(0), pciBridge);
  return depth === 0 ? leaf : fc.oneof(leaf, aSwitch(depth));
}
function aSwitch(depth: number): fc.Arbitrary<Plugged[]> {
  return fc.array(fc.tuple(flag, behindPort(depth - 1)), { maxLength: 3 }).map((ports) => [
    {
      at: [0, 0],
      kind: 'UPSTREAM_PORT',
      behind: ports.map(([acs, behind], device) => ({
        at: [device, 0],
        kind: 'DOWNSTREAM_PORT',
        acs,
        behind,
      })),
    },
  ]);
}
const topologies: fc.Arbitrary<Plugged[]> = fc
  .tuple(fc.array(fc.tuple(flag, flag, behindPort(2)), { maxLength: 3 }), functionsOf(20), flag)
  .map(([ports, integrated, oneDevice]) => [
    ...ports.map(([acs, _, behind], index): Plugged => ({
      at: oneDevice ? [1, index] : [index + 1, 0],
      kind: 'ROOT_PORT',
      acs,
      multifunction: oneDevice && ports.length > 1,
      behind,
    })),
    ...integrated,
  ]);

test('are what the pairs that nothing keeps apart join, on any topology', () => {
  fc.assert(
    fc.property(topologies, flag, (all, acs) => {
      const { topology } = hostWith(all, { acs });
      expect(topology.groups()).toEqual(partition(topology));
    }),
    { numRuns: 150 },
  );
});
