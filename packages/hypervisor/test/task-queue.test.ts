import { expect, it } from 'vitest';
import { cost } from '../src/profile.ts';
import { computer } from './computer.ts';

it('does not miss a wake-up that comes before the task waits', async () => {
  const { machine, cpu, device, interrupts } = computer();
  let done = false;
  const queue = device.clock.waitQueue();
  const { address, data } = device.irq.request(() => {
    done = true;
    queue.wake();
  });
  let result: boolean | undefined;
  machine.tasks.spawn(cpu, async () => {
    interrupts.signal(address, data);
    result = await queue.until(() => done, 'data');
  });
  await machine.tasks.run();
  expect(result).toBe(true);
});

it('traces what woke it: the handler, and before that the interrupt', async () => {
  const { machine, cpu, device, interrupts } = computer();
  machine.tracer.recording = true;
  let done = false;
  const queue = device.clock.waitQueue();
  const { address, data } = device.irq.request(() => {
    done = true;
    queue.wake();
  });
  const timers = machine.timers(() => {
    machine.tracer.cause = machine.tracer.event('interrupt', 1, data);
    interrupts.signal(address, data);
  });
  machine.tasks.spawn(cpu, async () => {
    timers.arm(0, 5000);
    await queue.until(() => done, 'data');
    device.memory.store32(0, 1);
  });
  await machine.tasks.run();
  const chain: string[] = [];
  for (let id = machine.tracer.count; id !== 0; id = machine.tracer.at(id).cause) {
    chain.push(machine.tracer.at(id).kind);
  }
  expect(chain).toEqual(['memoryWrite', 'wake', 'handler', 'interrupt']);
});

it('gives up when its time is over', async () => {
  const { machine, cpu, device } = computer();
  let result: boolean | undefined;
  machine.tasks.spawn(cpu, async () => {
    result = await device.clock.waitQueue().until(() => false, 'data', 5000);
  });
  await machine.tasks.run();
  expect(result).toBe(false);
  expect(machine.now).toBeGreaterThanOrEqual(5000);
});

it('books a wait that is shorter than a wake-up as looking, not as sleep', async () => {
  const { machine, cpu, device } = computer();
  const { constants } = machine.profile;
  const look = constants['driver.poll'].value;
  const short = constants['driver.wakeup'].value - 1;
  const busy = (name: 'driver.poll' | 'driver.wakeup'): number => machine.byCost[cost[name]];
  machine.tasks.spawn(cpu, async () => {
    const queue = device.clock.waitQueue();
    expect(await queue.until(() => false, 'time', short)).toBe(false);
    expect(machine.now).toBe(short + look);
    expect([busy('driver.poll'), busy('driver.wakeup')]).toEqual([short + look, 0]);
    await queue.until(() => false, 'time', short + 1);
    expect(busy('driver.poll')).toBe(short + look);
    expect(busy('driver.wakeup')).toBe(short + 1);
  });
  await machine.tasks.run();
});

it('waits on the line of whoever waits; what happens meanwhile is on no line', async () => {
  const { machine, cpu, device, interrupts } = computer();
  const { tracer } = machine;
  tracer.recording = true;
  let done = false;
  const queue = device.clock.waitQueue();
  const { address, data } = device.irq.request(() => {
    tracer.line = 9;
    device.memory.store32(0, 1);
    done = true;
    queue.wake();
  });
  const timers = machine.timers(() => {
    tracer.event('interrupt', 1, data);
    interrupts.signal(address, data);
  });
  machine.tasks.spawn(cpu, async () => {
    timers.arm(0, 5000);
    tracer.line = 7;
    const waited = queue.until(() => done, 'data');
    tracer.line = 0;
    await waited;
    expect(tracer.line).toBe(0);
    tracer.line = 8;
    device.memory.store32(0, 1);
  });
  await machine.tasks.run();
  expect([...tracer].map(({ kind, line }) => [kind, line])).toEqual([
    ['wait', 7],
    ['interrupt', 0],
    ['handler', 0],
    ['memoryWrite', 9],
    ['wake', 7],
    ['memoryWrite', 8],
  ]);
});

it('goes back to the line that a timer or a handler interrupted', async () => {
  const { machine, cpu, device, interrupts } = computer();
  const { tracer } = machine;
  tracer.recording = true;
  const { address, data } = device.irq.request(() => {
    tracer.line = 9;
    device.memory.store32(0, 1);
  });
  const timers = machine.timers(() => {
    tracer.event('interrupt', 1, data);
    interrupts.signal(address, data);
  });
  machine.tasks.spawn(cpu, async () => {
    timers.arm(0, 1);
    tracer.line = 7;
    device.memory.store32(0, 1);
    device.memory.store32(0, 1);
  });
  await machine.tasks.run();
  expect([...tracer].map(({ kind, line }) => [kind, line])).toEqual([
    ['interrupt', 0],
    ['memoryWrite', 7],
    ['handler', 0],
    ['memoryWrite', 9],
    ['memoryWrite', 7],
  ]);
});
