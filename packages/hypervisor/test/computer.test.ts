import { eventKinds } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { cost } from '../src/profile.ts';
import { Recorder } from '../src/recorder.ts';
import { AT, computer } from './computer.ts';

it('maps no BAR that has no address', () => {
  const { computer: bare, endpoint } = computer();
  endpoint.configWrite(0x10, 4, 0);
  expect(() => bare.device(AT).mapBar(0)).toThrow('BAR 0 has no address.');
});

it('spends CPU time by the price list', () => {
  const { computer: bare, machine } = computer();
  bare.spend(cost['driver.call'], 3);
  expect(machine.now).toBe(3 * machine.profile.constants['driver.call'].value);
});

it('records what crosses its ports, in order, until it is told to stop', () => {
  const { computer: bare, device, line, machine } = computer();
  const recorder = new Recorder();
  machine.recorder = recorder;
  bare.request(7, 4, 12);
  bare.trace.event('appReturn', 4, 0);
  device.irq.requestLine(() => undefined);
  const page = device.memory.allocate(1);
  device.memory.store32(page, 0x55);
  device.config.read(0x04, 2);
  device.dma.map(page, 16, 'from-device');
  machine.recorder = undefined;
  device.memory.load32(page);
  const crossings = Array.from({ length: recorder.length }, (_, index) => recorder.at(index));
  expect(crossings.map(({ op, args, result }) => [op, ...args.slice(0, 4), result])).toEqual([
    ['request', 7, 4, 12, 0, 0],
    ['trace', eventKinds.indexOf('appReturn'), 4, 0, 0, 0],
    ['lineRequest', line, 0, 0, 0, 0],
    ['allocate', 1, 0, 0, 0, page],
    ['store', page, 4, 0x55, 0, 0],
    ['configRead', AT, 0x04, 2, 0, 2],
    ['dmaMap', AT, page, 16, 1, page],
  ]);
});
