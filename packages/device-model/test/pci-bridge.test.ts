import { describe, expect, it } from 'vitest';
import { PciBridge } from '../src/pci-bridge.ts';
import { FakeHost } from './fake-host.ts';

const COMMAND = 0x04;
const BRIDGE_CONTROL = 0x3e;
const PCIE = 0x50;
const ACS_CONTROL = 0x106;

interface Setting {
  readonly kind?: ConstructorParameters<typeof PciBridge>[1]['kind'];
  readonly acs?: boolean;
  readonly multifunction?: boolean;
}

function bridge({ kind = 'ROOT_PORT', ...rest }: Setting = {}) {
  const host = new FakeHost();
  const resets = { count: 0 };
  const made = new PciBridge(host, { kind, ...rest, resetSecondary: () => resets.count++ });
  return { host, made, resets };
}

describe('a bridge', () => {
  it('PCIe 6.0 §7.5.1.3: has a type 1 header of class PCI-to-PCI bridge', () => {
    const { made } = bridge();
    expect(made.configRead(0x0e, 1)).toBe(1);
    expect(made.configRead(0x08, 4) >>> 8).toBe(0x060400);
    expect(made.configRead(0x18, 4)).toBe(0);
    expect(bridge({ multifunction: true }).made.configRead(0x0e, 1)).toBe(0x81);
  });

  it.each([
    ['ROOT_PORT', 4],
    ['UPSTREAM_PORT', 5],
    ['DOWNSTREAM_PORT', 6],
    ['PCI_BRIDGE', 7],
  ] as const)('§7.5.3.2: a %s says that its type is %i', (kind, type) => {
    const { made } = bridge({ kind });
    expect(made.configRead(PCIE, 1)).toBe(0x10);
    expect((made.configRead(PCIE + 2, 2) >>> 4) & 0xf).toBe(type);
  });

  it('§7.5.3.3: has no function-level reset', () => {
    expect((bridge().made.configRead(PCIE + 4, 4) >>> 28) & 1).toBe(0);
  });

  it('keeps what a window is made of, and tells that decoding changed', () => {
    const { host, made } = bridge();
    made.configWrite(0x20, 4, 0xe3f1_e00f);
    expect(made.configRead(0x20, 4)).toBe(0xe3f0_e000);
    made.configWrite(0x24, 4, 0x0ff0_0000);
    expect(made.configRead(0x24, 4)).toBe(0x0ff1_0001);
    made.configWrite(0x28, 4, 0x10);
    expect(made.configRead(0x28, 4)).toBe(0x10);
    expect(host.decodeChanges).toBe(3);
    made.configWrite(COMMAND, 2, 6);
    expect(host.decodeChanges).toBe(4);
  });

  it('has no I/O window and no BARs', () => {
    const { made } = bridge();
    made.configWrite(0x1c, 2, 0xffff);
    made.configWrite(0x10, 4, 0xffff_ffff);
    made.configWrite(0x14, 4, 0xffff_ffff);
    expect(made.configRead(0x1c, 2)).toBe(0);
    expect(made.configRead(0x10, 4)).toBe(0);
    expect(made.configRead(0x14, 4)).toBe(0);
    expect(made.barRead(0, 0, 4)).toBe(0xffff_ffff);
    expect(made.barMemory()).toBeUndefined();
  });

  it('§7.5.1.3.13: resets its secondary bus once each time that the bit goes to 1', () => {
    const { made, resets } = bridge();
    made.configWrite(BRIDGE_CONTROL, 2, 0x40);
    made.configWrite(BRIDGE_CONTROL, 2, 0x40);
    expect(resets.count).toBe(1);
    made.configWrite(BRIDGE_CONTROL, 2, 0);
    expect(resets.count).toBe(1);
    made.configWrite(BRIDGE_CONTROL, 1, 0x40);
    expect(resets.count).toBe(2);
  });

  it('§6.12: has ACS only when asked for, off until software enables what there is', () => {
    expect(bridge().made.configRead(0x100, 4)).toBe(0);
    const { made } = bridge({ acs: true });
    expect(made.configRead(0x100, 4)).toBe(0x0001000d);
    expect(made.configRead(0x104, 2)).toBe(0x1f);
    expect(made.configRead(ACS_CONTROL, 2)).toBe(0);
    made.configWrite(ACS_CONTROL, 2, 0xffff);
    expect(made.configRead(ACS_CONTROL, 2)).toBe(0x1f);
  });

  it('§6.12.1: refuses ACS where the specification does', () => {
    expect(() => bridge({ kind: 'PCI_BRIDGE', acs: true })).toThrow(RangeError);
    expect(() => bridge({ kind: 'UPSTREAM_PORT', acs: true })).toThrow(RangeError);
    expect(() => bridge({ kind: 'UPSTREAM_PORT', acs: true, multifunction: true })).not.toThrow();
  });

  it('§6.6.1: a conventional reset takes everything, MAX_PAYLOAD too', () => {
    const { host, made } = bridge({ acs: true });
    const fresh = made.save();
    made.configWrite(COMMAND, 2, 6);
    made.configWrite(0x18, 4, 0x00_02_01_00);
    made.configWrite(PCIE + 8, 2, 0x2830);
    made.configWrite(ACS_CONTROL, 2, 0x1d);
    made.reset();
    expect(made.save()).toEqual(fresh);
    expect(host.traced('reset')).toEqual([[-1, 0]]);
  });

  it('loads what it saved', () => {
    const { made } = bridge({ acs: true });
    made.configWrite(0x18, 4, 0x00_03_01_00);
    const state = made.save();
    const other = bridge({ acs: true }).made;
    other.load(state);
    expect(other.configRead(0x18, 4)).toBe(0x00_03_01_00);
    expect(other.save()).toEqual(state);
  });
});
