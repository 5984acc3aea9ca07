import { beforeEach, describe, expect, it } from 'vitest';
import {
  DATA,
  DATA_VRAM,
  fence,
  fill,
  indirect,
  nop,
  rates,
  reg,
  RING,
  RING_SIZE,
  Rig,
  state,
  SYSTEM,
  SYSTEM_RAM,
  wait,
} from './rig.ts';

const MS = 1_000_000;

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  [0, 1, 2].forEach((channel) => {
    rig.start(channel);
  });
});

const packets = (): [number, number][] => rig.host.traced('packet');

describe('a doorbell', () => {
  it('sets TAIL and runs what lies before it; HEAD follows when a packet is done', () => {
    rig.submit(0, nop(), nop(2));
    expect([rig.get(0, reg.TAIL), rig.get(0, reg.HEAD)]).toEqual([12, 0]);
    expect(rig.state(0)).toBe(state.RUNNING);
    rig.host.advance(100);
    expect(rig.get(0, reg.HEAD)).toBe(4);
    rig.host.settle();
    expect([rig.get(0, reg.HEAD), rig.state(0)]).toEqual([12, state.IDLE]);
    expect(rig.host.traced('doorbell')).toEqual([[0, 12]]);
    expect(rig.host.traced('packetDone')).toEqual([
      [0, 100],
      [0, 100],
    ]);
  });

  it('with nothing to do does nothing', () => {
    rig.ring(0, 0);
    expect(rig.state(0)).toBe(state.IDLE);
    expect(rig.host.pending).toBe(false);
  });

  it('is ignored while the channel is off', () => {
    rig.set(0, reg.CONTROL, 0);
    rig.submit(0, fence(1));
    expect([rig.get(0, reg.TAIL), rig.state(0)]).toEqual([0, state.IDLE]);
    rig.set(0, reg.CONTROL, 1);
    expect(rig.host.pending).toBe(false);
  });

  it('may come while the channel runs', () => {
    rig.submit(0, fence(1));
    rig.submit(0, fence(2));
    rig.host.settle();
    expect(rig.ram(0x1000)).toBe(2);
  });

  it('may go round the ring, where a NOP fills what is left at its end', () => {
    const words = RING_SIZE / 4;
    rig.submit(0, nop(words - 2));
    rig.host.settle();
    rig.submit(0, nop(2), fence(7));
    expect(rig.get(0, reg.TAIL)).toBe(12);
    rig.host.settle();
    expect([rig.get(0, reg.HEAD), rig.ram(0x1000)]).toEqual([12, 7]);
  });

  it('does not run again what was there when the ring was last gone through', () => {
    rig.set(0, reg.CONTROL, 0);
    rig.set(0, reg.RING_SIZE, 256);
    rig.set(0, reg.CONTROL, 1);
    const put = (at: number, ...words: number[]): void => {
      rig.setVram(rig.ringAt(0) + at, ...words);
    };
    put(0, ...fence(1), ...nop(60));
    rig.ring(0, 252);
    rig.host.settle();
    put(252, ...nop());
    put(0, ...fence(2));
    rig.ring(0, 12);
    rig.host.settle();
    expect([rig.get(0, reg.HEAD), rig.get(0, reg.FENCE)]).toEqual([12, 2]);
  });
});

describe('CONTROL.ENABLE of the function', () => {
  it('0 stops the engines at the end of a packet, and 1 lets them go on', () => {
    rig.submit(0, nop(), fence(1));
    rig.write(0x010, 0);
    rig.host.settle();
    expect([rig.get(0, reg.HEAD), rig.state(0)]).toEqual([4, state.RUNNABLE]);
    rig.submit(1, fence(2));
    expect(rig.get(1, reg.TAIL)).toBe(12);
    rig.write(0x010, 1);
    rig.host.settle();
    expect([rig.get(0, reg.FENCE), rig.get(1, reg.FENCE)]).toEqual([1, 2]);
  });
});

