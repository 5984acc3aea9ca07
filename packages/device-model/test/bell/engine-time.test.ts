import { describe, expect, it } from 'vitest';
import { EngineTime, HOST_TENANT, type Runner } from '../../src/bell/engine-time.ts';
import { StrictArbiter } from './strict-arbiter.ts';

interface Packet {
  readonly tenant: number;
  readonly since: number;
  readonly end: number;
}

/** A clock with alarms by number, and whatever runs on it. */
class Clock {
  now = 0;
  private alarms: { readonly id: number; readonly at: number; readonly run: () => void }[] = [];
  private ids = 0;

  alarm(run: () => void): { arm: (ns: number) => void; disarm: () => void } {
    const id = ++this.ids;
    const disarm = (): void => {
      this.alarms = this.alarms.filter((alarm) => alarm.id !== id);
    };
    const arm = (ns: number): void => {
      disarm();
      this.alarms.push({ id, at: this.now + Math.max(1, Math.ceil(ns)), run });
    };
    return { arm, disarm };
  }

  get isSilent(): boolean {
    return this.alarms.length === 0;
  }

  settle(until = Infinity): void {
    for (let count = 0; count < 10_000; count++) {
      const [first] = [...this.alarms].sort((a, b) => a.at - b.at || a.id - b.id);
      if (first === undefined || first.at > until) {
        this.now = until === Infinity ? this.now : until;
        return;
      }
      this.alarms = this.alarms.filter((alarm) => alarm !== first);
      this.now = first.at;
      first.run();
    }
    throw new Error('It ticks for ever.');
  }
}

/** A part whose packets are numbers: nanoseconds; 0: one that takes no time, such as a WAIT. */
class ScriptedPart implements Runner {
  readonly ran: Packet[] = [];
  readonly queues = new Map<number, number[]>();
  private readonly clock: Clock;
  private readonly time: EngineTime;
  private readonly batchNs: number;
  private readonly alarm;
  private running:
    { readonly tenant: number; readonly since: number; readonly ns: number } | undefined;
  switchedNs = 0;

  constructor(clock: Clock, time: EngineTime, batchNs = Infinity) {
    this.clock = clock;
    this.time = time;
    this.batchNs = batchNs;
    this.alarm = clock.alarm(() => {
      this.finish();
      this.time.run();
    });
  }

  submit(tenant: number, ...packets: number[]): void {
    const queue = this.queues.get(tenant) ?? [];
    this.queues.set(tenant, queue);
    const wasEmpty = queue.length === 0;
    queue.push(...packets);
    if (wasEmpty) {
      this.time.wake(tenant, this);
    }
    this.time.run();
  }

  private queue(tenant: number): number[] {
    return this.queues.get(tenant)!;
  }

  begin(tenant: number): void {
    if (this.running !== undefined) {
      throw new Error('It runs.');
    }
    const [ns] = this.queue(tenant);
    if (ns === 0) {
      this.next(tenant);
      return;
    }
    const at = this.time.begin;
    const since = at + this.time.switchTo(tenant);
    this.switchedNs += since - at;
    this.running = { tenant, since, ns };
    this.time.occupy(this, tenant);
    this.alarm.arm(since + ns - this.clock.now);
  }

  private next(tenant: number): void {
    this.queue(tenant).shift();
    if (this.queue(tenant).length === 0) {
      this.time.sleep(tenant);
    }
  }

  stopAfter(time: number): void {
    const { since, ns } = this.running!;
    const batches = Math.max(1, Math.ceil((Math.max(time, this.clock.now) - since) / this.batchNs));
    const stop = Math.min(ns, batches * this.batchNs);
    this.alarm.arm(since + stop - this.clock.now);
  }

  /** Its time is over; or earlier, by a reset. */
  finish(): void {
    const { tenant, since, ns } = this.running!;
    const took = Math.max(0, this.clock.now - since);
    this.running = undefined;
    this.alarm.disarm();
    this.ran.push({ tenant, since, end: since + took });
    this.time.vacate(tenant, took);
    if (took >= ns) {
      this.next(tenant);
    } else {
      this.queue(tenant)[0] = ns - took;
    }
  }

  get busyNs(): number {
    return this.ran.reduce((sum, { since, end }) => sum + end - since, 0);
  }

  /** Of plain data alone. */
  save() {
    const queues = [...this.queues].map(([tenant, queue]) => [tenant, [...queue]] as const);
    return { running: this.running, queues };
  }

  load({ running, queues }: ReturnType<ScriptedPart['save']>): void {
    this.running = running;
    queues.forEach(([tenant, queue]) => this.queues.set(tenant, [...queue]));
    const awake = queues.filter(([, queue]) => queue.length > 0).map(([tenant]) => tenant);
    this.time.restore(this, awake, running?.tenant);
    if (running !== undefined) {
      this.alarm.arm(running.since + running.ns - this.clock.now);
    }
  }
}

