import { pmCapability, registerMap, serialCapability, type0Header } from '@doorbell/abi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigSpace } from '../src/config-space.ts';

function header(): ConfigSpace {
  const space = new ConfigSpace();
  space.install(type0Header, 0, { VENDOR_ID: 0x1234, DEVICE_ID: 0xabcd });
  return space;
}

describe('ConfigSpace', () => {
  it('reads in bytes, words and double words what was installed', () => {
    const space = header();
    expect(space.read(0, 4)).toBe(0xabcd1234);
    expect(space.read(2, 2)).toBe(0xabcd);
    expect(space.read(1, 1)).toBe(0x12);
  });

  it('reads all ones beyond its end, and drops writes there', () => {
    const space = header();
    space.write(4096, 4, 0);
    space.write(-4, 4, 0);
    expect(space.read(4096, 4)).toBe(0xffffffff);
    expect(space.read(4095, 2)).toBe(0xffff);
    expect(space.read(-1, 1)).toBe(0xff);
  });

  it('ignores writes of read-only registers and bits', () => {
    const space = header();
    space.write(0, 4, 0);
    expect(space.read(0, 4)).toBe(0xabcd1234);
    // COMMAND: memory, bus master, parity, SERR, INTx disable.
    space.write(4, 2, 0xffff);
    expect(space.read(4, 2)).toBe(0x0546);
  });

  it('changes only the bytes that are written', () => {
    const space = header();
    space.write(4, 2, 0x0546);
    space.write(5, 1, 0);
    expect(space.read(4, 2)).toBe(0x0046);
    space.write(4, 1, 0);
    expect(space.read(4, 2)).toBe(0x0000);
  });

  it('clears W1C bits by writing 1 and keeps them by writing 0, whatever the width', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), fc.nat(0xffff), fc.boolean(), (held, written, halves) => {
        const space = header();
        // STATUS at 6: W1C bits 8 and 11 to 15.
        const w1c = 0xf900;
        space.set(6, 2, held);
        if (halves) {
          space.write(6, 1, written & 0xff);
          space.write(7, 1, written >>> 8);
        } else {
          space.write(6, 2, written);
        }
        expect(space.read(6, 2)).toBe(held & ~(written & w1c));
      }),
    );
  });

  it('leaves STATUS alone in a write of COMMAND that is four bytes wide with zeros above', () => {
    const space = header();
    space.set(6, 2, 0xf910);
    space.write(4, 4, 0x00000006);
    expect(space.read(4, 4)).toBe(0xf9100006);
  });

  it('links capabilities and extended capabilities in the order in which they are added', () => {
    const space = header();
    space.addCapability(pmCapability, 0x80);
    space.addCapability(pmCapability, 0x40);
    space.addExtended(serialCapability, 0x100);
    space.addExtended(serialCapability, 0x150, { SERIAL_LO: 7 });
    expect(space.read(0x34, 1)).toBe(0x80);
    expect(space.read(0x80, 2)).toBe(0x4001);
    expect(space.read(0x40, 2)).toBe(0x0001);
    expect(space.read(0x100, 4)).toBe(0x15010003);
    expect(space.read(0x150, 4)).toBe(0x00010003);
    expect(space.read(0x154, 4)).toBe(7);
  });

  it('refuses extended capabilities that do not begin at 0x100', () => {
    expect(() => new ConfigSpace().addExtended(serialCapability, 0x120)).toThrow(RangeError);
  });

  it.each([0, 8, 48, 4097, 2 ** 33 + 1])('refuses a BAR of %d bytes', (size) => {
    const bar = { size, is64: true, prefetchable: true };
    expect(() => {
      header().installBar(0, bar);
    }).toThrow(RangeError);
  });

  it('tells hooks of a register what it holds, held, and what was written to it', () => {
    const space = header();
    const calls: number[][] = [];
    space.watch(4, 2, (...args) => calls.push(args));
    space.write(5, 1, 0x04);
    space.write(4, 4, 0xffff0006);
    space.write(2, 2, 0);
    space.write(6, 2, 0);
    expect(calls).toEqual([
      [0x0400, 0x0000, 0x0400],
      [0x0006, 0x0400, 0x0006],
    ]);
  });

  it('returns to reset values, but for what is kept', () => {
    const space = header();
    space.keep(4, 2, 0x0040);
    space.write(4, 2, 0xffff);
    space.write(0x3c, 1, 7);
    space.functionLevelReset();
    expect(space.read(4, 2)).toBe(0x0040);
    expect(space.read(0x3c, 1)).toBe(0xff);
    expect(space.read(0, 4)).toBe(0xabcd1234);
  });

  it('§6.6.1: a conventional reset takes what is kept, too', () => {
    const space = header();
    space.keep(4, 2, 0x0040);
    space.write(4, 2, 0xffff);
    space.reset();
    expect(space.read(4, 2)).toBe(0);
  });

  it('loads what it saved', () => {
    const space = header();
    const state = space.save();
    space.write(4, 2, 6);
    space.load(state);
    expect(space.read(4, 2)).toBe(0);
    expect(space.save()).toEqual(state);
  });

  it('takes the access of a bit field over that of its register', () => {
    const map = registerMap('mixed', 4, 'A register.', {
      MIXED: {
        offset: 0,
        width: 4,
        access: 'RW',
        reset: 0x00000080,
        bits: {
          LOW: { lsb: 0, width: 4, mask: 0xf, doc: '' },
          FIXED: { lsb: 7, width: 1, mask: 0x80, doc: '', access: 'RO' },
          SEEN: { lsb: 8, width: 1, mask: 0x100, doc: '', access: 'W1C' },
        },
        doc: '',
      },
    });
    const space = new ConfigSpace();
    space.install(map, 0x40);
    space.set(0x40, 4, 0x180);
    space.write(0x40, 4, 0xffffffff);
    expect(space.read(0x40, 4)).toBe(0x8f);
  });
});
