import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { runDeferredWindow, windowWords } from '../src/deferred-window.ts';

const { PICTURE, SECRET } = windowWords;
const PAGE = 4096;

describe.each([...profiles.values()].map((profile) => [profile.name, profile] as const))(
  'with the prices of %s',
  (_name, profile) => {
    it('deferred: the GPU writes over a page that has a new owner, until the queue is flushed', async () => {
      const { steps, corruptedBytes, faults } = await runDeferredWindow('deferred', profile);
      expect(steps.map(({ did, word }) => [did, word])).toEqual([
        ['map', 0],
        ['write', PICTURE],
        ['unmap', PICTURE],
        ['reuse', SECRET],
        ['write-late', PICTURE],
        ['wait', SECRET],
        ['write-again', SECRET],
      ]);
      expect(corruptedBytes).toBe(PAGE);
      expect(steps.map(({ faults }) => faults)).toEqual([0, 0, 0, 0, 0, 0, 1]);
      expect(steps.map(({ pendingBytes }) => pendingBytes)).toEqual([
        0,
        0,
        ...[PAGE, PAGE, PAGE],
        0,
        0,
      ]);
      // The unmap is no exit; the flush is one.
      const [, written, unmapped, , late, flushed] = steps.map(({ exits }) => exits);
      expect([unmapped, late, flushed]).toEqual([written, written, written + 1]);
      expect(faults).toHaveLength(1);
    });

    it('strict: the same write is a recorded fault, and the page is intact', async () => {
      const { steps, corruptedBytes, faults } = await runDeferredWindow('strict', profile);
      expect(steps.map(({ did, word }) => [did, word])).toEqual([
        ['map', 0],
        ['write', PICTURE],
        ['unmap', PICTURE],
        ['reuse', SECRET],
        ['write-late', SECRET],
        ['wait', SECRET],
        ['write-again', SECRET],
      ]);
      expect(corruptedBytes).toBe(0);
      expect(steps.map(({ faults }) => faults)).toEqual([0, 0, 0, 0, 1, 1, 2]);
      expect(steps.every(({ pendingBytes }) => pendingBytes === 0)).toBe(true);
      expect(steps[2].exits).toBe(steps[1].exits + 1);
      expect(faults.map(({ write }) => write)).toEqual([true, true]);
    });
  },
);
