import { describe, expect, expectTypeOf, it } from 'vitest';
import { type EventKind, eventKinds, events } from '../src/trace.ts';

describe('event kinds', () => {
  it('have numbers that do not change, so that old traces stay readable', () => {
    expect(eventKinds).toEqual([
      ...['appCall', 'appReturn', 'mmioRead', 'mmioWrite', 'mmioBlock', 'configRead'],
      ...['configWrite', 'memoryWrite', 'dmaMap', 'dmaUnmap', 'handler', 'wait', 'wake', 'exit'],
      ...['injection', 'posted', 'mapped', 'iotlbMiss', 'iotlbFlush', 'iommuFault', 'dmaRead'],
      ...['dmaWrite', 'doorbell', 'packet', 'packetDone', 'fence', 'fault', 'reset', 'interrupt'],
      ...['flip', 'kick', 'command', 'used', 'needsReset'],
    ]);
  });

  it('are the type that the ports take', () => {
    expectTypeOf<'doorbell'>().toExtend<EventKind>();
    expectTypeOf<'undefined'>().not.toExtend<EventKind>();
  });

  it('name an actor and say in a sentence what happened', () => {
    for (const { actor, doc } of Object.values(events)) {
      expect(['app', 'driver', 'hypervisor', 'iommu', 'device']).toContain(actor);
      expect(doc).toMatch(/^[A-Z].*\.$/);
    }
  });
});
