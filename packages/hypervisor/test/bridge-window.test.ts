import { PciBridge } from '@doorbell/device-model';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { isBridge, passesDown, passesUp, setWindows } from '../src/bridge-window.ts';
import { FakeFunction } from './fake-function.ts';
import { newHost } from './hierarchy.ts';

const MIB = 0x10_0000;
const closed = { base: MIB, end: MIB };
let bridge: PciBridge;

beforeEach(() => {
  ({ bridge } = newHost().addPort(0x08, 'ROOT_PORT'));
  bridge.configWrite(0x04, 2, 6);
});

describe('a window', () => {
  it('PCIe 6.0 §7.5.1.3.8: is written as bits 31:20 of its first and its last MiB', () => {
    setWindows(
      bridge,
      { base: 0xe010_0000, end: 0xe030_0000 },
      { base: 0x12_f000_0000, end: 0x13_0000_0000 },
    );
    expect(bridge.configRead(0x20, 4)).toBe(0xe020_e010);
    expect(bridge.configRead(0x24, 4)).toBe(0xfff1_f001);
    expect(bridge.configRead(0x28, 4)).toBe(0x12);
    expect(bridge.configRead(0x2c, 4)).toBe(0x12);
  });

  it('holds exactly what is inside of it', () => {
    const base = 0xe000_0000;
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: -2 * MIB, max: 5 * MIB }),
        fc.integer({ min: 1, max: MIB }),
        (isPrefetch, mebibytes, offset, size) => {
          const window = { base, end: base + mebibytes * MIB };
          setWindows(bridge, isPrefetch ? closed : window, isPrefetch ? window : closed);
          const inside = offset >= 0 && offset + size <= mebibytes * MIB;
          expect(passesDown(bridge, base + offset, size)).toBe(inside);
        },
      ),
    );
  });

  it('is closed, though it begins where addresses do', () => {
    setWindows(bridge, closed, closed);
    expect(passesDown(bridge, 0, 1)).toBe(false);
    expect(passesDown(bridge, MIB, 1)).toBe(false);
  });
});

describe('a bridge', () => {
  it('is told from an endpoint by its header', () => {
    expect(isBridge(bridge)).toBe(true);
    expect(isBridge(new FakeFunction())).toBe(false);
  });

  it('passes down while it decodes memory, up while it is a bus master, and nothing in D3hot', () => {
    setWindows(bridge, { base: MIB, end: 2 * MIB }, closed);
    const passes = (): boolean[] => [passesDown(bridge, MIB, 16), passesUp(bridge)];
    expect(passes()).toEqual([true, true]);
    bridge.configWrite(0x04, 2, 2);
    expect(passes()).toEqual([true, false]);
    bridge.configWrite(0x04, 2, 4);
    expect(passes()).toEqual([false, true]);
    bridge.configWrite(0x04, 2, 6);
    bridge.configWrite(0x44, 2, 3);
    expect(passes()).toEqual([false, false]);
  });
});