describe('CONTROL.ENABLE of a channel', () => {
  it('0 stops it at the end of a packet, and 1 lets it go on at HEAD', () => {
    rig.submit(0, nop(), fence(1));
    rig.set(0, reg.CONTROL, 0);
    rig.host.settle();
    expect([rig.get(0, reg.HEAD), rig.get(0, reg.TAIL), rig.state(0)]).toEqual([4, 16, state.IDLE]);
    rig.set(0, reg.CONTROL, 1);
    rig.host.settle();
    expect(rig.get(0, reg.FENCE)).toBe(1);
  });
});

describe('channels', () => {
  it('take turns, a time slice each, in order of their numbers', () => {
    const half = fill(DATA, MS / 2, 0);
    rig.submit(2, half, half, half);
    rig.submit(0, half, half, half);
    rig.submit(1, half, half, half);
    rig.host.settle();
    // A packet takes 100 ns more than half a slice, so the second one ends the turn.
    expect(packets().map(([channel]) => channel)).toEqual([2, 2, 0, 0, 1, 1, 2, 0, 1]);
    expect(rig.bell.counts.contextSwitches).toBe(5);
  });

  it('keep their turn while no other wants one', () => {
    const half = fill(DATA, MS / 2, 0);
    rig.submit(0, half, half, half, half, half);
    rig.host.settle();
    expect(packets()).toHaveLength(5);
    expect(rig.bell.counts.contextSwitches).toBe(0);
  });

  it('that become idle give their turn away at once', () => {
    rig.submit(0, nop());
    rig.submit(1, nop(), nop());
    rig.submit(2, nop());
    rig.host.settle();
    expect(packets().map(([channel]) => channel)).toEqual([0, 1, 1, 2]);
  });

  it('wait until the packet of another is done, without interrupting it', () => {
    rig.submit(0, fill(DATA, 5000, 0));
    rig.submit(1, fence(1));
    expect([rig.state(0), rig.state(1)]).toEqual([state.RUNNING, state.RUNNABLE]);
    rig.host.advance(5099);
    expect(rig.state(1)).toBe(state.RUNNABLE);
    rig.host.advance(1);
    expect([rig.state(0), rig.state(1)]).toEqual([state.IDLE, state.RUNNING]);
  });

  it('see nothing of the fault of another', () => {
    rig.submit(0, [0x000100ff]);
    rig.submit(1, fence(5));
    rig.host.settle();
    expect([rig.state(0), rig.state(1), rig.ram(0x2000)]).toEqual([state.FAULTED, state.IDLE, 5]);
  });
});

describe('time', () => {
  it('is what the packet, its work, page walks and DMA take', () => {
    const priced = new Rig({}, { ...rates, copyByte: 2, tlbMiss: 1000 });
    priced.start(0);
    priced.host.latencyNs = 30;
    // Walks: ring, source, destination. DMA: one transfer, for the page of RAM.
    priced.submit(0, [0x00070011, DATA, 64, SYSTEM, 64, 64, 1]);
    priced.host.settle();
    expect(priced.host.now).toBe(100 + 2 * 64 + 3 * 1000 + 30);
    expect(priced.bell.counts.busyNs).toEqual({ copy: 3258, render: 0, other: 0 });
    expect(priced.bell.counts.tlbMisses).toBe(3);
  });

  it('is at least a nanosecond', () => {
    const free = new Rig({}, { ...rates, packet: 0 });
    free.start(0);
    free.submit(0, nop(), nop());
    free.host.settle();
    expect(free.host.now).toBe(2);
  });

  it('is booked to the engine', () => {
    rig.submit(0, fill(DATA, 1000, 0), nop());
    rig.host.settle();
    expect(rig.bell.counts.busyNs).toEqual({ copy: 1100, render: 0, other: 100 });
  });
});

