import { encodeEdid } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { areDisplays } from '../../src/differential/displays.ts';

const ours = encodeEdid('DBL', 7, 'Doorbell', 640, 480);
const theirs = encodeEdid('RHT', 1, 'QEMU Monitor', 640, 480);

/** A bit of it is another. */
function flipped(edid: Uint8Array, at: number): Uint8Array {
  return edid.map((byte, index) => (index === at ? byte ^ 1 : byte));
}

describe('our display and QEMU’s', () => {
  it('are told from any others', () => {
    expect(areDisplays(ours, theirs, 7)).toBe(true);
    expect(areDisplays(theirs, ours, 7)).toBe(false);
    expect(areDisplays(ours, ours, 7)).toBe(false);
    expect(areDisplays(ours, theirs, 8)).toBe(false);
    expect(areDisplays(encodeEdid('DBL', 7, 'Doorbells', 640, 480), theirs, 7)).toBe(false);
    expect(areDisplays(ours, encodeEdid('DBL', 1, 'QEMU Monitor', 640, 480), 7)).toBe(false);
  });

  it('prefer the same mode', () => {
    expect(areDisplays(encodeEdid('DBL', 7, 'Doorbell', 640, 400), theirs, 7)).toBe(false);
  });

  it('may have no bit that is wrong, and no block that is missing', () => {
    for (let at = 0; at < ours.length; at++) {
      expect(areDisplays(flipped(ours, at), theirs, 7), `${at}`).toBe(false);
      expect(areDisplays(ours, flipped(theirs, at), 7), `${at}`).toBe(false);
    }
    expect(areDisplays(Uint8Array.of(), theirs, 7)).toBe(false);
    expect(areDisplays(ours, theirs.subarray(1), 7)).toBe(false);
    const two = theirs.map((byte, at) => (at === 126 ? 1 : at === 127 ? byte - 1 : byte));
    expect(areDisplays(ours, two, 7)).toBe(false);
    expect(areDisplays(ours, Uint8Array.from([...two, ...new Uint8Array(128)]), 7)).toBe(true);
  });
});
