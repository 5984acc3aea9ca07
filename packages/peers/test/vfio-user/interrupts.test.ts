import { beforeEach, describe, expect, it } from 'vitest';
import { Interrupts } from '../../src/vfio-user/interrupts.ts';

/* linux/vfio.h: VFIO_IRQ_SET_*, and the kinds of interrupt of a PCI device. */
const [NONE, BOOL, EVENTFD, MASK, UNMASK, TRIGGER] = [1, 2, 4, 8, 16, 32];
const [INTX, MSI, MSIX] = [0, 1, 2];

let signalled: number[];
let closed: number[];
let interrupts: Interrupts;

beforeEach(() => {
  signalled = [];
  closed = [];
  const libc = {
    signal: (each: number) => void signalled.push(each),
    close: (each: number) => void closed.push(each),
  };
  interrupts = new Interrupts(libc, { intx: true, msi: true });
});

function set(flags: number, index: number, descriptors: number[] = [], data: number[] = []): void {
  const request = { flags, index, start: 0, count: 1 };
  interrupts.set({ ...request, descriptors, data: Uint8Array.from(data) });
}

it('has INTx and MSI as the device has them', () => {
  expect([0, 1, 2, 3, 4].map((index) => interrupts.info(index))).toEqual([
    { flags: 7, count: 1 },
    { flags: 9, count: 1 },
    { flags: 0, count: 0 },
    { flags: 0, count: 0 },
    { flags: 0, count: 0 },
  ]);
  const bare = new Interrupts({ signal: () => {}, close: () => {} }, { intx: false, msi: false });
  expect(bare.info(INTX).count + bare.info(MSI).count).toBe(0);
});

it('signals the eventfd of MSI for each message, and nothing without one', () => {
  interrupts.message();
  set(EVENTFD | TRIGGER, MSI, [40]);
  interrupts.message();
  interrupts.message();
  expect(signalled).toEqual([40, 40]);
});

it('closes an eventfd that another replaces, or none', () => {
  set(EVENTFD | TRIGGER, MSI, [40]);
  set(EVENTFD | TRIGGER, MSI, [41]);
  expect(closed).toEqual([40]);
  set(EVENTFD | TRIGGER, MSI, []);
  expect(closed).toEqual([40, 41]);
  set(EVENTFD | TRIGGER, MSI, [42]);
  interrupts.set({
    ...{ flags: NONE | TRIGGER, index: MSI, start: 0, count: 0 },
    data: new Uint8Array(0),
    descriptors: [],
  });
  expect(closed).toEqual([40, 41, 42]);
  interrupts.message();
  expect(signalled).toEqual([]);
});

describe('INTx', () => {
  it('is masked by each signal until it is unmasked, and signals again while it is high', () => {
    set(EVENTFD | TRIGGER, INTX, [40]);
    interrupts.line(true);
    interrupts.line(false);
    interrupts.line(true);
    expect(signalled).toEqual([40]);
    set(NONE | UNMASK, INTX);
    expect(signalled).toEqual([40, 40]);
    interrupts.line(false);
    set(NONE | UNMASK, INTX);
    expect(signalled).toEqual([40, 40]);
  });

  it('waits for its eventfd, and for its mask', () => {
    interrupts.line(true);
    set(NONE | MASK, INTX);
    set(EVENTFD | TRIGGER, INTX, [40]);
    expect(signalled).toEqual([40]);
    interrupts.line(false);
    set(NONE | UNMASK, INTX);
    set(BOOL | MASK, INTX, [], [0]);
    interrupts.line(true);
    expect(signalled).toEqual([40, 40]);
  });
});

it('lets the client trigger an interrupt itself', () => {
  set(EVENTFD | TRIGGER, MSI, [40]);
  set(NONE | TRIGGER, MSI);
  set(BOOL | TRIGGER, MSI, [], [0]);
  set(BOOL | TRIGGER, MSI, [], [1]);
  expect(signalled).toEqual([40, 40]);
});

it.each([
  ['MSI-X', EVENTFD | TRIGGER, MSIX, [40], 'EINVAL'],
  ['a kind that there is not', EVENTFD | TRIGGER, 5, [40], 'EINVAL'],
  ['two descriptors for one', EVENTFD | TRIGGER, MSI, [40, 41], 'EINVAL'],
  ['a mask for MSI', NONE | MASK, MSI, [], 'EINVAL'],
  ['an eventfd to unmask', EVENTFD | UNMASK, INTX, [40], 'ENOTSUP'],
  ['two actions', NONE | MASK | TRIGGER, INTX, [], 'ENOTSUP'],
])('refuses %s, and takes no descriptor', (_, flags, index, descriptors, code) => {
  expect(() => set(flags, index, descriptors)).toThrow(expect.objectContaining({ code }));
  interrupts.clear();
  expect(closed).toEqual([]);
});

it('refuses interrupts beyond the first', () => {
  for (const [start, count] of [
    [1, 1],
    [0, 2],
    [0, 0xffffffff],
  ]) {
    const request = { flags: EVENTFD | TRIGGER, index: MSI, start, count, descriptors: [40] };
    expect(() => interrupts.set({ ...request, data: new Uint8Array(0) })).toThrow('no such');
  }
});

it('closes what it has at the end', () => {
  set(EVENTFD | TRIGGER, INTX, [40]);
  set(EVENTFD | TRIGGER, MSI, [41]);
  interrupts.clear();
  expect(closed.sort()).toEqual([40, 41]);
});