describe('WAIT', () => {
  it('that is already reached goes on at once', () => {
    rig.setVram(DATA_VRAM, 5);
    rig.submit(0, wait(DATA, 5), fence(1));
    rig.host.advance(100);
    expect(rig.get(0, reg.FENCE)).toBe(1);
  });

  it('lets others run, and goes on when one of them has written the word', () => {
    rig.submit(0, wait(DATA, 3), fence(1));
    expect(rig.state(0)).toBe(state.RUNNABLE);
    rig.submit(1, fill(DATA, 64, 2), fill(DATA, 64, 3), fence(1));
    rig.host.settle();
    expect([rig.get(0, reg.FENCE), rig.get(1, reg.FENCE)]).toEqual([1, 1]);
    expect([rig.state(0), rig.get(0, reg.HEAD)]).toEqual([state.IDLE, 24]);
    // The wait of 0 is over at 1 µs, and is no turn.
    expect(rig.bell.counts.contextSwitches).toBe(2);
  });

  it('sees what the CPU writes, in VRAM and in RAM', () => {
    rig.submit(0, wait(DATA, 1), wait(SYSTEM, 1), fence(1));
    rig.host.advance(50_000);
    rig.setVram(DATA_VRAM, 1);
    rig.host.advance(1000);
    expect(rig.get(0, reg.HEAD)).toBe(12);
    rig.setRam(SYSTEM_RAM, 0xffffffff);
    rig.host.advance(2000);
    expect(rig.get(0, reg.FENCE)).toBe(1);
  });

  it('is over for channels that wait for one another in turn', () => {
    rig.submit(0, wait(DATA, 1), fill(DATA, 4, 2));
    rig.submit(1, fill(DATA, 4, 1), wait(DATA, 2), fence(1));
    rig.host.settle();
    expect(rig.get(1, reg.FENCE)).toBe(1);
  });

  it('hangs its channel when WATCHDOG has passed', () => {
    rig.write(0x028, 50);
    rig.submit(0, nop(), wait(DATA, 1), fence(1));
    rig.host.advance(50_099);
    expect(rig.state(0)).toBe(state.RUNNABLE);
    rig.host.advance(1001);
    expect(rig.state(0)).toBe(state.HUNG);
    expect(rig.fault(0)).toEqual([12, 3, 0, RING + 4]);
    expect(rig.get(0, reg.INTERRUPT)).toBe(4);
    expect(rig.vectors).toEqual([0]);
    expect(rig.host.pending).toBe(false);
  });

  it('faults when its page goes away', () => {
    rig.submit(0, wait(DATA, 1));
    rig.map(0, DATA, 0, 1, 0);
    rig.write(0x02c, 0);
    rig.host.advance(1000);
    expect(rig.fault(0)).toEqual([1, 3, DATA, RING]);
  });

  it('ends with a reset of its channel', () => {
    rig.submit(0, wait(DATA, 1));
    rig.reset(0);
    rig.host.settle();
    expect([rig.state(0), rig.get(0, reg.HEAD)]).toEqual([state.IDLE, 0]);
  });
});

describe('the watchdog', () => {
  beforeEach(() => {
    rig.write(0x028, 10);
  });

  it('stops a packet that takes longer, and its channel', () => {
    rig.submit(0, fill(DATA, 16_384, 1), fence(1));
    rig.submit(1, fence(2));
    expect(rig.state(0)).toBe(state.RUNNING);
    rig.host.advance(10_000);
    expect(rig.state(0)).toBe(state.HUNG);
    expect(rig.fault(0)).toEqual([12, 0x10, 0, RING]);
    expect([rig.get(0, reg.INTERRUPT), rig.get(0, reg.HEAD)]).toEqual([4, 0]);
    expect(rig.vectors).toEqual([0]);
    rig.host.settle();
    expect([rig.get(0, reg.FENCE), rig.get(1, reg.FENCE)]).toEqual([0, 2]);
    expect([rig.bell.counts.hangs, rig.bell.counts.faults]).toEqual([1, 1]);
    expect(rig.host.traced('fault')).toEqual([[0, 12]]);
  });

  it('lets a packet be that takes just as long', () => {
    rig.submit(0, fill(DATA, 9900, 1), fence(1));
    rig.host.settle();
    expect(rig.get(0, reg.FENCE)).toBe(1);
  });

  it('does not count the time of other packets', () => {
    for (let packet = 0; packet < 5; packet++) {
      rig.push(0, fill(DATA, 8000, 1));
    }
    rig.ring(0);
    rig.host.settle();
    expect(rig.state(0)).toBe(state.IDLE);
  });
});

