import { expect, it } from 'vitest';
import { Recorder } from '../src/recorder.ts';
import { Replay, ReplayDivergence } from '../src/replay.ts';
import { computer, RAM_BASE } from './computer.ts';

it('does again what was recorded, and ends at the same time', () => {
  const live = computer({ kind: 'trapped' });
  const recorder = new Recorder();
  live.machine.recorder = recorder;
  const bar = live.device.mapBar(0);
  bar.write(16, 4, 3);
  live.device.memory.copyIn(64, new Uint8Array([9, 8, 7]));
  bar.read(16, 4);
  live.device.clock.delay(123);

  const again = computer({ kind: 'trapped' });
  new Replay(again.machine).run(recorder);
  expect(again.endpoint.log).toEqual(live.endpoint.log);
  expect(again.memory.bytes.every((byte, at) => byte === live.memory.bytes[at])).toBe(true);
  expect(again.machine.now).toBe(live.machine.now);
});

it('says where the machine did something else', () => {
  const live = computer();
  const recorder = new Recorder();
  live.machine.recorder = recorder;
  live.endpoint.words[4] = 1;
  live.device.mapBar(0).read(16, 4);
  const again = computer();
  const replay = new Replay(again.machine);
  expect(() => {
    replay.run(recorder);
  }).toThrow(ReplayDivergence);
});

it('does ring accesses and coherent memory again', () => {
  const live = computer();
  const recorder = new Recorder();
  live.machine.recorder = recorder;
  const ring = live.device.dma.allocateCoherent(8192);
  live.device.memory.store16(ring.address + 2, 0xabcd);
  live.device.memory.release16(ring.address + 4, 0x1234);
  live.device.memory.acquire16(ring.address + 4);
  live.device.memory.load16(ring.address + 2);
  live.device.memory.store32(ring.address + 8, 0x11112222);
  live.device.memory.load32(ring.address + 8);
  live.device.dma.freeCoherent(ring);

  const again = computer();
  new Replay(again.machine).run(recorder);
  expect(again.memory.bytes.every((byte, at) => byte === live.memory.bytes[at])).toBe(true);
  expect(again.machine.now).toBe(live.machine.now);
  expect(again.device.memory.allocate(1)).toBe(ring.address);
});

it('says when a half word is not what it was', () => {
  const live = computer();
  const recorder = new Recorder();
  live.memory.halves[(RAM_BASE + 6) / 2] = 5;
  live.machine.recorder = recorder;
  live.device.memory.acquire16(6);
  expect(() => {
    new Replay(computer().machine).run(recorder);
  }).toThrow(ReplayDivergence);
});
