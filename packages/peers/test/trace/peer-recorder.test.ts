import { describe, expect, it } from 'vitest';
import { PeerRecorder } from '../../src/trace/peer-recorder.ts';

describe('a recorder of a peer', () => {
  it('counts time from the first event on, in nanoseconds of the wall', async () => {
    const recorder = new PeerRecorder();
    recorder.event('kick', 0, 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    recorder.event('kick', 1, 0);
    const [first, second] = recorder.events;
    expect(first.time).toBe(0);
    expect(second.time).toBeGreaterThan(15e6);
    expect(second.time).toBeLessThan(10e9);
  });

  it('stops at as many as there may be, and says so', () => {
    const recorder = new PeerRecorder(2);
    expect([0, 1, 2].map((queue) => recorder.event('kick', queue, 0))).toEqual([1, 2, 0]);
    recorder.say(0, 'not there');
    recorder.amend(0, 1);
    expect(recorder.events.count).toBe(2);
    expect(recorder.isWhole).toBe(false);
    expect(recorder.words.size).toBe(0);
  });

  it('goes from one thread to another as plain data', () => {
    const recorder = new PeerRecorder(2);
    recorder.serves(5, 0);
    recorder.say(recorder.event('command', 0x100, 0), 'GET_DISPLAY_INFO');
    const bar = { kind: 'bochs-display', bar: 2, base: 0xfea0_0000 } as const;
    recorder.placed(bar);
    recorder.placed({ ...bar });
    const other = new PeerRecorder();
    other.load(structuredClone(recorder.save()));
    expect([...other.events]).toEqual([...recorder.events]);
    expect(other.events.at(1)).toMatchObject({ kind: 'command', request: 5 });
    expect(other.words.get(1)).toBe('GET_DISPLAY_INFO');
    expect(other.bars).toEqual([bar]);
    expect(other.isWhole).toBe(true);
  });
});
