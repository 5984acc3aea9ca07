import { bdf } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { AddressSpace } from '../src/address-space.ts';
import { allMapped, PciBus } from '../src/pci-bus.ts';
import { FakeEndpoint } from './fake-endpoint.ts';

function bus(): { bus: PciBus; space: AddressSpace; endpoint: FakeEndpoint } {
  const space = new AddressSpace();
  const made = new PciBus(space, { event: () => 0 });
  const endpoint = new FakeEndpoint();
  endpoint.decodeChanged = () => {
    made.decodeChanged();
  };
  made.plug(bdf(0, 2, 0), endpoint, allMapped);
  return { bus: made, space, endpoint };
}

describe('PciBus', () => {
  it('sizes a BAR and places it naturally aligned, without decoding it', () => {
    const { bus: made, space } = bus();
    made.assignBars();
    const { address, size } = made.barAddress(bdf(0, 2, 0), 0);
    expect(size).toBe(4096);
    expect(address % 4096).toBe(0);
    expect(address).toBeGreaterThanOrEqual(0xe0000000);
    expect(space.find(address)).toBeUndefined();
  });

  it('decodes while COMMAND.MEMORY is set, where the BAR says', () => {
    const { bus: made, space, endpoint } = bus();
    made.assignBars();
    endpoint.configWrite(0x04, 2, 0x0002);
    const { address } = made.barAddress(bdf(0, 2, 0), 0);
    expect(space.find(address + 4095)).toMatchObject({ endpoint });
    expect(space.find(address + 4096)).toBeUndefined();
    endpoint.configWrite(0x10, 4, 0xf0000000);
    expect(space.find(address)).toBeUndefined();
    expect(space.find(0xf0000000)).toMatchObject({ endpoint });
    endpoint.configWrite(0x04, 2, 0);
    expect(space.find(0xf0000000)).toBeUndefined();
  });

  it('says which function or BAR is not there', () => {
    const { bus: made } = bus();
    made.assignBars();
    expect(() => made.function(bdf(0, 3, 0))).toThrow('No function is at 00:03.0.');
    expect(() => made.barAddress(bdf(0, 2, 0), 1)).toThrow('00:02.0 has no BAR 1.');
  });
});
