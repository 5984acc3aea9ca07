import { expect, it } from 'vitest';
import { Recorder } from '../src/recorder.ts';
import { Replay, ReplayDivergence } from '../src/replay.ts';
import { computer } from './computer.ts';

it('does again what was recorded, and ends at the same time', () => {
  const live = computer({ kind: 'trapped' });
  const recorder = new Recorder();
  live.computer.record(recorder);
  const bar = live.device.mapBar(0);
  bar.write(16, 4, 3);
  live.device.memory.copyIn(64, new Uint8Array([9, 8, 7]));
  bar.read(16, 4);
  live.device.clock.delay(123);

  const again = computer({ kind: 'trapped' });
  new Replay(again.computer).run(recorder);
  expect(again.endpoint.log).toEqual(live.endpoint.log);
  expect(again.memory.bytes.every((byte, at) => byte === live.memory.bytes[at])).toBe(true);
  expect(again.machine.now).toBe(live.machine.now);
});

it('says where the machine did something else', () => {
  const live = computer();
  const recorder = new Recorder();
  live.computer.record(recorder);
  live.endpoint.words[4] = 1;
  live.device.mapBar(0).read(16, 4);
  const again = computer();
  const replay = new Replay(again.computer);
  expect(() => {
    replay.run(recorder);
  }).toThrow(ReplayDivergence);
});
