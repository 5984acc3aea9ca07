import { crossing } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { AT, computer } from './computer.ts';

it('reaches a mapped region directly: no exit, and the price of a posted write', () => {
  const { machine, endpoint, device } = computer();
  device.mapBar(0).write(8, 4, 0xabcd);
  expect(endpoint.log).toEqual(['write 0 8 4 43981']);
  expect(machine.counts.directAccesses).toBe(1);
  expect(machine.counts.exitsByReason['mmio-write']).toBe(0);
  expect(machine.now).toBe(machine.profile.constants['mmio.write'].value);
});

it('leaves the guest for each access to a trapped region', () => {
  const { machine, endpoint, device } = computer({ kind: 'trapped' });
  endpoint.words[1] = 77;
  const bar = device.mapBar(0);
  bar.write(8, 4, 1);
  expect(bar.read(4, 4)).toBe(77);
  expect(machine.counts.directAccesses).toBe(0);
  expect(machine.counts.exitsByReason).toMatchObject({ 'mmio-write': 1, 'mmio-read': 1 });
  const { constants } = machine.profile;
  expect(machine.now).toBe(
    2 * (constants['exit.mmio'].value + constants['emulation.access'].value),
  );
});

it('leaves the guest as far as the kernel for a store to a doorbell, and all the way for a load', () => {
  const { machine, endpoint, device } = computer({ kind: 'doorbell' });
  const bar = device.mapBar(0);
  bar.write(8, 4, 1);
  expect(endpoint.words[2]).toBe(1);
  const { constants } = machine.profile;
  const light = constants['exit.ioeventfd'].value;
  expect(machine.now).toBe(light);
  expect(bar.read(8, 4)).toBe(1);
  expect(machine.counts.exitsByReason).toMatchObject({ ioeventfd: 1, 'mmio-read': 1 });
  expect(machine.counts.exitsByReason['mmio-write']).toBe(0);
  expect(machine.now - light).toBe(
    constants['exit.mmio'].value + constants['emulation.access'].value,
  );
});

it('leaves the guest for each word of a block in a trapped region', () => {
  const { machine, endpoint, device } = computer({ kind: 'trapped' });
  device.mapBar(0).writeBlock(0, new Uint8Array([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]));
  expect(machine.counts.exitsByReason['mmio-write']).toBe(3);
  expect([...endpoint.words.subarray(0, 3)]).toEqual([1, 2, 3]);
});

it('leaves a guest also where nothing decodes', () => {
  const { machine, device } = computer({ kind: 'trapped' });
  const bar = device.mapBar(0);
  device.config.write(0x04, 2, 0);
  bar.write(0, 4, 5);
  expect(bar.read(0, 4)).toBe(0xffffffff);
  expect(machine.counts.directAccesses).toBe(0);
  expect(machine.counts.exitsByReason).toMatchObject({ 'mmio-write': 1, 'mmio-read': 1 });
});

it('reads all ones, and loses writes, where nothing decodes', () => {
  const { endpoint, device } = computer();
  const bar = device.mapBar(0);
  device.config.write(0x04, 2, 0);
  bar.write(0, 4, 5);
  expect(bar.read(0, 4)).toBe(0xffffffff);
  expect(bar.read(0, 2)).toBe(0xffff);
  expect(endpoint.log).toEqual([]);
});

it('traces an access and makes it the cause of the exit', () => {
  const { machine, device } = computer({ kind: 'trapped' });
  machine.tracer.recording = true;
  device.mapBar(0).write(8, 4, 9);
  const [access, exit] = [...machine.tracer];
  expect(access).toMatchObject({ kind: 'mmioWrite', b: 9, cause: 0 });
  expect(exit).toMatchObject({ kind: 'exit', cause: access?.id });
});

it('traces where an access to a mapped region crosses the bus, and with how many bytes', () => {
  const { machine, device, computer: made } = computer();
  const { address } = made.parts.bus.barAddress(AT, 0);
  machine.tracer.recording = true;
  device.mapBar(0).read(6, 2);
  const [access] = [...machine.tracer];
  expect(crossing.where(access.c)).toBe(address + 6);
  expect(crossing.how(access.c)).toBe(2);
});

it.each(['trapped', 'shared', 'doorbell'] as const)(
  'traces that an access to a %s region crosses no bus',
  (kind) => {
    const { machine, device } = computer({ kind });
    machine.tracer.recording = true;
    device.mapBar(0).write(8, 4, 9);
    expect([...machine.tracer][0]).toMatchObject({ kind: 'mmioWrite', c: crossing.none });
  },
);
