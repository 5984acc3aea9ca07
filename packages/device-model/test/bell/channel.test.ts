import { beforeEach, describe, expect, it } from 'vitest';
import { fence, reg, Rig, state } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  rig.start(5);
});

describe('the registers of a channel', () => {
  it('are zero after reset', () => {
    for (const offset of Object.values(reg)) {
      expect(rig.get(6, offset)).toBe(0);
    }
  });

  it('keep what may be written, and no more', () => {
    for (const offset of Object.values(reg).filter((at) => at !== reg.RESET)) {
      rig.set(7, offset, 0xffffffff);
    }
    rig.set(7, reg.CONTROL, 0);
    rig.set(7, reg.PAGE_ROOT, 0xffffffff);
    expect(Object.values(reg).map((offset) => rig.get(7, offset))).toEqual([
      // CONTROL: PRIVILEGED came with ENABLE and outlives it; RESET, STATUS, PAGE_ROOT
      ...[2, 0, 0, 0xfffff],
      // RING and RING_SIZE: written while enabled; HEAD, TAIL
      ...[0, 0, 0, 0],
      // FENCE_ADDRESS, FENCE, INTERRUPT, INTERRUPT_ENABLE
      ...[0xffffffff, 0, 0, 7],
      // VECTOR, FAULT, FAULT_ADDRESS, FAULT_PACKET
      ...[0xff, 0, 0, 0],
    ]);
  });
});

describe('INTERRUPT', () => {
  it('signals VECTOR when a bit becomes 1, and not again while it stays', () => {
    rig.set(5, reg.VECTOR, 77);
    rig.submit(5, fence(1, 1), fence(2, 1));
    rig.host.settle();
    expect([rig.get(5, reg.INTERRUPT), rig.vectors]).toEqual([1, [77]]);
    rig.set(5, reg.INTERRUPT, 6);
    expect(rig.get(5, reg.INTERRUPT)).toBe(1);
    rig.set(5, reg.INTERRUPT, 1);
    expect(rig.get(5, reg.INTERRUPT)).toBe(0);
    rig.submit(5, fence(3, 1));
    expect(rig.vectors).toEqual([77, 77]);
  });

  it('has each cause signal by itself', () => {
    rig.submit(5, fence(1, 1), [0x000100ff]);
    rig.host.settle();
    expect([rig.get(5, reg.INTERRUPT), rig.vectors]).toEqual([3, [5, 5]]);
    expect(rig.state(5)).toBe(state.FAULTED);
  });

  it('is silent for a cause that is not enabled, also when it is enabled later', () => {
    rig.set(5, reg.INTERRUPT_ENABLE, 0);
    rig.submit(5, fence(1, 1));
    rig.set(5, reg.INTERRUPT_ENABLE, 7);
    expect([rig.get(5, reg.INTERRUPT), rig.vectors]).toEqual([1, []]);
  });

  it('goes nowhere by a vector that is not there', () => {
    rig.set(5, reg.VECTOR, 255);
    rig.submit(5, fence(1, 1));
    expect([rig.get(5, reg.INTERRUPT), rig.vectors]).toEqual([1, []]);
  });

  it('is held back by a mask of MSI-X and comes when that goes', () => {
    rig.bell.barWrite(4, 5 * 16 + 12, 4, 1);
    rig.submit(5, fence(1, 1));
    expect([rig.vectors, rig.bell.barRead(4, 0x2000, 4)]).toEqual([[], 32]);
    rig.bell.barWrite(4, 5 * 16 + 12, 4, 0);
    expect([rig.vectors, rig.bell.barRead(4, 0x2000, 4)]).toEqual([[5], 0]);
  });
});
