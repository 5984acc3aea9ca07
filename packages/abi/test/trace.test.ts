import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { crossing, type EventKind, eventKinds, events } from '../src/trace.ts';

describe('event kinds', () => {
  it('have numbers that do not change, so that old traces stay readable', () => {
    expect(eventKinds).toEqual([
      ...['appCall', 'appReturn', 'mmioRead', 'mmioWrite', 'mmioBlock', 'configRead'],
      ...['configWrite', 'memoryWrite', 'dmaMap', 'dmaUnmap', 'handler', 'wait', 'wake', 'exit'],
      ...['injection', 'posted', 'mapped', 'iotlbMiss', 'iotlbFlush', 'iommuFault', 'dmaRead'],
      ...['dmaWrite', 'doorbell', 'packet', 'packetDone', 'fence', 'fault', 'reset', 'interrupt'],
      ...['flip', 'kick', 'command', 'used', 'needsReset', 'message', 'line', 'dmaRefused'],
      ...['statement', 'queueInterrupt'],
    ]);
  });

  it('are the type that the ports take', () => {
    expectTypeOf<'doorbell'>().toExtend<EventKind>();
    expectTypeOf<'undefined'>().not.toExtend<EventKind>();
  });

  it('say how they crossed the bus: where, and how, or not at all', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 31 - 1),
        fc.nat(2 ** 17 - 1),
        fc.integer({ min: 1, max: 7 }),
        (low, high, how) => {
          const where = high * 2 ** 31 + low;
          const packed = crossing.of(where, how);
          expect([crossing.where(packed), crossing.how(packed)]).toEqual([where, how]);
          expect(packed).not.toBe(crossing.none);
        },
      ),
    );
  });

  it('name an actor and say in a sentence what happened', () => {
    for (const { actor, doc } of Object.values(events)) {
      expect(['app', 'driver', 'hypervisor', 'iommu', 'device']).toContain(actor);
      expect(doc).toMatch(/^[A-Z].*\.$/);
    }
  });
});
