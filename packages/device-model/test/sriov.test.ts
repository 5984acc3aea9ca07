import { beforeEach, describe, expect, it } from 'vitest';
import { Bell } from '../src/index.ts';
import { rates } from './bell/rig.ts';
import { FakeHost } from './fake-host.ts';

/* Offsets are those of PCI Express 6.0 §9.3.3, behind 0x120. */
const at = (offset: number): number => 0x120 + offset;

let host: FakeHost;
let bell: Bell;
const get = (offset: number, width: 1 | 2 | 4): number => bell.configRead(at(offset), width);
const put = (offset: number, width: 1 | 2 | 4, value: number): void => {
  bell.configWrite(at(offset), width, value);
};

beforeEach(() => {
  host = new FakeHost();
  bell = new Bell(host, rates, { vramBytes: 16 << 20, sriov: true });
});

describe('the capability', () => {
  it('9.3.3: reads as the specification has it, last in the list', () => {
    // Serial number, ARI, SR-IOV.
    expect([0x100, 0x118].map((offset) => bell.configRead(offset, 4))).toEqual([
      ...[0x11810003, 0x1201000e],
    ]);
    expect(Array.from({ length: 16 }, (_, word) => get(word * 4, 4))).toEqual([
      // header, capabilities, control and status, InitialVFs and TotalVFs
      ...[0x00010010, 0x2, 0, 0x00100010],
      // NumVFs and dependency link, first offset and stride, device ID, page sizes
      ...[0, 0x00010100, 0xbe110000, 0x553],
      // page size, BARs (BAR2 has 64 bits and is prefetchable), migration state
      ...[1, 0, 0, 0xc, 0, 0, 0, 0],
    ]);
  });

  it('is not there on a part without virtual functions', () => {
    bell = new Bell(host, rates, { vramBytes: 16 << 20 });
    expect(bell.configRead(0x100, 4)).toBe(0x00010003);
    expect([get(0, 4), bell.barRead(0, 0x1000, 4)]).toEqual([0, 0xffffffff]);
  });
});

it('9.3.3.7: NumVFs takes what TotalVFs allows, and nothing while VF Enable is set', () => {
  put(0x10, 2, 16);
  put(0x10, 2, 17);
  expect(get(0x10, 2)).toBe(16);
  put(0x10, 2, 3);
  put(0x08, 2, 1);
  put(0x10, 2, 4);
  put(0x10, 1, 4);
  expect(get(0x10, 2)).toBe(3);
  put(0x08, 2, 0);
  put(0x10, 2, 4);
  expect(get(0x10, 2)).toBe(4);
});

describe('VF BARs', () => {
  const sizes = (): number[] =>
    [0x24, 0x28, 0x2c, 0x30, 0x34, 0x38].map((offset) => {
      put(offset, 4, 0xffffffff);
      return get(offset, 4);
    });

  it('9.3.3.14: tell the size of one VF by the usual handshake', () => {
    expect(sizes()).toEqual([0xffff0000, 0xfff80000, 0xff00000c, 0xffffffff, 0xffffc000, 0]);
  });

  it('9.3.3.13: are no smaller than a page of the system', () => {
    put(0x20, 4, 0x100);
    expect(sizes()).toEqual([0xfff00000, 0xfff00000, 0xff00000c, 0xffffffff, 0xfff00000, 0]);
    bell.configWrite(0x68, 2, 0x8000);
    expect([get(0x20, 4), ...sizes()].slice(0, 2)).toEqual([1, 0xffff0000]);
  });

  it('9.3.3.13: the page size is one of those supported, and keeps while VF Enable is set', () => {
    for (const wrong of [0, 3, 4, 0x800]) {
      put(0x20, 4, wrong);
      expect(get(0x20, 4)).toBe(1);
    }
    put(0x08, 2, 1);
    put(0x20, 4, 0x10);
    expect(get(0x20, 4)).toBe(1);
  });

  it('tell the bus when what VFs decode changes, and only then', () => {
    put(0x24, 4, 0xd0000000);
    expect(host.decodeChanges).toBe(0);
    put(0x10, 2, 2);
    put(0x08, 2, 9);
    expect(host.decodeChanges).toBe(1);
    put(0x24, 4, 0xd1000000);
    expect(host.decodeChanges).toBe(2);
    put(0x08, 2, 1);
    put(0x24, 4, 0xd2000000);
    expect(host.decodeChanges).toBe(3);
  });

  it('keep their addresses and sizes in a checkpoint', () => {
    put(0x20, 4, 0x100);
    put(0x24, 4, 0xd0000000);
    const other = new Bell(new FakeHost(), rates, { vramBytes: 16 << 20, sriov: true });
    other.load(bell.save());
    expect(other.configRead(at(0x24), 4)).toBe(0xd0000000);
    other.configWrite(at(0x24), 4, 0xffffffff);
    expect(other.configRead(at(0x24), 4)).toBe(0xfff00000);
  });
});

it('migration bits, ids and counts are read-only', () => {
  for (const offset of [0x00, 0x04, 0x0c, 0x14, 0x18, 0x1c, 0x3c]) {
    const before = get(offset, 4);
    put(offset, 4, 0xffffffff);
    expect(get(offset, 4)).toBe(before);
  }
  put(0x08, 4, 0xffffffe6);
  expect(get(0x08, 4)).toBe(0);
});
