import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { Host } from '../src/host.ts';
import { Vm } from '../src/vm.ts';

const RAM = 4 << 20;

function guest() {
  const host = new Host({
    profile: profiles.get('kvm-x86')!,
    iommu: 'off',
    display: { flip: () => undefined },
    memoryBytes: 16 << 20,
  });
  const vm = new Vm(host, { name: 'guest', ramBytes: RAM, postedInterrupts: false });
  const device = { isBusMaster: true };
  const memory = vm.memory(() => device.isBusMaster);
  return { host, device, memory, ram: vm.computer.ram };
}

describe("a guest's RAM as the host's CPU reaches it", () => {
  it('is the same memory that the guest sees at the same address', async () => {
    const { memory, ram } = guest();
    ram.store32(0x1000, 0x12345678);
    expect(memory.load32(0x1000)).toBe(0x12345678);
    expect(memory.load16(0x1002)).toBe(0x1234);
    memory.store32(0x2000, 0xcafe);
    memory.store16(0x2004, 0xbeef);
    memory.release16(0x2006, 0xf00d);
    memory.fence();
    expect([ram.load32(0x2000), ram.load32(0x2004)]).toEqual([0xcafe, 0xf00dbeef]);
    expect(memory.acquire16(0x2006)).toBe(0xf00d);
    const bytes = new Uint8Array(4);
    expect(await memory.fetch(0x1000, bytes)).toBe(true);
    expect([...bytes]).toEqual([0x78, 0x56, 0x34, 0x12]);
    expect(await memory.store(0x1001, Uint8Array.of(1, 2))).toBe(true);
    expect(ram.load32(0x1000)).toBe(0x12020178);
  });

  it("ends where the guest's RAM ends, whatever the host has behind it", async () => {
    const { memory } = guest();
    expect(memory.reaches(RAM - 4, 4, true)).toBe(true);
    for (const [address, bytes] of [
      [RAM - 4, 5],
      [RAM, 1],
      [-4, 4],
      [2 ** 52, 4],
    ] as const) {
      expect(memory.reaches(address, bytes, false)).toBe(false);
      expect(await memory.fetch(address, new Uint8Array(bytes))).toBe(false);
      expect(await memory.store(address, new Uint8Array(bytes))).toBe(false);
    }
    expect([memory.load32(RAM), memory.load16(-2), memory.acquire16(RAM)]).toEqual([
      0xffffffff, 0xffff, 0xffff,
    ]);
  });

  it('is out of reach while the device is no bus master', async () => {
    const { device, memory, ram } = guest();
    ram.store32(0, 0x11111111);
    device.isBusMaster = false;
    memory.store32(0, 1);
    memory.store16(0, 1);
    memory.release16(2, 1);
    expect(ram.load32(0)).toBe(0x11111111);
    expect([memory.load32(0), memory.load16(0), memory.acquire16(0)]).toEqual([
      0xffffffff, 0xffff, 0xffff,
    ]);
    expect(memory.reaches(0, 4, false)).toBe(false);
    expect(await memory.fetch(0, new Uint8Array(4))).toBe(false);
    expect(await memory.store(0, new Uint8Array(4))).toBe(false);
  });

  it("is paid for as the host's own", () => {
    const { host, memory } = guest();
    const before = host.machine.now;
    memory.load32(0);
    memory.release16(2, 1);
    expect(host.machine.now - before).toBe(2);
  });
});
