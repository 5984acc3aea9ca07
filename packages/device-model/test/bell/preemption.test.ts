/** Long draws are stopped behind a batch of triangles, when their turn is over. */
import { beforeEach, describe, expect, it } from 'vitest';
import { HOST_TENANT } from '../../src/bell/engine-time.ts';
import { copy, DATA, fence, fill, nop, reg, RING, state, wait } from './rig.ts';
import { draw, setUp, SharedRig, type SharedRigOptions } from './shared-rig.ts';
import { StrictArbiter } from './strict-arbiter.ts';

const SLICE_NS = 1000;
const TENANTS = 4;

function newRig(options: Partial<SharedRigOptions> = {}): SharedRig & { arbiter: StrictArbiter } {
  const arbiter = new StrictArbiter(SLICE_NS);
  const made = new SharedRig({ arbiter, preempts: true, ...options });
  for (let tenant = 0; tenant < TENANTS; tenant++) {
    made.time.join(tenant);
    made.start(tenant);
  }
  return Object.assign(made, { arbiter });
}

let rig: ReturnType<typeof newRig>;

beforeEach(() => {
  rig = newRig();
});

/** How long a draw takes when it is alone. */
function drawNs(triangles: number): number {
  const alone = newRig();
  alone.submit(0, ...setUp(0), draw(triangles));
  alone.host.settle();
  return alone.bell.counts.busyNs.render - 400;
}

/** Channel 0 draws, 1 has a turn first and waits again; at the end of it the draw is suspended. */
function suspend(triangles = 500): void {
  rig.submit(1, fill(DATA + 0x2000, SLICE_NS, 0), fill(DATA + 0x2000, 4 * SLICE_NS, 0));
  rig.submit(0, ...setUp(0), draw(triangles), fence(7));
  const { counts } = rig.bell;
  while (counts.preemptions === 0) {
    rig.host.advance(50);
  }
  expect([rig.state(0), rig.state(1)]).toEqual([state.RUNNABLE, state.RUNNING]);
}

describe('a long draw', () => {
  it('is stopped behind the first batch of 64 triangles that ends when its turn is over', () => {
    suspend();
    const batchNs = (drawNs(500) * 64) / 500;
    const [, since] = [rig.host.traced('packet'), rig.arbiter.used[0] - 400];
    expect(since % batchNs).toBeLessThan(1);
    expect(since).toBeGreaterThanOrEqual(SLICE_NS - 400);
    expect(since).toBeLessThan(SLICE_NS + batchNs);
  });

  it('goes on later, and is done once', () => {
    suspend();
    rig.host.settle();
    expect([rig.get(0, reg.FENCE), rig.state(0), rig.state(1)]).toEqual([7, 0, 0]);
    const { packets, triangles } = rig.bell.counts;
    expect([packets, triangles]).toEqual([8, 500]);
    expect(rig.host.traced('packetDone')).toHaveLength(8);
  });

  it('is not stopped while nobody else wants the engines', () => {
    rig.submit(0, ...setUp(0), draw(1000));
    rig.host.settle();
    expect(rig.bell.counts.preemptions).toBe(0);
  });

  it('is stopped at once for the host, and the host never for itself', () => {
    rig = newRig({ tenantOf: (channel) => (channel === 3 ? HOST_TENANT : channel) });
    rig.submit(0, ...setUp(0), draw(500));
    rig.host.advance(500);
    rig.submit(3, ...setUp(3), draw(500), fence(1));
    rig.submit(1, fence(1));
    rig.host.advance(drawNs(500) + (drawNs(500) * 64) / 500 + 600);
    expect(rig.get(3, reg.FENCE)).toBe(1);
    rig.host.settle();
    expect(rig.bell.counts.preemptions).toBeLessThanOrEqual(2);
    expect(rig.get(1, reg.FENCE)).toBe(1);
  });

  it.each([
    ['64 triangles', [...setUp(0), draw(64)]],
    ['a fill', [fill(DATA, 16_384, 1)]],
    ['a copy', [copy(DATA, DATA + 0x8000, 16_384)]],
  ])('is not %s, which is never stopped', (_, packets) => {
    rig.submit(0, ...packets);
    rig.submit(1, fill(DATA + 0x2000, 64, 1), ...packets);
    rig.host.settle();
    expect(rig.bell.counts.preemptions).toBe(0);
    expect([rig.state(0), rig.state(1)]).toEqual([0, 0]);
  });
});