interface Options {
  readonly tenants?: number;
  readonly parts?: number;
  readonly sliceNs?: number;
  readonly preempts?: boolean;
  readonly switchNs?: number;
  readonly batchNs?: number;
}

function setUp({
  tenants = 2,
  parts: count = 1,
  sliceNs = 100,
  batchNs,
  ...options
}: Options = {}) {
  const clock = new Clock();
  const arbiter = new StrictArbiter(sliceNs);
  const alarm = clock.alarm(() => {
    time.onAlarm();
  });
  const time = new EngineTime({ arbiter, now: () => clock.now, setAlarm: alarm.arm, ...options });
  const parts = Array.from({ length: count }, () => new ScriptedPart(clock, time, batchNs));
  for (let tenant = 0; tenant < tenants; tenant++) {
    time.join(tenant);
  }
  arbiter.forget();
  return { clock, arbiter, time, parts, part: parts[0] };
}

const whoRan = ({ ran }: ScriptedPart): number[] => ran.map(({ tenant }) => tenant);

function expectApart(parts: readonly ScriptedPart[]): void {
  const all = parts.flatMap(({ ran }) => ran).sort((a, b) => a.since - b.since || a.end - b.end);
  all.slice(1).forEach(({ since }, index) => {
    expect(since).toBeGreaterThanOrEqual(all[index].end);
  });
}

describe('calls to the arbiter', () => {
  it('come in the order of its contract: wake, pick, ran, sleep', () => {
    const { clock, arbiter, part } = setUp();
    part.submit(0, 50);
    clock.settle();
    expect(arbiter.calls).toEqual(['wake 0', 'pick', 'ran 0', 'sleep 0', 'pick']);
  });

  it('are no pick in the middle of a packet, when long packets are not stopped', () => {
    const { clock, arbiter, part } = setUp();
    part.submit(0, 500);
    arbiter.forget();
    clock.settle(400);
    part.submit(1, 50);
    expect(arbiter.calls).toEqual(['wake 1']);
    clock.settle();
    expect(whoRan(part)).toEqual([0, 1]);
  });

  it('are ran for each part of a packet that was stopped, and a pick behind it', () => {
    const { clock, arbiter, part } = setUp({ preempts: true, batchNs: 60 });
    part.submit(1, 200);
    part.submit(0, 50);
    arbiter.forget();
    clock.settle();
    // Its turn ends at 100, its batch at 120.
    expect(part.ran).toEqual([
      { tenant: 1, since: 0, end: 120 },
      { tenant: 0, since: 120, end: 170 },
      { tenant: 1, since: 170, end: 250 },
    ]);
    expect(arbiter.calls).toEqual([
      ...['ran 1', 'pick', 'ran 0', 'sleep 0', 'pick', 'ran 1', 'sleep 1', 'pick'],
    ]);
  });

  it('never go back in time, though those who bring work do', () => {
    const { clock, part, arbiter } = setUp({ tenants: 3 });
    clock.now = 1000;
    part.submit(0, 50);
    clock.now = 300;
    part.submit(1, 50);
    part.finish();
    clock.now = 200;
    part.submit(2, 50);
    clock.settle();
    expect(arbiter.used).toEqual([50, 50, 50]);
    expectApart([part]);
  });

  it('take no time for packets that take none', () => {
    const { clock, arbiter, part } = setUp();
    part.submit(0, 0, 0, 5, 0);
    clock.settle();
    expect(arbiter.used).toEqual([5]);
    expect(clock.now).toBe(5);
  });
});

describe('the host', () => {
  it('goes before all others, and the arbiter hears nothing of it', () => {
    const { clock, arbiter, part } = setUp();
    part.submit(0, 10, 10);
    part.submit(HOST_TENANT, 10, 10);
    part.submit(1, 10);
    clock.settle();
    expect(whoRan(part)).toEqual([0, -1, -1, 0, 1]);
    expect(arbiter.calls.filter((call) => call.includes('-1'))).toEqual([]);
  });

  it('stops a long packet at once, at the end of its batch', () => {
    const { clock, part } = setUp({ preempts: true, batchNs: 30 });
    part.submit(0, 1000);
    clock.settle(40);
    part.submit(HOST_TENANT, 10);
    clock.settle();
    expect(part.ran.map(({ since, end }) => [since, end])).toEqual([
      ...[
        [0, 60],
        [60, 70],
        [70, 1010],
      ],
    ]);
  });

  it('does not stop its own packet', () => {
    const { clock, part } = setUp({ preempts: true, batchNs: 30 });
    part.submit(HOST_TENANT, 1000);
    part.submit(0, 10);
    clock.settle();
    expect(whoRan(part)).toEqual([-1, 0]);
  });
});

