import { describe, expect, it } from 'vitest';
import { FakeHost } from './fake-host.ts';

function recording(): { host: FakeHost; ran: [number, number][] } {
  const host = new FakeHost(16);
  const ran: [number, number][] = [];
  host.attach({ onTimer: (id) => ran.push([id, host.now]) });
  return { host, ran };
}

describe('FakeHost', () => {
  it('runs timers at their times, those of one time in order of their numbers', () => {
    const { host, ran } = recording();
    host.timers.arm(2, 5);
    host.timers.arm(1, 5);
    host.timers.arm(0, 7);
    host.advance(6);
    expect(ran).toEqual([
      [1, 5],
      [2, 5],
    ]);
    expect(host.now).toBe(6);
    host.settle();
    expect(ran[2]).toEqual([0, 7]);
    expect(host.pending).toBe(false);
  });

  it('forgets a timer that is disarmed, and moves one that is armed again', () => {
    const { host, ran } = recording();
    host.timers.arm(0, 5);
    host.timers.arm(1, 5);
    host.timers.arm(1, 9);
    host.timers.disarm(0);
    host.settle();
    expect(ran).toEqual([[1, 9]]);
  });

  it('refuses DMA beyond its RAM and moves nothing', () => {
    const { host } = recording();
    expect(host.bus.write(14, Uint8Array.of(1, 2, 3))).toBe(false);
    expect([...host.ram]).toEqual(new Array(16).fill(0));
    expect(host.bus.write(13, Uint8Array.of(1, 2, 3))).toBe(true);
    const into = new Uint8Array(2);
    expect(host.bus.read(14, into)).toBe(true);
    expect([...into]).toEqual([2, 3]);
  });

  it('gives latency once', () => {
    const { host } = recording();
    host.latencyNs = 10;
    host.bus.read(0, new Uint8Array(1));
    host.bus.read(0, new Uint8Array(1));
    expect(host.bus.takeLatency()).toBe(20);
    expect(host.bus.takeLatency()).toBe(0);
  });

  it('restores time, RAM and timers', () => {
    const { host, ran } = recording();
    host.timers.arm(3, 5);
    host.ram[0] = 1;
    const state = host.save();
    host.settle();
    host.ram[0] = 2;
    host.load(state);
    expect([host.now, host.ram[0], host.pending]).toEqual([0, 1, true]);
    host.settle();
    expect(ran).toEqual([
      [3, 5],
      [3, 5],
    ]);
  });
});
