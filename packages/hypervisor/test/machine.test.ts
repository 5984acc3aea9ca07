import { describe, expect, it } from 'vitest';
import type { Cpu } from '../src/cpu.ts';
import { Machine } from '../src/machine.ts';
import { Deadlock } from '../src/tasks.ts';
import { cost, parseProfile, profiles } from '../src/profile.ts';

const free = profiles.get('free');
if (free === undefined) {
  throw new Error('The profile free ships.');
}

function waiting(machine: Machine, cpu: Cpu, queue: object): Promise<boolean> {
  return machine.tasks.park(cpu, queue, Infinity);
}

describe('Machine: time', () => {
  it('spends at least the nanoseconds that an access must take', () => {
    const machine = new Machine(free);
    machine.charge(cost['mmio.write'], 1, 1);
    expect(machine.now).toBe(1);
    expect(machine.byCost[cost['mmio.write']]).toBe(1);
  });

  it('rounds a price up to whole nanoseconds', () => {
    const constants = {
      ...free.constants,
      'dma.byte': { value: 0.3, unit: 'ns', source: 'test', verified: true },
    };
    const machine = new Machine(parseProfile({ ...free, constants }));
    machine.charge(cost['dma.byte'], 5);
    expect(machine.now).toBe(2);
  });

  it('handles timers at their time, while an access takes longer', () => {
    const machine = new Machine(free);
    const seen: [number, number][] = [];
    const timers = machine.timers((id) => {
      seen.push([id, machine.now]);
      if (id === 0) {
        timers.arm(1, 5);
      }
    });
    timers.arm(0, 10);
    machine.advance(100);
    expect(seen).toEqual([
      [0, 10],
      [1, 15],
    ]);
    expect(machine.now).toBe(100);
  });

  it('leaves CPU work of an event to the next crossing, and loses none of it', () => {
    const machine = new Machine(profiles.get('kvm-x86')!);
    const cpu = machine.newCpu();
    const price = machine.price(cost['iommu.invalidate']);
    const timers = machine.timers(() => {
      machine.charge(cost['iommu.invalidate']);
    });
    timers.arm(0, 10);
    machine.advance(20);
    expect(machine.now).toBe(20);
    machine.deliver(cpu);
    expect(machine.now).toBe(20 + price);
    expect(machine.byCost[cost['iommu.invalidate']]).toBe(price);
  });

  it('refuses a timer beyond those of its owner', () => {
    const timers = new Machine(free).timers(() => undefined);
    expect(() => {
      timers.arm(16, 1);
    }).toThrow(RangeError);
  });
});

describe('Machine: tasks', () => {
  it('goes on to the next event only when every task waits', async () => {
    const machine = new Machine(free);
    const log: string[] = [];
    const queue = {};
    const timers = machine.timers(() => {
      log.push(`event ${machine.now}`);
      machine.tasks.wake(queue);
    });
    const first = machine.newCpu();
    const second = machine.newCpu();
    machine.tasks.spawn(first, async () => {
      timers.arm(0, 50);
      log.push('first waits');
      await waiting(machine, first, queue);
      log.push(`first at ${machine.now}`);
    });
    machine.tasks.spawn(second, async () => {
      machine.advance(20);
      log.push(`second at ${machine.now}`);
      await waiting(machine, second, queue);
      log.push('second woken');
    });
    await machine.tasks.run();
    expect(log).toEqual(['first waits', 'second at 20', 'event 50', 'first at 50', 'second woken']);
  });

  it('starts a task no earlier than it was spawned', async () => {
    const machine = new Machine(free);
    machine.advance(500);
    let began = 0;
    machine.tasks.spawn(machine.newCpu(), () => {
      began = machine.now;
      return Promise.resolve();
    });
    await machine.tasks.run();
    expect(began).toBe(500);
  });

  it('wakes a task by its time-out, and says so', async () => {
    const machine = new Machine(free);
    const cpu = machine.newCpu();
    let woken: boolean | undefined;
    machine.tasks.spawn(cpu, async () => {
      woken = await machine.tasks.park(cpu, {}, 1000);
    });
    await machine.tasks.run();
    expect(woken).toBe(false);
    expect(machine.now).toBe(1000);
  });

  it('rejects when all tasks wait for what nothing will do', async () => {
    const machine = new Machine(free);
    const cpu = machine.newCpu();
    machine.tasks.spawn(cpu, async () => {
      await waiting(machine, cpu, {});
    });
    await expect(machine.tasks.run()).rejects.toThrow(Deadlock);
  });

  it('rejects with the error of a task', async () => {
    const machine = new Machine(free);
    machine.tasks.spawn(machine.newCpu(), () => Promise.reject(new Error('broken')));
    await expect(machine.tasks.run()).rejects.toThrow('broken');
  });

  it('keeps the time of each CPU: one that waits does not hold another back', async () => {
    const machine = new Machine(free);
    const ends: number[] = [];
    for (const work of [300, 100, 200]) {
      const cpu = machine.newCpu();
      machine.tasks.spawn(cpu, () => {
        machine.advance(work);
        ends.push(machine.now);
        return Promise.resolve();
      });
    }
    await machine.tasks.run();
    expect(ends).toEqual([300, 100, 200]);
  });
});