describe('RESET of a channel', () => {
  it('ends what it runs at once, gives every register its reset value, and others go on', () => {
    rig.submit(0, fill(DATA, 100_000, 1), fence(1));
    rig.submit(1, fence(2));
    rig.host.advance(10);
    rig.reset(0);
    expect(Object.values(reg).map((offset) => rig.get(0, offset))).toEqual(new Array(16).fill(0));
    expect(rig.state(1)).toBe(state.RUNNING);
    rig.host.settle();
    expect([rig.host.now, rig.get(1, reg.FENCE)]).toEqual([110, 2]);
    expect(rig.host.traced('reset')).toEqual([[0, 0]]);
    expect(rig.bell.counts.busyNs.copy).toBe(10);
  });

  it('is the way out of a fault, and the channel works again', () => {
    rig.submit(0, [0x000100ff]);
    rig.host.settle();
    rig.submit(0, fence(1));
    rig.set(0, reg.CONTROL, 1);
    rig.host.settle();
    expect([rig.state(0), rig.get(0, reg.FENCE)]).toEqual([state.FAULTED, 0]);
    rig.reset(0);
    expect(rig.fault(0)).toEqual([0, 0, 0, 0]);
    rig.start(0);
    rig.submit(0, fence(3));
    rig.host.settle();
    expect(rig.get(0, reg.FENCE)).toBe(3);
  });

  it('forgets its translations', () => {
    rig.submit(0, fill(DATA, 4, 1));
    rig.host.settle();
    rig.reset(0);
    rig.start(0);
    rig.map(0, DATA, 0, 1, 0);
    rig.submit(0, fill(DATA, 4, 1));
    expect(rig.fault(0)[0]).toBe(1);
  });

  it('needs its bit', () => {
    rig.set(0, reg.RESET, 2);
    expect(rig.get(0, reg.CONTROL)).toBe(1);
  });
});

describe('INDIRECT', () => {
  it('holds HEAD until its buffer is done', () => {
    rig.setVram(DATA_VRAM, ...nop(), ...fence(4));
    rig.submit(0, indirect(DATA, 4), fence(5));
    rig.host.advance(200);
    expect([rig.get(0, reg.HEAD), rig.get(0, reg.FENCE)]).toEqual([0, 4]);
    rig.host.advance(100);
    expect([rig.get(0, reg.HEAD), rig.get(0, reg.FENCE)]).toEqual([12, 5]);
    rig.host.settle();
    expect(packets().map(([, opcode]) => opcode)).toEqual([1, 0, 2, 2]);
  });

  it('with no words does nothing', () => {
    rig.submit(0, indirect(DATA, 0), fence(5));
    rig.host.settle();
    expect([rig.get(0, reg.HEAD), rig.get(0, reg.FENCE)]).toEqual([24, 5]);
  });

  it('runs what the buffer holds when it is reached, again and again', () => {
    rig.setVram(DATA_VRAM, ...fence(1));
    rig.submit(0, indirect(DATA, 3));
    rig.host.settle();
    rig.setVram(DATA_VRAM, ...fence(2));
    rig.submit(0, indirect(DATA, 3));
    rig.host.settle();
    expect(rig.get(0, reg.FENCE)).toBe(2);
  });

  it('may lie in RAM and cross pages', () => {
    const words = [...new Array<number>(1022).fill(0x00010000), ...fence(6)];
    rig.setRam(SYSTEM_RAM, ...words);
    rig.submit(0, indirect(SYSTEM, words.length));
    rig.host.settle();
    expect(rig.get(0, reg.FENCE)).toBe(6);
    expect(rig.ram(0x1000)).toBe(6);
  });

  it('goes on behind a context switch', () => {
    rig.setVram(
      DATA_VRAM + 0x80000,
      ...fill(DATA, MS / 2, 1),
      ...fill(DATA, MS / 2, 2),
      ...fence(9),
    );
    rig.submit(0, indirect(DATA + 0x80000, 15));
    rig.submit(1, fence(1));
    rig.host.settle();
    expect(packets().map(([channel]) => channel)).toEqual([0, 0, 0, 1, 0]);
    expect(rig.get(0, reg.FENCE)).toBe(9);
  });
});

