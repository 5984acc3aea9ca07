import { expect, it } from 'vitest';
import { computer } from './computer.ts';

it('costs a guest three exits, or none when posted, or its delivery on bare metal', () => {
  for (const [mode, exits, injections] of [
    ['injected', 3, 1],
    ['posted', 0, 1],
    ['native', 0, 0],
  ] as const) {
    const { device, interrupts, machine } = computer({ mode });
    let runs = 0;
    const { address, data } = device.irq.request(() => runs++);
    interrupts.signal(address, data);
    expect(runs).toBe(0);
    device.memory.load32(0);
    expect(runs).toBe(1);
    const { exitsByReason } = machine.counts;
    expect(Object.values(exitsByReason).reduce((a, b) => a + b, 0)).toBe(exits);
    expect(machine.counts.injections).toBe(injections);
  }
});

it('drops a message that nobody asked for', () => {
  const { device, interrupts } = computer();
  const message = device.irq.request(() => undefined);
  device.irq.release(message);
  interrupts.signal(message.address, message.data);
  interrupts.signal(message.address, 4000);
  interrupts.signal(0x1234, message.data);
  expect(() => device.memory.load32(0)).not.toThrow();
});

it('runs the handler of a line again while it is high, and masks one that nobody quiets', () => {
  const { device, interrupts, line } = computer();
  let runs = 0;
  device.irq.requestLine(() => {
    if (++runs === 3) {
      interrupts.setLine(line, false);
    }
  });
  interrupts.setLine(line, true);
  device.memory.load32(0);
  expect(runs).toBe(3);
  device.irq.requestLine(() => {
    runs++;
  });
  interrupts.setLine(line, true);
  device.memory.load32(0);
  expect(runs).toBe(1003);
});
