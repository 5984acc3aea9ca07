import { expect, it } from 'vitest';
import { computer } from './computer.ts';

it('takes the time of a delay on its CPU, after the interrupts that are pending', () => {
  const { device, interrupts, machine } = computer();
  let handledAt = -1;
  const { address, data } = device.irq.request(() => {
    handledAt = device.clock.now();
  });
  interrupts.signal(address, data);
  device.clock.delay(250);
  expect(device.clock.now()).toBe(handledAt + 250);
  expect(machine.now).toBe(device.clock.now());
});

it('sleeps no less than it was asked to', async () => {
  const { machine, cpu, device } = computer();
  machine.tasks.spawn(cpu, () => device.clock.sleep(700));
  await machine.tasks.run();
  expect(machine.now).toBeGreaterThanOrEqual(700);
});
