import fc from 'fast-check';
import { beforeEach, describe as group, expect, expectTypeOf, it } from 'vitest';
import type { Mmio } from '../src/ports.ts';
import {
  accessors,
  allOnes,
  bit,
  describe,
  extract,
  field,
  place,
  RegisterFile,
  registerMap,
  writeMasks,
} from '../src/register.ts';

/** A device of our own, with each access and each width. */
const sample = registerMap('sample', 0x40, 'A device for tests.', {
  ID: { offset: 0x00, width: 4, access: 'RO', reset: 0x12345678, doc: 'Identity.' },
  SCRATCH: { offset: 0x04, width: 4, access: 'RW', reset: 0, doc: 'Plain storage.' },
  KICK: { offset: 0x08, width: 4, access: 'WO', reset: 0, doc: 'A command.' },
  EVENTS: { offset: 0x0c, width: 4, access: 'W1C', reset: 0, doc: 'What happened.' },
  MIXED: {
    offset: 0x10,
    width: 2,
    access: 'RW',
    reset: 0x8421,
    bits: {
      LOW: field(0, 4, 'May be written.'),
      FIXED: field(4, 4, 'May not.', 'RO'),
      SEEN: bit(8, 'Cleared by 1.', 'W1C'),
      GO: bit(9, 'A command within a register.', 'WO'),
    },
    doc: 'Four accesses in one register; bits 15:10 are reserved.',
  },
  BYTE: { offset: 0x13, width: 1, access: 'RW', reset: 0xa5, doc: 'One byte.' },
});

group('bit fields', () => {
  it('have their mask in place', () => {
    expect(field(0, 32, '').mask).toBe(0xffffffff);
    expect(field(31, 1, '').mask).toBe(0x80000000);
    expect(field(12, 20, '').mask).toBe(0xfffff000);
    expect(field(0, 31, '').mask).toBe(0x7fffffff);
    expect(bit(3, '').mask).toBe(8);
  });

  it('place and extract are inverse, and touch no other bit', () => {
    const anyField = fc
      .tuple(fc.nat(31), fc.integer({ min: 1, max: 32 }))
      .map(([lsb, width]) => field(lsb, Math.min(width, 32 - lsb), ''));
    fc.assert(
      fc.property(anyField, fc.nat(0xffffffff), (part, value) => {
        const placed = place(part, value);
        expect((placed & ~part.mask) >>> 0).toBe(0);
        expect(extract(part, placed)).toBe(part.width === 32 ? value : value % 2 ** part.width);
        expect(place(part, extract(part, value))).toBe((value & part.mask) >>> 0);
      }),
    );
  });
});

group('a register map', () => {
  it('lists its registers by offset, however the rows are written', () => {
    const map = registerMap('m', 16, '', {
      LAST: { offset: 12, width: 4, access: 'RO', reset: 0, doc: '' },
      FIRST: { offset: 0, width: 4, access: 'RO', reset: 0, doc: '' },
    });
    expect(map.names).toEqual(['FIRST', 'LAST']);
    expect([map.indexAt(0), map.indexAt(12)]).toEqual([0, 1]);
  });

  it('finds no register between, within or beyond its rows', () => {
    for (const offset of [0x02, 0x11, 0x12, 0x14, 0x3f, 0x40, 0x1000, -4, 0.5]) {
      expect(sample.indexAt(offset)).toBe(-1);
    }
  });

  const row = { access: 'RW', reset: 0, doc: '' } as const;
  it('refuses registers that overlap, are misaligned or lie outside', () => {
    expect(() =>
      registerMap('m', 8, '', {
        A: { ...row, offset: 0, width: 4 },
        B: { ...row, offset: 2, width: 2 },
      }),
    ).toThrow('m.B overlaps another register.');
    expect(() => registerMap('m', 8, '', { A: { ...row, offset: 2, width: 4 } })).toThrow(
      'm.A is misaligned or lies outside of the map.',
    );
    expect(() => registerMap('m', 8, '', { A: { ...row, offset: 8, width: 4 } })).toThrow(
      RangeError,
    );
  });
});

group('what a write may change', () => {
  it('is the whole register when it has no fields', () => {
    expect(writeMasks(sample.rows.SCRATCH)).toEqual({ rw: 0xffffffff, w1c: 0 });
    expect(writeMasks(sample.rows.EVENTS)).toEqual({ rw: 0, w1c: 0xffffffff });
    expect(writeMasks(sample.rows.BYTE)).toEqual({ rw: 0xff, w1c: 0 });
    expect(writeMasks(sample.rows.ID)).toEqual({ rw: 0, w1c: 0 });
    expect(writeMasks(sample.rows.KICK)).toEqual({ rw: 0, w1c: 0 });
  });

  it('is what its fields allow, and no reserved bit', () => {
    expect(writeMasks(sample.rows.MIXED)).toEqual({ rw: 0x000f, w1c: 0x0100 });
  });
});

