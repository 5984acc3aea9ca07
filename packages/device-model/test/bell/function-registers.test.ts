/** What the registers of every function of bell do, whatever stands behind them. */
import { bellRegisters, type DeviceHost, extract, place } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { FunctionRegisters } from '../../src/bell/function-registers.ts';

const { CAPS, ERROR, ERROR_ENABLE, ERROR_OFFSET, ERROR_VECTOR, RESET, TLB_INVALIDATE } =
  bellRegisters.rows;
const { TIME_LO, TIME_HI, VRAM_PAGES } = bellRegisters.rows;

function rig(now = 0) {
  const done: string[] = [];
  const say = (what: string) => () => {
    done.push(what);
  };
  const host = { timers: { now: () => now }, trace: { event: say('traced') } };
  const registers = new FunctionRegisters(host as unknown as DeviceHost, {
    channels: () => 3,
    vramPages: () => 512,
    isBusy: () => false,
    control: say('control'),
    reset: say('reset'),
    invalidate: (channel) => {
      done.push(`invalidate ${String(channel)}`);
    },
    flip: say('flip'),
    signal: (vector) => {
      done.push(`vector ${String(vector)}`);
    },
  });
  const region = registers.region();
  return {
    done,
    read: (offset: number) => region.read(offset, 4) >>> 0,
    write: (offset: number, value: number) => {
      region.write(offset, 4, value);
    },
  };
}

describe('the registers of a function', () => {
  it('tell its share, and the rest as the part has it', () => {
    const { read } = rig();
    expect(read(VRAM_PAGES.offset)).toBe(512);
    const { mask } = CAPS.bits.CHANNELS;
    expect(extract(CAPS.bits.CHANNELS, read(CAPS.offset))).toBe(3);
    expect(read(CAPS.offset) & ~mask).toBe(CAPS.reset & ~mask);
  });

  it('latch the high half of the time when the low one is read', () => {
    const { read } = rig(5 * 2 ** 32 + 7.5);
    expect(read(TIME_HI.offset)).toBe(0);
    expect(read(TIME_LO.offset)).toBe(7);
    expect(read(TIME_HI.offset)).toBe(5);
  });

  it('forget translations of one channel, or of all', () => {
    const { done, write } = rig();
    const { ALL, CHANNEL } = TLB_INVALIDATE.bits;
    write(TLB_INVALIDATE.offset, place(CHANNEL, 2));
    write(TLB_INVALIDATE.offset, ALL.mask);
    expect(done).toEqual(['invalidate 2', 'invalidate undefined']);
  });

  it('are reset by the bit that says so, and by no other', () => {
    const { done, write } = rig();
    write(RESET.offset, 0);
    expect(done).toEqual([]);
    write(RESET.offset, RESET.bits.RESET.mask);
    expect(done).toEqual(['traced', 'reset']);
  });

  it('keep the first wrong write until software has seen it, and tell of it if asked', () => {
    const { done, read, write } = rig();
    write(ERROR_VECTOR.offset, 1);
    write(ERROR_ENABLE.offset, ERROR_ENABLE.bits.RESERVED.mask);
    write(CAPS.offset + 1, 0);
    write(CAPS.offset + 2, 0);
    expect(read(ERROR_OFFSET.offset)).toBe(CAPS.offset + 1);
    expect(done).toEqual(['vector 1']);
    write(ERROR.offset, ERROR.bits.RESERVED.mask);
    write(CAPS.offset + 2, 0);
    expect(read(ERROR_OFFSET.offset)).toBe(CAPS.offset + 2);
    expect(done).toEqual(['vector 1', 'vector 1']);
  });
});