describe('with and without preemption', () => {
  /** Three channels draw, and one of them waits for another. */
  function drawAll(preempts: boolean): SharedRig {
    const made = newRig({ preempts });
    made.submit(0, ...setUp(0), draw(900), fence(1), draw(100));
    made.submit(1, ...setUp(1), draw(65), draw(300), fill(DATA + 0x2000, 4, 1));
    made.submit(2, wait(DATA + 0x2000, 1), ...setUp(2), draw(777));
    made.host.settle();
    return made;
  }

  it('the pixels and the total of the busy time are the same', () => {
    const [one, other] = [drawAll(false), drawAll(true)];
    expect(one.bell.counts.preemptions).toBe(0);
    expect(other.bell.counts.preemptions).toBeGreaterThan(5);
    expect(other.bell.counts.busyNs).toEqual(one.bell.counts.busyNs);
    for (const channel of [0, 1, 2]) {
      expect(other.picture(channel)).toEqual(one.picture(channel));
      expect(new Set(one.picture(channel))).toEqual(new Set([0, 0xff0000ff]));
    }
    const sum = (ns: readonly number[]): number => ns.reduce((total, each) => total + each, 0);
    expect(sum((other as ReturnType<typeof newRig>).arbiter.used)).toBe(other.busyNs);
  });
});

describe('while a draw is suspended', () => {
  beforeEach(() => {
    suspend();
  });

  it('a reset of its channel ends it, and what it took is booked', () => {
    const [took] = rig.arbiter.used;
    rig.reset(0);
    rig.host.settle();
    expect([rig.state(0), rig.get(0, reg.HEAD), rig.arbiter.used[0]]).toEqual([0, 0, took]);
    rig.start(0);
    rig.submit(0, fence(9));
    rig.host.settle();
    expect(rig.get(0, reg.FENCE)).toBe(9);
    expect(rig.arbiter.used[0]).toBe(took + 100);
  });

  it('a reset of the function ends all, and it works again', () => {
    const { preemptions } = rig.bell.counts;
    rig.bell.configWrite(0x68, 2, 0x8000);
    rig.bell.configWrite(0x04, 2, 0x0006);
    rig.write(0x010, 1);
    rig.host.settle();
    expect(rig.bell.counts.preemptions).toBe(preemptions);
    for (const channel of [0, 1]) {
      rig.start(channel);
      rig.submit(channel, fence(3));
    }
    rig.host.settle();
    expect([0, 1].map((channel) => rig.get(channel, reg.FENCE))).toEqual([3, 3]);
  });

  it('CONTROL.ENABLE 0 keeps what is left of it, and 1 lets it go on', () => {
    rig.set(0, reg.CONTROL, 0);
    rig.host.settle();
    expect([rig.state(0), rig.get(0, reg.FENCE), rig.state(1)]).toEqual([0, 0, 0]);
    rig.set(0, reg.CONTROL, 1);
    expect(rig.state(0)).toBe(state.RUNNING);
    rig.host.settle();
    expect([rig.state(0), rig.get(0, reg.FENCE)]).toEqual([0, 7]);
    expect(rig.bell.counts.busyNs.render).toBe(400 + drawNs(500));
  });

  it('CONTROL.ENABLE 0 of the function does so, too', () => {
    rig.write(0x010, 0);
    rig.host.settle();
    expect([rig.get(0, reg.FENCE), rig.state(1)]).toEqual([0, 0]);
    rig.write(0x010, 1);
    rig.host.settle();
    expect([rig.state(0), rig.get(0, reg.FENCE)]).toEqual([0, 7]);
  });

  it('a doorbell with a bad tail faults the channel, and nothing of the draw is left', () => {
    rig.ring(0, 2);
    expect(rig.state(0)).toBe(state.FAULTED);
    rig.host.settle();
    rig.reset(0);
    rig.start(0);
    rig.submit(0, nop());
    expect(rig.state(0)).toBe(state.RUNNING);
    rig.host.advance(100);
    expect(rig.state(0)).toBe(state.IDLE);
  });

  it('the watchdog counts none of the time that others have', () => {
    rig.write(0x028, Math.ceil(drawNs(500) / 1000) + 1);
    rig.host.settle();
    expect([rig.state(0), rig.get(0, reg.FENCE)]).toEqual([0, 7]);
  });

  it('a checkpoint has it, and goes on as what it was taken from', () => {
    const other = newRig();
    other.bell.load(structuredClone(rig.bell.save()));
    other.host.load(structuredClone(rig.host.save()));
    const [before, used] = [rig.host.events.length, [...rig.arbiter.used]];
    other.host.events.length = 0;
    rig.host.settle();
    other.host.settle();
    expect(other.host.events).toEqual(rig.host.events.slice(before));
    expect(other.host.now).toBe(rig.host.now);
    expect(other.bell.counts).toEqual(rig.bell.counts);
    expect(other.picture(0)).toEqual(rig.picture(0));
    expect(other.arbiter.used.map((ns, tenant) => ns + used[tenant])).toEqual(rig.arbiter.used);
  });
});

