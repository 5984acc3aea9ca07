import { describe, expect, it } from 'vitest';
import { Recorder } from '../src/recorder.ts';

function recorded(crossings: number): Recorder {
  const recorder = new Recorder();
  for (let i = 0; i < crossings; i++) {
    recorder.add('copyIn', 0, i);
    recorder.result(2 * i, i % 3 === 0 ? Uint8Array.of(i, 1) : undefined);
  }
  return recorder;
}

describe('Recorder', () => {
  it('is saved as plain data, loaded again, and goes on', () => {
    for (const crossings of [0, 1, 3000]) {
      const recorder = recorded(crossings);
      const again = new Recorder();
      again.load(structuredClone(recorder.save()));
      expect(again.length).toBe(crossings);
      again.add('wait', 0, 5);
      recorder.add('wait', 0, 5);
      expect(again.save()).toEqual(recorder.save());
    }
  });

  it('refuses what is no crossings', () => {
    const state = recorded(2).save();
    const load = (wrong: object) => () => {
      new Recorder().load({ ...state, ...wrong });
    };
    expect(load({})).not.toThrow();
    expect(load({ rows: state.rows.slice(1) })).toThrow(/not whole/);
    expect(load({ bytes: [] })).toThrow(/not whole/);
    expect(load({ rows: state.rows.with(8, 99) })).toThrow('Crossing 1 is of no port.');
    expect(load({ rows: state.rows.with(0, NaN) })).toThrow('Crossing 0 is of no port.');
  });
});
