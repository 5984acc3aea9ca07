import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Doorbells, MAX_DOORBELLS } from '../src/doorbells.ts';
import { rungQueues, testLoop, threadEnds } from './thread-ends.ts';

describe('Doorbells', () => {
  it('says which queues were rung at the other end, once', async () => {
    const { driver, device } = threadEnds();
    driver.ring(0);
    driver.ring(MAX_DOORBELLS - 1);
    driver.ring(0);
    await device.rung();
    expect(rungQueues(device, MAX_DOORBELLS)).toEqual([0, MAX_DOORBELLS - 1]);
    expect(rungQueues(device, MAX_DOORBELLS)).toEqual([]);
    expect(rungQueues(driver, MAX_DOORBELLS)).toEqual([]);
    device.ring(1);
    await driver.rung();
    expect(rungQueues(driver, MAX_DOORBELLS)).toEqual([1]);
  });

  it('tells messages from queues', async () => {
    const { driver, device } = threadEnds();
    driver.ringMessages();
    await device.rung();
    expect(rungQueues(device, MAX_DOORBELLS)).toEqual([]);
    expect(device.takeMessages()).toBe(1);
    expect(device.takeMessages()).toBe(0);
  });

  it('lets its own thread go on while nothing rings: tasks, timers, and one who rings', async () => {
    const { driver, device } = threadEnds();
    const log: string[] = [];
    const rung = device.rung().then(() => log.push('rung'));
    void Promise.resolve().then(() => log.push('task'));
    setTimeout(() => {
      log.push('timer');
      driver.ring(0);
    }, 1);
    await rung;
    expect(log).toEqual(['task', 'timer', 'rung']);
  });

  it('waits beside the event loop in the end, and is waked there', async () => {
    let turns = 0;
    const loop = {
      ...testLoop,
      turn: () => {
        turns++;
        return testLoop.turn();
      },
    };
    const { driver, device } = threadEnds(loop);
    const rung = device.rung();
    for (let before = -1; turns !== before;) {
      before = turns;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    driver.ring(2);
    await rung;
    expect(rungQueues(device, 3)).toEqual([2]);
  });

  it('turns the event loop however often it is rung', async () => {
    const { driver, device } = threadEnds();
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    let rings = 0;
    for (; !turned && rings < 10_000; rings++) {
      driver.ring(0);
      await device.rung();
    }
    expect(rings).toBeLessThan(10_000);
  });

  it('loses no ring of another thread, however their waits fall', async () => {
    const words = Doorbells.allocate();
    // Word 1 is what the device waits on, word 0 what the driver does (see `ring`).
    const echo = new Worker(
      `const { workerData } = require('node:worker_threads');
       const words = new Int32Array(workerData);
       for (let seen = 0; ; ) {
         Atomics.wait(words, 1, seen);
         seen = Atomics.load(words, 1);
         Atomics.add(words, 2, 1);
         Atomics.add(words, 0, 1);
         Atomics.notify(words, 0);
       }`,
      { eval: true, workerData: words },
    );
    const driver = new Doorbells(words, 'driver', testLoop);
    for (let trip = 0; trip < 2000; trip++) {
      driver.ring(0);
      await driver.rung();
      expect(rungQueues(driver, 1)).toEqual([0]);
    }
    await echo.terminate();
  });
});
