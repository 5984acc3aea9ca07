import { describe, expect, it } from 'vitest';
import type { Doorbells } from '../src/doorbells.ts';
import { ThreadConnection } from '../src/thread-connection.ts';
import { threadEnds } from './thread-ends.ts';

/** One end whose messages go to `outbox` and come from `inbox`. */
function end(doorbells: Doorbells, outbox: unknown[], inbox: unknown[]) {
  const log: string[] = [];
  const connection = new ThreadConnection(
    {
      post: (message) => outbox.push(message),
      take: () => inbox.shift(),
      close: () => log.push('closed the port'),
    },
    doorbells,
  );
  connection.receive(
    (message) => log.push(`got ${message.join()}`),
    (reason) => log.push(`closed: ${reason}`),
  );
  return { connection, log };
}

function ends() {
  const { driver, device } = threadEnds();
  const [there, back]: [unknown[], unknown[]] = [[], []];
  return {
    driver: end(driver, there, back),
    device: end(device, back, there),
    ring: (queue: number) => {
      driver.ring(queue);
    },
    ringMessages: () => {
      driver.ringMessages();
    },
    there,
  };
}

describe('ThreadConnection', () => {
  it('gives messages before the doorbells that were rung after them', async () => {
    const { driver, device, ring } = ends();
    driver.connection.send(Uint8Array.of(1));
    driver.connection.send(Uint8Array.of(2));
    ring(1);
    await device.connection.run(
      () => 2,
      (queue) => {
        device.log.push(`queue ${queue}`);
        device.connection.close('seen');
      },
    );
    expect(device.log).toEqual(['got 1', 'got 2', 'queue 1', 'closed the port', 'closed: seen']);
  });

  it('looks at as many doorbells as there are at the time', async () => {
    const { device, ring } = ends();
    let queues = 0;
    const seen: number[] = [];
    const run = device.connection.run(
      () => queues,
      (queue) => {
        seen.push(queue);
        device.connection.close('seen');
      },
    );
    ring(0);
    setTimeout(() => {
      queues = 4;
      ring(3);
    }, 1);
    await run;
    expect(seen).toContain(3);
  });

  it('handles nothing once a message has made it close', async () => {
    const { driver, device, ring } = ends();
    device.connection.receive(
      () => {
        device.connection.close('a violation');
      },
      (reason) => device.log.push(`closed: ${reason}`),
    );
    driver.connection.send(Uint8Array.of(1));
    driver.connection.send(Uint8Array.of(2));
    ring(0);
    await device.connection.run(
      () => 1,
      () => device.log.push('rung'),
    );
    expect(device.log).toEqual(['closed the port', 'closed: a violation']);
  });

  it('passes over what is no message', async () => {
    const { driver, device, there, ringMessages } = ends();
    for (const other of ['text', 5]) {
      there.push(other);
      ringMessages();
    }
    driver.connection.send(Uint8Array.of(3));
    device.connection.receive(
      (message) => {
        device.log.push(`got ${message.join()}`);
        device.connection.close('seen');
      },
      () => {},
    );
    await device.connection.run(
      () => 0,
      () => {},
    );
    expect(device.log[0]).toBe('got 3');
  });

  it('waits for a message that comes with the event loop, and gives it before the doorbells', async () => {
    const { driver, device } = threadEnds();
    const log: string[] = [];
    const connection = new ThreadConnection(
      {
        post: () => {},
        take: () => new Promise((resolve) => setTimeout(() => resolve(Uint8Array.of(7)), 5)),
        close: () => {},
      },
      device,
    );
    connection.receive(
      (message) => log.push(`got ${message.join()}`),
      () => {},
    );
    driver.ringMessages();
    driver.ring(0);
    await connection.run(
      () => 1,
      (queue) => {
        log.push(`queue ${queue}`);
        connection.close('seen');
      },
    );
    expect(log).toEqual(['got 7', 'queue 0']);
  });

  it('runs to its end when it is closed while nothing rings', async () => {
    const { device } = ends();
    const run = device.connection.run(
      () => 1,
      () => device.log.push('rung'),
    );
    setTimeout(() => {
      device.connection.close('enough');
    }, 1);
    await run;
    expect(device.log).toEqual(['closed the port', 'closed: enough']);
  });

  it('sends nothing once closed, and closes once', () => {
    const { driver, there } = ends();
    driver.connection.close('enough');
    driver.connection.close('twice');
    driver.connection.send(Uint8Array.of(1));
    expect(there).toEqual([]);
    expect(driver.log).toEqual(['closed the port', 'closed: enough']);
  });
});
