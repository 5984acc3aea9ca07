import { describe, expect, it } from 'vitest';
import { DATA, fence, fill, Rig, state } from './rig.ts';

describe('Rig', () => {
  it('has channels that run what is submitted, again and again', () => {
    const rig = new Rig();
    rig.start(0);
    rig.start(127);
    for (let round = 1; round <= 3; round++) {
      rig.submit(0, fill(DATA, 16, round), fence(round));
      rig.submit(127, fence(round + 10));
      rig.host.settle();
      expect([rig.ram(0x1000), rig.ram(0x80000)]).toEqual([round, round + 10]);
    }
    expect([rig.state(0), rig.state(127)]).toEqual([state.IDLE, state.IDLE]);
  });

  it('reads and writes VRAM and RAM as little-endian words', () => {
    const rig = new Rig();
    rig.setVram(0x1000, 1, 0x80000002);
    rig.setRam(0x100, 3, 0x80000004);
    expect([rig.vram(0x1000), rig.vram(0x1004)]).toEqual([1, 0x80000002]);
    expect([rig.ram(0x100), rig.ram(0x104)]).toEqual([3, 0x80000004]);
  });
});
