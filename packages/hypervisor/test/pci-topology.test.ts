import { bdf, formatBdf } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { hostWith, type Plugged } from './hierarchy.ts';

const board: readonly Plugged[] = [
  { at: [0, 0], kind: 'endpoint', multifunction: true },
  { at: [0, 1], kind: 'endpoint', multifunction: true },
];
const { topology } = hostWith([
  {
    at: [1, 0],
    kind: 'ROOT_PORT',
    behind: [
      {
        at: [0, 0],
        kind: 'UPSTREAM_PORT',
        behind: [{ at: [3, 0], kind: 'DOWNSTREAM_PORT', behind: board }],
      },
    ],
  },
  {
    at: [2, 0],
    kind: 'ROOT_PORT',
    behind: [
      {
        at: [0, 0],
        kind: 'PCI_BRIDGE',
        behind: [{ at: [7, 0], kind: 'conventional' }],
      },
    ],
  },
]);

describe('the topology', () => {
  it('knows what is above and below', () => {
    expect(topology.parentOf(bdf(3, 0, 1))).toBe(bdf(2, 3, 0));
    expect(topology.parentOf(bdf(0, 1, 0))).toBeUndefined();
    expect(topology.below(bdf(0, 1, 0)).map(formatBdf)).toEqual([
      ...['01:00.0', '02:03.0', '03:00.0', '03:00.1'],
    ]);
    expect(topology.below(bdf(3, 0, 0))).toEqual([]);
  });

  it('knows the functions of a device', () => {
    expect(topology.functionsOfSlot(bdf(3, 0, 1))).toEqual([bdf(3, 0, 0), bdf(3, 0, 1)]);
    expect(topology.functionsOfSlot(bdf(2, 3, 0))).toEqual([bdf(2, 3, 0)]);
    expect(topology.isMultifunction(bdf(3, 0, 1))).toBe(true);
    expect(topology.isMultifunction(bdf(2, 3, 0))).toBe(false);
  });

  it('knows which bridge leads to a bus', () => {
    expect(topology.bridgeOf(0)).toBeUndefined();
    expect(topology.bridgeOf(3)?.bdf).toBe(bdf(2, 3, 0));
    expect(topology.bridgeOf(5)?.bdf).toBe(bdf(4, 0, 0));
    expect(() => topology.bridgeOf(9)).toThrow('There is no bus 9.');
  });

  it('Bridge 1.0 §2.3: has the requests of conventional functions come from function 0 of their bus', () => {
    expect(topology.requestersOf(bdf(5, 7, 0))).toEqual([bdf(5, 7, 0), bdf(5, 0, 0)]);
    expect(topology.requestersOf(bdf(4, 0, 0))).toEqual([bdf(4, 0, 0)]);
    expect(topology.requestersOf(bdf(3, 0, 0))).toEqual([bdf(3, 0, 0)]);
  });

  it('says what is not there', () => {
    expect(() => topology.node(bdf(9, 0, 0))).toThrow('No function is at 09:00.0.');
  });
});
