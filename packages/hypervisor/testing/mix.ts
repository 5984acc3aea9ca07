/** Random mixes of tenants, for properties. */
import fc from 'fast-check';
import type { Load } from './engine.ts';

const US = 1000;

/** Packets of up to `mostUs`, with or without pauses, of virtual machines that may come late and end early. */
export function mix(mostUs: number): fc.Arbitrary<Load[]> {
  const packets = fc.array(fc.integer({ min: 20, max: mostUs }), { minLength: 1, maxLength: 3 });
  const gaps = fc.array(fc.constantFrom(0, 0, 0, 7, 130, 990, 4000, 60_000), {
    minLength: 1,
    maxLength: 3,
  });
  const load = fc
    .record({
      packets,
      gaps,
      from: fc.constantFrom(0, 0, 0, 3333, 41_000),
      to: fc.constantFrom(Infinity, Infinity, 90_000, 120_000),
      every: fc.constantFrom(undefined, undefined, 500, 7000),
    })
    .map(({ packets, gaps, from, to, every }) => ({
      packets: packets.map((us) => us * US),
      gaps: gaps.map((us) => us * US),
      from: from * US,
      to: to * US,
      ...(every === undefined ? {} : { every: every * US }),
    }));
  return fc.array(load, { minLength: 1, maxLength: 6 });
}

/** Always has work. */
export function busy(packetNs: number, more: Partial<Load> = {}): Load {
  return { packets: [packetNs], ...more };
}
