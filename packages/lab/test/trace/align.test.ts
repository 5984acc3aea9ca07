import { Tracer } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { callNames } from '../../src/meter.ts';
import { align } from '../../src/trace/align.ts';
import { countsCsv } from '../../src/trace/csv.ts';
import { traceDifference } from '../../src/trace/difference.ts';
import { tracedRun } from '../traced-run.ts';

const [SUBMIT, WAIT] = (['submit', 'wait'] as const).map((name) => callNames.indexOf(name));

/** Calls, each of a microsecond; `exits` of them in each. */
function calls(numbers: readonly number[], exits = 0): { readonly events: Tracer } {
  let now = 0;
  const events = new Tracer(() => now);
  events.recording = true;
  events.event('configRead', 0, 0);
  for (const call of numbers) {
    events.request++;
    events.event('appCall', call, 0);
    for (let i = 0; i < exits; i++) {
      events.event('exit', 1, 0);
      now += 500;
    }
    now += 1000;
    events.event('appReturn', call, 0);
  }
  return { events };
}

describe('align', () => {
  it('pairs the calls of two runs, with the events from each call to its return', () => {
    const pairs = align(calls([SUBMIT, WAIT]), calls([SUBMIT, WAIT], 2));
    expect(pairs.map(({ call }) => call)).toEqual(['', 'submit', 'wait']);
    expect(pairs[1]).toMatchObject({ a: { first: 2, last: 3 }, b: { first: 2, last: 5 } });
    expect(pairs[2]).toMatchObject({ a: { first: 4, last: 5 }, b: { first: 6, last: 9 } });
  });

  it('leaves a half empty where one run ended before, or called something else', () => {
    const pairs = align(calls([SUBMIT, WAIT]), calls([SUBMIT, SUBMIT, WAIT]));
    const shown = pairs.map(({ request, call, a, b }) => [request, call, a && 'a', b && 'b']);
    expect(shown).toEqual([
      [0, '', 'a', 'b'],
      [1, 'submit', 'a', 'b'],
      [2, 'wait', 'a', undefined],
      [2, 'submit', undefined, 'b'],
      [3, 'wait', undefined, 'b'],
    ]);
  });

  it('finds every call on every stack: the application is the same', async () => {
    const [native, pv] = await Promise.all(['native', 'pv'].map((stack) => tracedRun(stack)));
    const pairs = align({ events: native.host.machine.tracer }, { events: pv.host.machine.tracer });
    expect(pairs.length).toBeGreaterThan(5);
    expect(pairs.every(({ a, b }) => a !== undefined && b !== undefined)).toBe(true);
  });
});

describe('traceDifference', () => {
  it('sums by kind of call, and puts the largest difference in time first', () => {
    const { calls: kinds, requests } = traceDifference(
      calls([SUBMIT, WAIT, WAIT]),
      calls([SUBMIT, WAIT, WAIT], 3),
    );
    expect(kinds.map(({ call, requests: count }) => [call, count])).toEqual([
      ['wait', 2],
      ['submit', 1],
      ['', 1],
    ]);
    const [wait] = kinds;
    expect(wait.a).toMatchObject({ virtualNs: 2000, exits: 0 });
    expect(wait.b).toMatchObject({ virtualNs: 5000, exits: 6 });
    expect(wait.b.exitsByReason['mmio-write']).toBe(6);
    expect(requests.length).toBe(4);
  });
});

describe('countsCsv', () => {
  it('has a row for each call, under one header', () => {
    const [header, none, submit, end] = countsCsv([
      { request: { stack: 'pv:batch=2' }, ...calls([SUBMIT], 1) },
    ]).split('\r\n');
    expect(header).toMatch(/^stack,guest,request,call,event,virtualNs,exits,.*,exit:mmio-read,/);
    expect(none).toMatch(/^pv:batch=2,0,0,,1,0,0,1,/);
    expect(submit).toMatch(/^pv:batch=2,0,1,submit,2,1500,1,0,.*,0,1,0,0,0,0,0,0$/);
    expect(end).toBe('');
  });
});
