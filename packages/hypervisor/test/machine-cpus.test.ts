/** Several CPUs, each at its own time: which interrupt, task and event comes first, and where handlers run. */
import { describe, expect, it } from 'vitest';
import type { Cpu } from '../src/cpu.ts';
import { InterruptController } from '../src/interrupt-controller.ts';
import { Machine } from '../src/machine.ts';
import { profiles } from '../src/profile.ts';
import { computer } from './computer.ts';

/** CPUs a, b, c of one machine, and a log of what happened on them, with the time. */
function setUp() {
  const machine = new Machine(profiles.get('free')!);
  const [a, b, c] = [machine.newCpu(), machine.newCpu(), machine.newCpu()];
  const log: string[] = [];
  const note = (text: string): void => {
    log.push(`${machine.now} ${text}`);
  };
  /** Queues that the handler of an entry wakes. */
  const queues = [{}, {}, {}, {}];
  const controller = machine.addController({
    begin: () => undefined,
    handle: (entry) => {
      note(`irq ${entry}`);
      machine.tasks.wake(queues[entry]);
    },
    end: () => undefined,
  });
  const interrupt = (cpu: Cpu, entry: number): void => {
    machine.interrupt(cpu, controller, entry);
  };
  /** A task that waits for an entry's interrupt first. */
  const sleeper = (cpu: Cpu, entry: number): void => {
    machine.tasks.spawn(cpu, async () => {
      await machine.tasks.park(cpu, queues[entry], Infinity);
      note(`task ${entry}`);
    });
  };
  const task = (cpu: Cpu, body: () => Promise<void> | void): void => {
    machine.tasks.spawn(cpu, async () => {
      await body();
    });
  };
  return { machine, a, b, c, log, note, interrupt, sleeper, task, queues };
}

describe('an interrupt for a CPU whose tasks wait', () => {
  it('is taken at its time, although another CPU is ahead', async () => {
    const { machine, a, b, log, note, interrupt, sleeper, task } = setUp();
    sleeper(b, 1);
    const timers = machine.timers(() => {
      interrupt(b, 1);
    });
    task(a, async () => {
      timers.arm(0, 50);
      machine.advance(1000);
      await machine.tasks.letOthersCatchUp(a);
      note('a goes on');
    });
    await machine.tasks.run();
    expect(log).toEqual(['50 irq 1', '50 task 1', '1000 a goes on']);
  });

  it('comes before a later one that was sent before it, by a CPU that was ahead', async () => {
    const { machine, a, b, c, log, interrupt, sleeper, task } = setUp();
    sleeper(c, 1);
    sleeper(c, 2);
    task(a, async () => {
      machine.advance(2000);
      interrupt(c, 1);
      await machine.tasks.letOthersCatchUp(a);
    });
    task(b, () => {
      machine.advance(500);
      interrupt(c, 2);
    });
    await machine.tasks.run();
    expect(log).toEqual(['500 irq 2', '500 task 2', '2000 irq 1', '2000 task 1']);
  });

  it('comes behind an event of before its time', async () => {
    const { machine, a, b, c, log, note, interrupt, sleeper, task } = setUp();
    const timers = machine.timers(() => {
      note('event');
      interrupt(c, 2);
    });
    sleeper(c, 1);
    sleeper(c, 2);
    task(a, async () => {
      machine.advance(2000);
      interrupt(c, 1);
      await machine.tasks.park(a, {}, 5000);
    });
    task(b, async () => {
      timers.arm(0, 1500);
      await machine.tasks.park(b, {}, 5000);
    });
    await machine.tasks.run();
    expect(log).toEqual(['1500 event', '1500 irq 2', '1500 task 2', '2000 irq 1', '2000 task 1']);
  });

  it('comes behind a task of the CPU that is ready before it', async () => {
    const { machine, a, b, log, note, interrupt, task, queues } = setUp();
    task(b, async () => {
      await machine.tasks.park(b, queues[0], Infinity);
      note('b runs');
      machine.advance(200);
      machine.deliver(b);
      note('b has run');
      await machine.tasks.park(b, queues[1], 10);
    });
    const timers = machine.timers((id) => {
      if (id === 0) {
        machine.tasks.wake(queues[0]);
      } else {
        interrupt(b, 1);
      }
    });
    task(a, async () => {
      timers.arm(0, 100);
      timers.arm(1, 150);
      machine.advance(1000);
      await machine.tasks.letOthersCatchUp(a);
    });
    await machine.tasks.run();
    expect(log).toEqual(['100 b runs', '300 irq 1', '300 b has run']);
  });

  it('comes before a task of the CPU that is ready at the same time', async () => {
    const { machine, a, b, log, note, interrupt, task } = setUp();
    task(a, () => {
      interrupt(b, 3);
    });
    task(b, () => {
      note('b begins');
    });
    await machine.tasks.run();
    expect(log).toEqual(['0 irq 3', '0 b begins']);
  });

  it('puts its CPU no further than its handler takes', async () => {
    const { machine, a, b, interrupt, sleeper, task } = setUp();
    sleeper(b, 1);
    task(a, () => {
      machine.advance(70);
      interrupt(b, 1);
      machine.advance(100);
    });
    await machine.tasks.run();
    expect([a.time, b.time]).toEqual([170, 70]);
  });
});