describe('a draw that hangs', () => {
  it('is not stopped: the watchdog ends it', () => {
    rig.write(0x028, 5);
    rig.submit(1, nop());
    rig.submit(0, ...setUp(0), draw(1000));
    rig.submit(1, ...setUp(1), fence(2));
    rig.host.settle();
    expect([rig.state(0), rig.get(1, reg.FENCE)]).toEqual([state.HUNG, 2]);
    expect(rig.fault(0).slice(0, 2)).toEqual([12, 0x25]);
    expect(rig.bell.counts.preemptions).toBe(0);
    expect(rig.fault(0)[3]).toBe(RING + setUp(0).flat().length * 4);
  });
});

describe('a switch of contexts', () => {
  it('costs nothing for a packet that takes no time, such as a WAIT', () => {
    rig = newRig({ switchNs: 50 });
    rig.submit(0, fence(1));
    rig.host.settle();
    rig.submit(1, wait(DATA, 1));
    rig.submit(2, [0x000100ff]);
    rig.host.advance(100);
    expect([rig.state(1), rig.state(2)]).toEqual([state.RUNNABLE, state.FAULTED]);
    expect(rig.bell.counts.switchNs).toBe(0);
    rig.submit(3, fence(1));
    rig.host.advance(149);
    expect(rig.state(3)).toBe(state.RUNNING);
    rig.host.advance(1);
    expect(rig.state(3)).toBe(state.IDLE);
    expect(rig.bell.counts.switchNs).toBe(50);
  });
});

describe('an event at the very end of a packet', () => {
  it('does not make it longer', () => {
    rig.submit(0, ...setUp(0), draw(100));
    while (!rig.host.traced('packet').some(([, opcode]) => opcode === 0x25)) {
      rig.host.advance(1);
    }
    rig.host.advance(drawNs(100) - 1);
    expect(rig.bell.counts.busyNs.render).toBe(400);
    // As an event of another device that comes just before the packet's timer.
    rig.host.now++;
    rig.time.run();
    rig.host.settle();
    expect(rig.bell.counts.busyNs.render).toBe(400 + drawNs(100));
  });
});
