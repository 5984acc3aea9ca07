import { events } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { Tracer, type EventColumns } from '../src/tracer.ts';

describe('Tracer', () => {
  it('records nothing while it is off', () => {
    const tracer = new Tracer(() => 0);
    expect(tracer.event('exit', 1, 2)).toBe(0);
    expect([...tracer]).toEqual([]);
  });

  it('keeps time, context and arguments, in more chunks than one', () => {
    let now = 0;
    const tracer = new Tracer(() => now);
    tracer.recording = true;
    for (let i = 1; i <= 20_000; i++) {
      now = i * 3;
      tracer.request = i % 7;
      tracer.cause = i - 1;
      tracer.line = i % 11;
      expect(tracer.event('mmioWrite', i, 2 ** 40 + i, 2 ** 50 + i)).toBe(i);
    }
    expect(tracer.at(19_999)).toEqual({
      id: 19_999,
      time: 59_997,
      kind: 'mmioWrite',
      request: 19_999 % 7,
      cause: 19_998,
      line: 19_999 % 11,
      a: 19_999,
      b: 2 ** 40 + 19_999,
      c: 2 ** 50 + 19_999,
    });
  });

  it('amends an argument, and does not mind the id of an event that was not recorded', () => {
    const tracer = new Tracer(() => 0);
    tracer.recording = true;
    const id = tracer.event('mmioRead', 4, 0);
    tracer.amend(id, 77);
    tracer.amend(0, 1);
    expect(tracer.at(id).b).toBe(77);
  });

  it('refuses an id that it does not hold', () => {
    expect(() => new Tracer(() => 0).at(1)).toThrow(RangeError);
  });

  it('gives kinds the numbers of their rows', () => {
    const tracer = new Tracer(() => 0);
    tracer.recording = true;
    for (const kind of Object.keys(events) as (keyof typeof events)[]) {
      tracer.event(kind, 0, 0);
    }
    expect([...tracer].map(({ kind }) => kind)).toEqual(Object.keys(events));
  });

  it('is saved as plain data and loaded again, in more chunks than one', () => {
    const tracer = new Tracer(() => 7);
    tracer.recording = true;
    for (let i = 0; i < 9000; i++) {
      tracer.cause = i;
      tracer.event('mmioWrite', i, 2 ** 40 + i);
    }
    const again = new Tracer(() => 0);
    again.load(structuredClone(tracer.save()));
    expect([...again]).toEqual([...tracer]);
  });

  it('refuses columns that are no trace', () => {
    const tracer = new Tracer(() => 0);
    tracer.recording = true;
    tracer.event('exit', 1, 2);
    const columns = tracer.save();
    const load = (wrong: Partial<EventColumns>) => () => {
      new Tracer(() => 0).load({ ...columns, ...wrong });
    };
    expect(load({})).not.toThrow();
    expect(load({ b: new Float64Array(2) })).toThrow(/different lengths/);
    expect(load({ kinds: Uint8Array.of(255) })).toThrow(/kind 255/);
    expect(load({ causes: Uint32Array.of(1) })).toThrow(/a later one, 1/);
  });
});
