import { leakyRegisters } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { copy, DATA, fence, Rig, SYSTEM } from './rig.ts';
import { DATA as VF_DATA, SriovRig } from './sriov-rig.ts';

const PAGE = 4096;
const LAST_WORD = 4;
const ABSENT = 0xffffffff;

describe('a part that is sold', () => {
  it('reads all ones beside a doorbell, whatever moves', () => {
    const rig = new Rig();
    rig.start(3);
    rig.setVram(0x200000, 0x11223344);
    rig.submit(3, copy(DATA + 0x100, DATA, 4), fence(7));
    rig.host.settle();
    expect(rig.bell.barRead(1, 3 * PAGE + LAST_WORD, 4)).toBe(ABSENT);
    expect(rig.bell.save().lastWord).toBe(0);
  });
});

describe('a part with the leaky register', () => {
  it('has it where the row says, read-only and of one width', () => {
    const { offset, width, access, sensitive } = leakyRegisters.rows.LAST_WORD;
    expect([offset, width, access, sensitive]).toEqual([LAST_WORD, 4, 'RO', 'behaviour']);
    const { bell } = new Rig({ leakyRegister: true });
    bell.barWrite(1, LAST_WORD, 4, 0x1234);
    expect(bell.barRead(1, LAST_WORD, 4)).toBe(0);
    expect(bell.barRead(1, LAST_WORD, 2)).toBe(0xffff);
    expect([0, 8, 128 * PAGE + LAST_WORD].map((at) => bell.barRead(1, at, 4))).toEqual([
      ...[0, ABSENT, ABSENT],
    ]);
  });

  it.each([
    ['VRAM to VRAM', DATA, DATA + 0x100],
    ['VRAM to RAM', DATA, SYSTEM],
    ['VRAM to RAM across pages', DATA + 0xff8, SYSTEM + 0x1ffc],
  ])('shows in every page the last word of a copy from %s', (_, from, to) => {
    const rig = new Rig({ leakyRegister: true });
    rig.start(3);
    rig.setVram(0x200000 + (from - DATA), 1, 2, 3, 0xcafe0123);
    rig.submit(3, copy(to, from, 16));
    rig.host.settle();
    expect(rig.bell.barRead(1, 3 * PAGE + LAST_WORD, 4)).toBe(0xcafe0123);
    expect(rig.bell.barRead(1, 100 * PAGE + LAST_WORD, 4)).toBe(0xcafe0123);
  });

  it('shows the last fence, and nothing new of a copy of less than a word', () => {
    const rig = new Rig({ leakyRegister: true });
    rig.start(3);
    rig.setVram(0x200000, 0x55667788);
    rig.submit(3, fence(9), copy(DATA + 0x100, DATA, 3));
    rig.host.settle();
    expect(rig.bell.barRead(1, LAST_WORD, 4)).toBe(9);
  });

  it('is one for all functions: a virtual one shows what another moved', () => {
    const rig = new SriovRig();
    rig.bell.addLeakyRegister();
    const [one, two] = rig.enable();
    one.setVram(0x8000, 0xbeefbeef);
    one.submit(copy(VF_DATA + 0x100, VF_DATA, 4));
    rig.host.settle();
    expect(two.vf.barRead(1, LAST_WORD, 4)).toBe(0xbeefbeef);
    two.write(0x014, 1);
    expect(two.vf.barRead(1, LAST_WORD, 4)).toBe(0xbeefbeef);
  });

  it('is saved and loaded', () => {
    const rig = new Rig({ leakyRegister: true });
    rig.start(3);
    rig.submit(3, fence(77));
    rig.host.settle();
    const other = new Rig({ leakyRegister: true });
    other.bell.load(rig.bell.save());
    expect(other.bell.barRead(1, LAST_WORD, 4)).toBe(77);
  });
});