describe('an interrupt for a CPU that runs', () => {
  it('is not taken before its time', async () => {
    const { machine, a, b, log, interrupt, task, queues } = setUp();
    task(a, async () => {
      machine.advance(1000);
      interrupt(b, 1);
      await machine.tasks.letOthersCatchUp(a);
    });
    task(b, async () => {
      machine.advance(10);
      machine.deliver(b);
      expect(log).toEqual([]);
      machine.advance(989);
      machine.deliver(b);
      expect(log).toEqual([]);
      machine.advance(1);
      machine.deliver(b);
      expect(log).toEqual(['1000 irq 1']);
      await machine.tasks.park(b, queues[0], 10);
    });
    await machine.tasks.run();
    expect(log).toEqual(['1000 irq 1']);
  });

  it('is taken when its task waits, at its time', async () => {
    const { machine, a, b, log, note, interrupt, task, queues } = setUp();
    task(a, async () => {
      machine.advance(1000);
      interrupt(b, 1);
      await machine.tasks.letOthersCatchUp(a);
    });
    task(b, async () => {
      machine.advance(10);
      await machine.tasks.park(b, queues[1], Infinity);
      note('b goes on');
    });
    await machine.tasks.run();
    expect(log).toEqual(['1000 irq 1', '1000 b goes on']);
  });
});

describe('handlers', () => {
  it('run on the CPU of the computer that asked for the interrupt', async () => {
    const { machine, cpu, interrupts } = computer();
    const second = machine.newCpu(cpu);
    const times: [string, number, number][] = [];
    const ask = (name: string): void => {
      const { address, data } = interrupts.request(() => {
        times.push([name, cpu.pending.length, second.pending.length]);
      });
      interrupts.signal(address, data);
      expect([cpu.pending.length, second.pending.length]).toEqual(
        name === 'first' ? [1, 0] : [0, 1],
      );
      machine.deliver(name === 'first' ? cpu : second);
    };
    machine.tasks.spawn(second, () => {
      ask('second');
      return Promise.resolve();
    });
    machine.tasks.spawn(cpu, () => {
      ask('first');
      return Promise.resolve();
    });
    await machine.tasks.run();
    expect(times.map(([name]) => name).sort()).toEqual(['first', 'second']);
  });

  it('run on the first CPU, when another computer or nobody asked', async () => {
    const { machine, cpu } = computer();
    const stranger = machine.newCpu();
    const controller = new InterruptController(machine, cpu, 'native');
    expect(machine.cpuOf(cpu)).toBe(cpu);
    machine.tasks.spawn(stranger, () => {
      expect(machine.cpuOf(cpu)).toBe(cpu);
      const { address, data } = controller.request(() => undefined);
      controller.signal(address, data);
      return Promise.resolve();
    });
    await machine.tasks.run();
    expect([cpu.pending.length, stranger.pending.length]).toEqual([0, 0]);
    expect(cpu.time).toBeGreaterThan(0);
    expect(stranger.time).toBe(0);
  });
});

it('runs the same twice, with CPUs that interrupt one another', async () => {
  const play = async (): Promise<readonly string[]> => {
    const { machine, a, b, c, log, note, interrupt, task, queues } = setUp();
    let seed = 7;
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const cpus = [a, b, c];
    const timers = machine.timers((id) => {
      interrupt(cpus[id % 3], id % 4);
    });
    cpus.forEach((cpu, index) => {
      task(cpu, async () => {
        for (let step = 0; step < 50; step++) {
          machine.deliver(cpu);
          machine.advance(next(300));
          timers.arm(next(8), next(500));
          interrupt(cpus[next(3)], next(4));
          note(`${index} at ${step}`);
          await (next(2) === 0
            ? machine.tasks.letOthersCatchUp(cpu)
            : machine.tasks.park(cpu, queues[next(4)], 1 + next(1000)));
        }
      });
    });
    await machine.tasks.run();
    return log;
  };
  const first = await play();
  expect(first.length).toBeGreaterThan(200);
  expect(await play()).toEqual(first);
});