describe('alarms', () => {
  it('are set while somebody is awake who has to wait, and not once all sleep', () => {
    const { clock, arbiter, time, part } = setUp();
    // An arbiter that lets nobody run before 1000, and asks to be asked each 100 ns.
    const { pick } = arbiter;
    arbiter.pick = (now) => (now < 1000 ? -1 : pick.call(arbiter, now));
    arbiter.askAt = (now) => now + 100;
    time.run();
    expect(clock.isSilent).toBe(true);
    part.submit(0, 10);
    expect(clock.isSilent).toBe(false);
    clock.settle();
    expect(part.ran).toEqual([{ tenant: 0, since: 1000, end: 1010 }]);
    expect(clock.now).toBe(1010);
  });

  it('are not set for the host', () => {
    const { clock, arbiter, part } = setUp();
    arbiter.askAt = (now) => now + 100;
    part.submit(HOST_TENANT, 10);
    clock.settle();
    expect(clock.now).toBe(10);
  });
});

describe('a switch to another tenant', () => {
  it('takes time once for each change of tenant, and none for the first', () => {
    const { clock, part, arbiter } = setUp({ switchNs: 7, sliceNs: 1 });
    part.submit(0, 10, 10);
    part.submit(1, 10);
    clock.settle();
    const order = part.ran.map(({ tenant, since, end }) => [tenant, since, end]);
    expect(order).toEqual([
      ...[
        [0, 0, 10],
        [1, 17, 27],
        [0, 34, 44],
      ],
    ]);
    expect(part.switchedNs).toBe(14);
    expect(arbiter.used).toEqual([20, 10]);
  });

  it('takes none to the host, nor back to who had them before', () => {
    const { clock, part } = setUp({ switchNs: 7 });
    part.submit(0, 10, 10);
    part.submit(HOST_TENANT, 10);
    clock.settle();
    expect(part.switchedNs).toBe(0);
    expect(clock.now).toBe(30);
  });
});

describe('a tenant that leaves', () => {
  it('while it is awake, begins no packet any more, and the arbiter hears nothing of it', () => {
    const { clock, arbiter, time, part } = setUp();
    part.submit(0, 50, 50);
    part.submit(1, 50);
    time.leave(0);
    clock.settle();
    // It has left when the packet is done that runs.
    expect(arbiter.calls).toEqual([
      ...['wake 0', 'pick', 'wake 1', 'ran 0', 'leave 0', 'pick', 'ran 1', 'sleep 1', 'pick'],
    ]);
    part.submit(0, 10);
    clock.settle();
    expect(whoRan(part)).toEqual([0, 1]);
    expect(clock.isSilent).toBe(true);
  });

  it('and joins again, goes on', () => {
    const { clock, time, part } = setUp();
    part.submit(0, 50, 50);
    time.leave(0);
    clock.settle();
    time.join(0);
    clock.settle();
    expect(whoRan(part)).toEqual([0, 0]);
  });
});

describe('two parts that share what they run on', () => {
  it.each([false, true])('never run at once (stopped when a turn is over: %s)', (preempts) => {
    const { clock, arbiter, parts } = setUp({ parts: 2, tenants: 4, preempts, batchNs: 30 });
    const lengths = [10, 90, 250, 1, 40, 500, 33];
    lengths.forEach((ns, index) => {
      parts[index % 2].submit(index % 4, ns, 2 * ns, 0, ns);
      clock.settle(clock.now + 20);
    });
    clock.settle();
    const total = lengths.reduce((sum, ns) => sum + 4 * ns, 0);
    expect(arbiter.used.reduce((sum, ns) => sum + ns, 0)).toBe(total);
    expect(parts[0].busyNs + parts[1].busyNs).toBe(total);
    expectApart(parts);
  });

  it.each([false, true])('go on as saved (stopped: %s)', (preempts) => {
    for (let at = 0; at < 400; at += 37) {
      const options: Options = { parts: 2, tenants: 4, preempts, batchNs: 30, switchNs: 3 };
      const one = setUp(options);
      one.parts[0].submit(0, 100, 20, 0, 90);
      one.parts[1].submit(1, 70, 20);
      one.parts[1].submit(3, 50);
      one.parts[0].submit(HOST_TENANT, 15);
      one.clock.settle(at);
      // What was armed for the end of a turn, is asked for again at once.
      one.time.run();
      const state = structuredClone([one.time.save(), ...one.parts.map((part) => part.save())]);
      const other = setUp(options);
      other.clock.now = at;
      const [time, ...parts] = state as [
        ReturnType<EngineTime['save']>,
        ...ReturnType<ScriptedPart['save']>[],
      ];
      other.parts.forEach((part, index) => {
        // As each part does with its own copy.
        other.time.load(time);
        part.load(parts[index]);
      });
      other.time.run();
      one.arbiter.forget();
      other.arbiter.forget();
      const began = one.parts.map(({ ran }) => ran.length);
      one.clock.settle();
      other.clock.settle();
      expect(other.arbiter.calls).toEqual(one.arbiter.calls);
      one.parts.forEach(({ ran }, index) => {
        expect(other.parts[index].ran).toEqual(ran.slice(began[index]));
      });
      expect(other.clock.now).toBe(one.clock.now);
    }
  });
});