describe('FENCE', () => {
  it('writes memory, then the register, then interrupts', () => {
    const seen: [number, number][] = [];
    rig.host.message = () => {
      seen.push([rig.ram(0x1000), rig.get(0, reg.FENCE)]);
    };
    rig.submit(0, fence(0xfffffff0, 1));
    expect(seen).toEqual([[0xfffffff0, 0xfffffff0]]);
    expect(rig.host.writes).toEqual([[0x1000, 4]]);
    expect(rig.host.traced('fence')).toEqual([[0, 0xfffffff0]]);
  });

  it('comes after what earlier packets wrote, in order', () => {
    const seen: number[] = [];
    rig.host.message = () => {
      seen.push(rig.vram(DATA_VRAM));
    };
    for (const value of [1, 2, 3]) {
      rig.push(0, fill(DATA, 16, value), fence(value, 1));
    }
    rig.ring(0);
    while (rig.host.pending) {
      rig.host.advance(10);
      rig.set(0, reg.INTERRUPT, 1);
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  it('interrupts when it says so', () => {
    rig.submit(0, fence(1, 0));
    rig.host.settle();
    expect([rig.get(0, reg.INTERRUPT), rig.vectors]).toEqual([0, []]);
    rig.submit(0, fence(2, 1));
    expect([rig.get(0, reg.INTERRUPT), rig.vectors]).toEqual([1, [0]]);
  });

  it('writes nothing to memory while FENCE_ADDRESS is 0', () => {
    rig.set(0, reg.FENCE_ADDRESS, 0);
    rig.submit(0, fence(1, 1));
    expect([rig.get(0, reg.FENCE), rig.vectors, rig.host.writes]).toEqual([1, [0], []]);
  });

  it('goes through the page tables', () => {
    rig.set(0, reg.FENCE_ADDRESS, DATA + 8);
    rig.submit(0, fence(77));
    rig.host.settle();
    expect(rig.vram(DATA_VRAM + 8)).toBe(77);
    rig.set(0, reg.FENCE_ADDRESS, 0x30000);
    rig.submit(0, fence(78));
    expect(rig.fault(0)).toEqual([2, 2, 0x30000, RING + 12]);
    expect(rig.get(0, reg.FENCE)).toBe(77);
  });
});

it('a stale translation is used until TLB_INVALIDATE', () => {
  rig.submit(0, fill(DATA, 4, 1));
  rig.host.settle();
  rig.map(0, DATA, DATA_VRAM + 0x1000, 1, 3);
  rig.submit(0, fill(DATA, 4, 2));
  rig.host.settle();
  expect([rig.vram(DATA_VRAM), rig.vram(DATA_VRAM + 0x1000)]).toEqual([2, 0]);
  rig.write(0x02c, 1);
  rig.submit(0, fill(DATA, 4, 3));
  rig.host.settle();
  expect(rig.vram(DATA_VRAM)).toBe(3);
  rig.write(0x02c, 0);
  rig.submit(0, fill(DATA, 4, 4));
  rig.host.settle();
  expect([rig.vram(DATA_VRAM), rig.vram(DATA_VRAM + 0x1000)]).toEqual([3, 4]);
  rig.map(0, DATA, DATA_VRAM, 1, 3);
  rig.write(0x02c, 0x80000000);
  rig.submit(0, fill(DATA, 4, 5));
  rig.host.settle();
  expect(rig.vram(DATA_VRAM)).toBe(5);
});