describe('Machine: interrupts', () => {
  it('runs a handler at the next access, and never inside another', () => {
    const machine = new Machine(free);
    const cpu = machine.newCpu();
    const log: string[] = [];
    const controller = machine.addController({
      begin: (entry) => log.push(`begin ${entry}`),
      handle: (entry) => {
        if (entry === 1) {
          machine.interrupt(cpu, controller, 2);
          machine.deliver(cpu);
        }
        log.push(`handle ${entry}`);
      },
      end: (entry) => log.push(`end ${entry}`),
    });
    machine.interrupt(cpu, controller, 1);
    expect(log).toEqual([]);
    machine.deliver(cpu);
    expect(log).toEqual(['begin 1', 'handle 1', 'end 1', 'begin 2', 'handle 2', 'end 2']);
  });

  it('interrupts a CPU whose task waits', async () => {
    const machine = new Machine(free);
    const cpu = machine.newCpu();
    const queue = {};
    const controller = machine.addController({
      begin: () => undefined,
      handle: () => {
        machine.tasks.wake(queue);
      },
      end: () => undefined,
    });
    const timers = machine.timers(() => {
      machine.interrupt(cpu, controller, 0);
    });
    timers.arm(0, 40);
    machine.tasks.spawn(cpu, async () => {
      await waiting(machine, cpu, queue);
    });
    await machine.tasks.run();
    expect(machine.now).toBe(40);
  });
});

describe('Machine: two CPUs', () => {
  it('lets the one that is behind run first, up to where it waits', async () => {
    const machine = new Machine(free);
    const [ahead, behind] = [machine.newCpu(), machine.newCpu()];
    const queue = {};
    const log: string[] = [];
    machine.tasks.spawn(behind, async () => {
      await waiting(machine, behind, queue);
      log.push(`behind wakes at ${machine.now}`);
      machine.advance(5);
    });
    machine.tasks.spawn(ahead, async () => {
      machine.advance(10);
      await Promise.resolve();
      machine.tasks.wake(queue);
      expect(machine.tasks.othersAreBehind).toBe(false);
      machine.advance(90);
      expect(machine.tasks.othersAreBehind).toBe(true);
      await machine.tasks.letOthersCatchUp(ahead);
      log.push(`ahead goes on at ${machine.now}`);
      expect(machine.tasks.othersAreBehind).toBe(false);
    });
    await machine.tasks.run();
    expect(log).toEqual(['behind wakes at 10', 'ahead goes on at 100']);
  });
});

describe('Machine: a CPU is turned off', () => {
  it('in the middle of what it does: no task of it runs on, and nothing interrupts it', async () => {
    const machine = new Machine(free);
    const [victim, other] = [machine.newCpu(), machine.newCpu()];
    const queue = {};
    const log: string[] = [];
    const controller = machine.addController({
      begin: () => undefined,
      handle: () => log.push('interrupted'),
      end: () => undefined,
    });
    machine.tasks.spawn(victim, async () => {
      try {
        await machine.tasks.park(victim, queue, 500);
        log.push('woken');
      } finally {
        log.push('cleaned up');
      }
    });
    machine.tasks.spawn(victim, async () => {
      await waiting(machine, victim, {});
    });
    machine.tasks.spawn(other, async () => {
      await machine.tasks.park(other, {}, 100);
      machine.tasks.wake(queue);
      machine.interrupt(victim, controller, 0);
      machine.turnOff(victim);
      machine.interrupt(victim, controller, 0);
    });
    await machine.tasks.run();
    expect(log).toEqual([]);
    expect(machine.now).toBe(100);
    expect(victim.pending).toEqual([]);
  });

  it('by a task of another one', async () => {
    const machine = new Machine(free);
    const cpu = machine.newCpu();
    machine.tasks.spawn(cpu, () => {
      machine.turnOff(cpu);
      return Promise.resolve();
    });
    await expect(machine.tasks.run()).rejects.toThrow(RangeError);
  });

  it('is off after load, too', () => {
    const [machine, again] = [new Machine(free), new Machine(free)];
    machine.turnOff(machine.newCpu());
    const cpu = again.newCpu();
    again.load(machine.save());
    again.interrupt(cpu, 0, 0);
    expect(cpu.pending).toEqual([]);
  });
});
