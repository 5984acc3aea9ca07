import type { Mmio } from '@doorbell/abi';
import { beforeEach, describe, expect, it } from 'vitest';
import { RemappingUnit, VtdError } from '../../src/vtd/remapping-unit.ts';

/* Offsets and values are those of VT-d 3.3 §10.4, typed by hand; CAP and ECAP are QEMU's. */
const words = new Map<number, number>();
let written: string[];
/** What a write does, by offset. */
const answers: Record<number, (value: number) => void> = {
  0x18: (value) => words.set(0x1c, value), // GCMD, GSTS
  0x2c: (value) => words.set(0x2c, value & 0x7fff_ffff), // CCMD: ICC
  0xfc: (value) => words.set(0xfc, value & 0x7fff_ffff), // IOTLB: IVT
  0x22c: () => words.set(0x22c, 0), // F of the fault record
};
const mmio: Mmio = {
  size: 0x1000,
  read: (offset) => words.get(offset) ?? 0,
  write: (offset, _width, value) => {
    written.push(`${offset.toString(16)}=${value.toString(16)}`);
    answers[offset]?.(value);
  },
  writeBlock: () => {},
  readBlock: () => {},
};

let unit: RemappingUnit;
beforeEach(() => {
  written = [];
  words.clear();
  words.set(0x00, 0x10).set(0x08, 0x2226_0206).set(0x0c, 0x00d2_008c).set(0x10, 0xf42);
  unit = new RemappingUnit(mmio);
});

describe('a remapping unit', () => {
  it('10.4.2: tells what tables it walks', () => {
    expect(unit.capabilities).toEqual({
      levels: [3],
      addressBits: 39,
      largestLeaf: 0x4000_0000,
      faultRecords: 1,
    });
  });

  it('must answer', () => {
    words.set(0, 0xffff_ffff);
    expect(() => new RemappingUnit(mmio)).toThrow(VtdError);
    words.set(0, 0);
    expect(() => new RemappingUnit(mmio)).toThrow('its version reads 0x0.');
  });

  it('6.6: takes a root table, and forgets the context entries before the translations', () => {
    unit.setRoot(0x1_2345_6000);
    expect(written).toEqual([
      '20=23456000',
      '24=1',
      '18=40000000',
      '28=0',
      '2c=a0000000',
      'f8=0',
      'fc=90030000',
    ]);
  });

  it('10.4.4: translates and stops to, and keeps on through another command', () => {
    unit.setTranslation(true);
    unit.setRoot(0);
    unit.setTranslation(false);
    const commands = written.filter((line) => line.startsWith('18='));
    expect(commands).toEqual(['18=80000000', '18=c0000000', '18=0']);
  });

  it('10.4.7, 10.4.8: invalidates a function, a domain and pages', () => {
    unit.invalidateFunction(0x18, 7);
    expect(written).toEqual(['28=180007', '2c=e0000000', 'f8=0', 'fc=a0030007']);
    written = [];
    unit.invalidatePages(7, 0x1_0000_5000, 2);
    expect(written).toEqual(['f0=5002', 'f4=1', 'f8=0', 'fc=b0030007']);
  });

  it('10.4.14: reads a fault and clears it', () => {
    expect(unit.takeFaults()).toEqual({ faults: [], overflow: false });
    words.set(0x34, 3).set(0x220, 0x9000).set(0x224, 0).set(0x228, 0x18).set(0x22c, 0x8000_0005);
    expect(unit.takeFaults()).toEqual({
      faults: [{ requester: 0x18, iova: 0x9000, write: true, reason: 5 }],
      overflow: true,
    });
    expect(written).toEqual(['22c=80000000', '34=1']);
    expect(unit.takeFaults().faults).toEqual([]);
  });

  it('that does not answer a command is told of', () => {
    answers[0x18] = () => {};
    expect(() => unit.setTranslation(true)).toThrow('GSTS.TES');
  });
});
