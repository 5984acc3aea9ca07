import type { Arbiter } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../testing/engine.ts';

/** Says what it is told, and picks as it is told to. */
class Script implements Arbiter {
  readonly calls: string[] = [];
  private readonly picks: number[];
  private readonly asks: number[];
  constructor(picks: number[], asks: number[]) {
    this.picks = picks;
    this.asks = asks;
  }
  join(tenant: number, now: number): void {
    this.calls.push(`join ${tenant} at ${now}`);
  }
  leave(tenant: number, now: number): void {
    this.calls.push(`leave ${tenant} at ${now}`);
  }
  wake(tenant: number, now: number): void {
    this.calls.push(`wake ${tenant} at ${now}`);
  }
  sleep(tenant: number, now: number): void {
    this.calls.push(`sleep ${tenant} at ${now}`);
  }
  ran(tenant: number, ns: number, now: number): void {
    this.calls.push(`ran ${tenant} for ${ns} at ${now}`);
  }
  pick(now: number): number {
    const picked = this.picks.shift() ?? -1;
    this.calls.push(`pick at ${now}: ${picked}`);
    return picked;
  }
  askAt(): number {
    return this.asks.shift() ?? Infinity;
  }
}

describe('the engine of these tests', () => {
  it('tells that a packet is done before that there is none, and wakes with the next', () => {
    const script = new Script([0, -1, 0], []);
    const engine = new Engine(script, [{ packets: [10, 20], gaps: [5] }]).run(16);
    expect(script.calls).toEqual([
      'join 0 at 0',
      'wake 0 at 0',
      'pick at 0: 0',
      'ran 0 for 10 at 10',
      'sleep 0 at 10',
      'pick at 10: -1',
      'wake 0 at 15',
      'pick at 15: 0',
    ]);
    expect(engine.used).toEqual([10]);
    expect(engine.idleWhileAwake).toBe(0);
  });

  it('keeps a packet that waits, without a pause and in an open loop', () => {
    const script = new Script([0, 0, 0], []);
    new Engine(script, [{ packets: [10], every: 6 }]).run(20);
    expect(script.calls).toEqual([
      'join 0 at 0',
      'wake 0 at 0',
      'pick at 0: 0',
      'ran 0 for 10 at 10',
      'pick at 10: 0',
      'ran 0 for 10 at 20',
      'pick at 20: 0',
    ]);
  });

  it('asks again when it idles, and counts that', () => {
    const script = new Script([-1, 0], [7]);
    const engine = new Engine(script, [{ packets: [10] }]).run(8);
    expect(script.calls.slice(2)).toEqual(['pick at 0: -1', 'pick at 7: 0']);
    expect(engine.idleWhileAwake).toBe(7);
    expect(engine.tenants[0].longestWait).toBe(7);
  });

  it('stops a packet for another, and goes on with it later', () => {
    const script = new Script([0, 1, 0], [4]);
    const engine = new Engine(script, [{ packets: [10] }, { packets: [3] }], {
      preempts: 'pick first',
    });
    engine.run(9);
    expect(script.calls.slice(4)).toEqual([
      'pick at 0: 0',
      'pick at 4: 1',
      'ran 0 for 4 at 4',
      'ran 1 for 3 at 7',
      'pick at 7: 0',
    ]);
    engine.run(13);
    expect(engine.used).toEqual([10, 3]);
  });

  it('tells what a packet had before its virtual machine leaves', () => {
    const script = new Script([0], []);
    new Engine(script, [{ packets: [10], to: 4 }]).run(20);
    expect(script.calls.slice(3)).toEqual(['ran 0 for 4 at 4', 'leave 0 at 4', 'pick at 4: -1']);
  });

  it('rejects who has no packet, and a question that is due already', () => {
    const loads = [{ packets: [10] }, { packets: [10], from: 5 }];
    expect(() => new Engine(new Script([1], []), loads).run(1)).toThrow('nothing to do');
    expect(() => new Engine(new Script([-1], [0]), loads).run(1)).toThrow('asks to be asked');
  });
});
