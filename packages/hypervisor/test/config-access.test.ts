import { crossing } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { AT, computer } from './computer.ts';

it('reads the function, at the price of a configuration access on bare metal', () => {
  const { machine, device } = computer();
  const { value } = machine.profile.constants['config.access'];
  const before = machine.now;
  expect(device.config.read(0x04, 2)).toBe(2);
  expect(machine.now - before).toBe(value);
  expect(machine.counts.exitsByReason.config).toBe(0);
});

it('leaves a guest for each access', () => {
  const { machine, device } = computer({ kind: 'trapped' });
  device.config.write(0x04, 2, 0);
  expect(device.config.read(0x04, 2)).toBe(0);
  expect(machine.counts.exitsByReason.config).toBe(2);
  const { constants } = machine.profile;
  expect(machine.now).toBe(
    2 * (constants['exit.config'].value + constants['emulation.access'].value),
  );
});

it('traces what was read, and makes the access the cause of the exit', () => {
  const { machine, device } = computer({ kind: 'trapped' });
  machine.tracer.recording = true;
  device.config.read(0x04, 2);
  const [access, exit] = [...machine.tracer];
  expect(access).toMatchObject({ kind: 'configRead', a: 4, b: 2, cause: 0 });
  expect(exit).toMatchObject({ kind: 'exit', cause: access?.id });
  expect(machine.tracer.cause).toBe(0);
});

it('traces the function and the bytes that cross the bus, and none where a guest traps', () => {
  const metal = computer();
  metal.machine.tracer.recording = true;
  metal.device.config.read(0x04, 2);
  expect([...metal.machine.tracer][0]?.c).toBe(crossing.of(AT, 2));
  const guest = computer({ kind: 'trapped' });
  guest.machine.tracer.recording = true;
  guest.device.config.read(0x04, 2);
  expect([...guest.machine.tracer][0]?.c).toBe(crossing.none);
});
