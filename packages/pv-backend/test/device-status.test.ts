import { describe, expect, it } from 'vitest';
import { transition } from '../src/device-status.ts';

/** Every legal step, by hand (§2.1, §3.1.1): 1 ACKNOWLEDGE, 2 DRIVER, 8 FEATURES_OK, 4 DRIVER_OK. */
const legal: readonly (readonly [from: number, to: number])[] = [
  [0, 1],
  [0, 3],
  [1, 3],
  [3, 11],
  [11, 15],
];
const healthy = [0, 1, 3, 11, 15];
const FAILED = 128;
const NEEDS_RESET = 64;

describe('the device status', () => {
  it('2.1.1: is reset by a write of 0, whatever it was', () => {
    for (let old = 0; old < 256; old++) {
      expect(transition(old, 0)).toEqual({ kind: 'reset' });
    }
  });

  it('goes the steps of §3.1.1, and no other, from each healthy state to each byte', () => {
    for (const old of healthy) {
      for (let requested = 1; requested < 256; requested++) {
        const isStep = legal.some(([from, to]) => from === old && to === requested);
        const isFailure = requested === old + FAILED;
        const kind = requested === old ? 'stay' : isStep || isFailure ? 'go' : ('illegal' as const);
        expect(transition(old, requested).kind, `${old} → ${requested}`).toBe(kind);
      }
    }
  });

  it('goes where the driver wrote', () => {
    for (const [from, to] of legal) {
      expect(transition(from, to)).toEqual({ kind: 'go', status: to });
    }
  });

  it('2.1.2: stays in NEEDS_RESET, but for a driver that gives up', () => {
    for (const old of healthy.map((status) => status | NEEDS_RESET)) {
      for (let requested = 1; requested < 256; requested++) {
        const next = transition(old, requested);
        const failed = (requested & FAILED) !== 0;
        expect(next).toEqual(failed ? { kind: 'go', status: old | FAILED } : { kind: 'stay' });
      }
    }
  });

  it('stays where it is once the driver gave up', () => {
    for (let requested = 1; requested < 256; requested++) {
      expect(transition(15 | FAILED, requested)).toEqual({ kind: 'stay' });
    }
  });

  it('names both states of an illegal step', () => {
    expect(transition(3, 15)).toEqual({
      kind: 'illegal',
      why: 'The driver wrote the status 15 when it was 3 (VIRTIO 1.3 §2.1.1, §3.1.1).',
    });
  });
});
