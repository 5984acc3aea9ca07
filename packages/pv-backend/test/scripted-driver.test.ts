import { expect, it } from 'vitest';
import { command, create2d, HandTimers, ScriptedDriver, settled } from './scripted-driver.ts';

it('writes commands as §5.7.6.8 lays them out', () => {
  expect([...create2d(7, 16, 0x102)]).toEqual([
    ...[0x01, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ...[7, 0, 0, 0, 67, 0, 0, 0, 16, 0, 0, 0, 2, 1, 0, 0],
  ]);
  expect([...command('SUBMIT_3D', {}, {}, Uint8Array.of(9))].slice(-2)).toEqual([0, 9]);
});

it('writes rings as §2.7 lays them out', async () => {
  const driver = await new ScriptedDriver().start();
  driver.offer(0, [
    { address: 0x1_2345_6789, bytes: 3, write: false },
    { address: 0x10, bytes: 4, write: true },
  ]);
  const { descriptors, driver: avail } = driver.device.queue(0).setup;
  const { bytes } = driver.memory;
  expect([...bytes.subarray(descriptors, descriptors + 32)]).toEqual([
    ...[0x89, 0x67, 0x45, 0x23, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 1, 0],
    ...[0x10, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0],
  ]);
  expect([...bytes.subarray(avail, avail + 6)]).toEqual([0, 0, 1, 0, 0, 0]);
});

it('goes round its rings', async () => {
  const driver = await new ScriptedDriver().start();
  for (let id = 1; id <= 50; id++) {
    expect(await driver.type(create2d(id, 16, 16))).toBe('OK_NODATA');
  }
});

it('fails when there is no answer', async () => {
  const driver = new ScriptedDriver();
  await driver.start(0n);
  await expect(driver.ask(create2d(1, 16, 16))).rejects.toThrow('No answer');
});

it('runs timers when their time has come', async () => {
  const timers = new HandTimers();
  const ran: number[] = [];
  timers.after(10, () => ran.push(1));
  timers.after(20, () => ran.push(2))();
  timers.advance(9);
  await settled();
  expect(ran).toEqual([]);
  timers.advance(11);
  expect([ran, timers.count]).toEqual([[1], 0]);
});