group('a register file', () => {
  let file: RegisterFile<(typeof sample)['rows']>;
  beforeEach(() => {
    file = new RegisterFile(sample);
  });

  it('holds the reset values until it is written, and again after reset', () => {
    const resetValues = [0x12345678, 0, 0, 0, 0x8421, 0xa5];
    expect([...file.values]).toEqual(resetValues);
    file.write(0x04, 4, 7);
    file.write(0x13, 1, 0);
    file.set('EVENTS', 3);
    file.reset();
    expect([...file.values]).toEqual(resetValues);
  });

  it('RO: ignores writes', () => {
    expect(file.write(0x00, 4, 0)).toBe(true);
    expect(file.read(0x00, 4)).toBe(0x12345678);
  });

  it('RW: reads what was written', () => {
    file.write(0x04, 4, 0xffffffff);
    expect(file.read(0x04, 4)).toBe(0xffffffff);
  });

  it('WO: reads 0 whatever the device keeps in it', () => {
    file.write(0x08, 4, 5);
    file.set('KICK', 9);
    expect(file.read(0x08, 4)).toBe(0);
  });

  it('W1C: clears the bits written as 1 and no others', () => {
    file.set('EVENTS', 0b1111);
    file.write(0x0c, 4, 0b0101);
    expect(file.read(0x0c, 4)).toBe(0b1010);
    file.write(0x0c, 4, 0);
    expect(file.read(0x0c, 4)).toBe(0b1010);
  });

  it('applies each field of a register by its own access, and keeps reserved bits', () => {
    file.set('MIXED', 0x8521);
    file.write(0x10, 2, 0x02ff);
    expect(file.read(0x10, 2)).toBe(0x852f);
    file.write(0x10, 2, 0xffff);
    expect(file.read(0x10, 2)).toBe(0x842f);
    file.write(0x10, 2, 0);
    expect(file.read(0x10, 2)).toBe(0x8420);
  });

  it('follows the rows for any sequence of writes', () => {
    const anyWrite = fc.record({
      written: fc.nat(0xffff),
      device: fc.nat(0xffff),
      by: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyWrite), (writes) => {
        const register = new RegisterFile(sample);
        let expected = 0x8421;
        for (const { written, device, by } of writes) {
          if (by) {
            register.set('MIXED', device);
            expected = device;
          } else {
            register.write(0x10, 2, written);
            expected = (expected & 0xfff0) | (written & 0x000f);
            expected &= (written & 0x0100) !== 0 ? ~0x0100 : ~0;
          }
          expect(register.read(0x10, 2)).toBe(expected);
        }
      }),
    );
  });

  it('reads all ones and refuses writes at reserved offsets and with a wrong width', () => {
    expect(file.read(0x20, 4)).toBe(0xffffffff);
    expect(file.read(0x04, 2)).toBe(0xffff);
    expect(file.read(0x06, 2)).toBe(0xffff);
    expect(file.read(0x04, 1)).toBe(0xff);
    expect(file.write(0x20, 4, 1)).toBe(false);
    expect(file.write(0x04, 2, 1)).toBe(false);
    expect(file.get('SCRATCH')).toBe(0);
    expect([file.has(0x04, 4), file.has(0x04, 2), file.has(0x20, 4)]).toEqual([true, false, false]);
  });

  it('runs a write hook after the store, with what was written and what is held', () => {
    const calls: number[][] = [];
    const hooked = new RegisterFile<(typeof sample)['rows']>(sample, {
      MIXED: { write: (written, value) => calls.push([written, value, hooked.get('MIXED')]) },
      KICK: { write: (written, value) => calls.push([written, value]) },
    });
    hooked.write(0x10, 2, 0x0203);
    hooked.write(0x08, 4, 0x80000001);
    expect(calls).toEqual([
      [0x0203, 0x8423, 0x8423],
      [0x80000001, 0],
    ]);
  });

  it('lets a read hook answer in place of the store', () => {
    const hooked = new RegisterFile(sample, { SCRATCH: { read: () => 42 } });
    hooked.write(0x04, 4, 1);
    expect([hooked.read(0x04, 4), hooked.get('SCRATCH')]).toEqual([42, 1]);
  });

  it('saves plain data that later writes do not change, and loads it', () => {
    file.write(0x04, 4, 7);
    const saved = file.save();
    file.write(0x04, 4, 8);
    expect(saved[1]).toBe(7);
    file.load(saved);
    expect(file.read(0x04, 4)).toBe(7);
  });
});

group('accessors', () => {
  const log: string[] = [];
  const mmio: Mmio = {
    size: 0x100,
    read: (offset, width) => {
      log.push(`read ${offset} ${width}`);
      return 7;
    },
    write: (offset, width, value) => {
      log.push(`write ${offset} ${width} ${value}`);
    },
    readBlock: () => {},
    writeBlock: () => {},
  };
  const registers = accessors(sample, mmio, 0x80);

  it('touch their register, at its width, behind the base', () => {
    expect(registers.ID.read()).toBe(7);
    registers.MIXED.write(3);
    registers.BYTE.write(1);
    expect(log).toEqual(['read 128 4', 'write 144 2 3', 'write 147 1 1']);
  });

  it('have no method that the access forbids', () => {
    expectTypeOf(registers.ID).toEqualTypeOf<{ read(): number }>();
    expectTypeOf(registers.KICK).toEqualTypeOf<{ write(value: number): void }>();
    expectTypeOf(registers.SCRATCH).toExtend<{ read(): number; write(value: number): void }>();
    expectTypeOf(registers.EVENTS).toExtend<{ read(): number; write(value: number): void }>();
    expectTypeOf<keyof typeof registers>().toEqualTypeOf<
      'ID' | 'SCRATCH' | 'KICK' | 'EVENTS' | 'MIXED' | 'BYTE'
    >();
  });
});

it('describes a value in words', () => {
  expect(describe('MIXED', sample.rows.MIXED, 0x0153)).toBe(
    'MIXED = 0x153 (LOW=3 FIXED=5 SEEN=1 GO=0)',
  );
  expect(describe('ID', sample.rows.ID, 0x12345678)).toBe('ID = 0x12345678');
});

it('knows all ones of each width', () => {
  expect(([1, 2, 4] as const).map(allOnes)).toEqual([0xff, 0xffff, 0xffffffff]);
});
