import { bdf } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { Host } from '../src/host.ts';
import { profiles } from '../src/profile.ts';

const AT = bdf(0, 2, 0);

function host(iommu: 'off' | 'strict', memoryBuffer?: ArrayBufferLike): Host {
  return new Host({
    profile: profiles.get('kvm-x86')!,
    iommu,
    display: { flip: () => undefined },
    memoryBytes: 4 << 20,
    ...(memoryBuffer === undefined ? {} : { memoryBuffer }),
  });
}

describe('a device behind a network', () => {
  it('reaches what the driver mapped, in the direction that it was mapped, and nothing else', () => {
    const machine = host('strict');
    const { dma, bus } = machine.attachRemote(AT);
    const { ram } = machine.computer;
    const page = ram.allocate(4096);
    ram.store32(page, 0x1234);
    const iova = dma.map(page, 4096, 'to-device');
    const seen = new Uint8Array(4);
    expect(bus.read(iova, seen)).toBe(true);
    expect([...seen]).toEqual([0x34, 0x12, 0, 0]);
    expect(bus.write(iova, seen)).toBe(false);
    expect(bus.read(iova + 4096, seen)).toBe(false);
    dma.unmap(iova, 4096);
    expect(bus.read(iova, seen)).toBe(false);
    expect(machine.iommu.counts.faults).toBe(3);
  });

  it('reaches all of memory by physical address without an IOMMU', () => {
    const buffer = new SharedArrayBuffer(4 << 20);
    const machine = host('off', buffer);
    const { dma, bus } = machine.attachRemote(AT);
    const { address, iova } = dma.allocateCoherent(4096);
    expect(iova).toBe(address);
    expect(bus.write(iova, Uint8Array.of(7))).toBe(true);
    expect(new Uint8Array(buffer)[address]).toBe(7);
    expect(bus.write(4 << 20, Uint8Array.of(7))).toBe(false);
  });
});
