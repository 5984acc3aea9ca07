import { bdf, type DoorbellPage, PAGE_BYTES } from '@doorbell/abi';
import { SharedMemory } from '@doorbell/device-model';
import { describe, expect, it } from 'vitest';
import { sharedWindow } from '../src/shared-window.ts';
import { AT, computer } from './computer.ts';
import { FakeEndpoint } from './fake-endpoint.ts';

const VIRTUAL = bdf(0, 3, 0);

/** A guest that has a function with one shared page, and a host with a part whose BAR has doorbells. */
function rig() {
  const host = computer();
  const guest = computer({ kind: 'trapped' });
  const physical = host.computer.parts.bus;
  const { bus } = guest.computer.parts;
  const model = new FakeEndpoint();
  const shared = new SharedMemory(1, () => bus.decodeChanged());
  bus.plug(VIRTUAL, model, () => sharedWindow(shared, physical));
  bus.assignBars();
  model.configWrite(0x04, 2, 2);
  bus.decodeChanged();
  const doorbell: DoorbellPage = { endpoint: host.endpoint, bar: 0, offset: 0 };
  const store = (offset: number, value: number): void => {
    guest.computer.mmio.write(bus.barAddress(VIRTUAL, 0).address + offset, 4, value);
  };
  return { host, guest, model, shared, doorbell, store };
}

describe('a page of a shared memory region', () => {
  it('that leads to a doorbell takes a store without an exit, at the price of a posted write', () => {
    const { host, guest, model, shared, doorbell, store } = rig();
    shared.map(0, doorbell);
    const before = guest.machine.now;
    store(0, 64);
    expect(host.endpoint.log).toEqual(['write 0 0 4 64']);
    expect(model.log).toEqual([]);
    expect(guest.machine.counts.directAccesses).toBe(1);
    expect(guest.machine.counts.exitsByReason['mmio-write']).toBe(0);
    expect(guest.machine.now - before).toBe(guest.machine.profile.constants['mmio.write'].value);
  });

  it('that leads nowhere, or no more, traps to the device model', () => {
    const { host, guest, model, shared, doorbell, store } = rig();
    store(4, 1);
    shared.map(0, doorbell);
    shared.unmap(0);
    store(8, 2);
    expect(host.endpoint.log).toEqual([]);
    expect(model.log).toEqual(['write 0 4 4 1', 'write 0 8 4 2']);
    expect(guest.machine.counts.exitsByReason['mmio-write']).toBe(2);
  });
});

it('says where each page is on the physical bus, and traps all around', () => {
  const { computer: host, endpoint } = computer();
  const shared = new SharedMemory(5, () => {});
  const page = (offset: number): DoorbellPage => ({ endpoint, bar: 0, offset });
  shared.map(3, page(0x2000));
  shared.map(1, page(0x7000));
  const { bus } = host.parts;
  const { address } = bus.barAddress(AT, 0);
  const size = PAGE_BYTES;
  expect(sharedWindow(shared, bus)).toEqual([
    { kind: 'trapped', offset: 0, size },
    { kind: 'mapped', offset: size, size, onBus: address + 0x7000, through: page(0x7000) },
    { kind: 'trapped', offset: 2 * size, size },
    { kind: 'mapped', offset: 3 * size, size, onBus: address + 0x2000, through: page(0x2000) },
    { kind: 'trapped', offset: 4 * size, size },
  ]);
});

it('refuses a doorbell of no function of the host', () => {
  const shared = new SharedMemory(1, () => {});
  shared.map(0, { endpoint: new FakeEndpoint(), bar: 0, offset: 0 });
  expect(() => sharedWindow(shared, computer().computer.parts.bus)).toThrow(RangeError);
});
