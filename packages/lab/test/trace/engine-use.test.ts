/** Who had the engines when, from events that are told by hand. */
import { ringPackets } from '@doorbell/abi';
import { Tracer } from '@doorbell/hypervisor';
import { expect, it } from 'vitest';
import { engineUses } from '../../src/trace/engine-use.ts';

const FENCE = ringPackets.FENCE.opcode;
/** A call of the second guest; of the first it is 1. */
const SECOND = 2 ** 24 + 1;

function told(tell: (at: (time: number, request: number) => Tracer) => void): Tracer {
  let now = 0;
  const events = new Tracer(() => now);
  events.recording = true;
  tell((time, request) => {
    now = time;
    events.request = request;
    return events;
  });
  return events;
}

it('gives a packet to whom it is for, and says since when it was ready', () => {
  const events = told((at) => {
    at(10, 1).event('doorbell', 0, 64);
    at(12, 1).event('iotlbMiss', 0x1000, 3);
    at(12, 1).event('packet', 0, FENCE);
    at(12, 1).event('iotlbMiss', 0x2000, 1);
    at(20, SECOND).event('doorbell', 1, 64);
    at(52, 1).event('packetDone', 0, 40);
    at(52, SECOND).event('packet', 1, FENCE);
    at(60, SECOND).event('packetDone', 1, 8);
  });
  expect(engineUses(events, true)).toEqual([
    { guest: 0, ready: 10, from: 12, to: 52, readyBy: 1, begunBy: 3, levels: 4 },
    { guest: 1, ready: 20, from: 52, to: 60, readyBy: 5, begunBy: 7, levels: 0 },
  ]);
});

it('has no use of the engines in a WAIT packet, and what stands behind it is ready then', () => {
  const events = told((at) => {
    at(10, 1).event('doorbell', 0, 64);
    at(10, 1).event('packet', 0, ringPackets.WAIT.opcode);
    at(90, 1).event('packetDone', 0, 80);
    at(90, 1).event('packet', 0, FENCE);
    at(95, 1).event('packetDone', 0, 5);
  });
  expect(engineUses(events, true)).toEqual([
    { guest: 0, ready: 90, from: 90, to: 95, readyBy: 3, begunBy: 4, levels: 0 },
  ]);
});

it('is ready since the first doorbell that no packet has followed', () => {
  const events = told((at) => {
    at(10, SECOND).event('doorbell', 1, 64);
    at(10, SECOND).event('packet', 1, FENCE);
    at(20, 1).event('doorbell', 0, 64);
    at(30, 1).event('doorbell', 0, 128);
    at(50, SECOND).event('packetDone', 1, 40);
    at(50, 1).event('packet', 0, FENCE);
    at(55, 1).event('packetDone', 0, 5);
    at(70, 1).event('doorbell', 0, 192);
    at(72, 1).event('packet', 0, FENCE);
    at(75, 1).event('packetDone', 0, 3);
  });
  expect(engineUses(events, true).map(({ guest, ready, from }) => [guest, ready, from])).toEqual([
    [1, 10, 10],
    [0, 20, 50],
    [0, 70, 72],
  ]);
});

it('tells the channels of two GPUs apart, where each guest has one', () => {
  const events = told((at) => {
    at(10, 1).event('doorbell', 0, 64);
    at(10, SECOND).event('doorbell', 0, 64);
    at(10, 1).event('packet', 0, FENCE);
    at(10, SECOND).event('packet', 0, FENCE);
    at(20, 1).event('packetDone', 0, 10);
    at(30, SECOND).event('packetDone', 0, 20);
  });
  expect(engineUses(events, false).map(({ guest, to }) => [guest, to])).toEqual([
    [0, 20],
    [1, 30],
  ]);
});
