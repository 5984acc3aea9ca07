/** Sharing a GPU: what a decision of a scheduler takes with many guests, and whether many cost more than one. */
import { profiles, schedulers, type SchedulerKind } from '@doorbell/hypervisor';
import { hogOf, runStack, stackSpec, type GuestRequest } from '@doorbell/lab';
import { labEnvironment } from '@doorbell/lab/node';
import type { Benchmark, Work } from './benchmark.ts';

const DECISIONS = 10_000;
const MANY = 1024;
const FEW = 8;
/** A packet, in nanoseconds: shorter than any slice. */
const PACKET_NS = 50_000;

/** Decisions of a scheduler whose tenants all have work for ever. */
function decisions(kind: SchedulerKind, count: number): Work {
  const tenants = Array.from({ length: count }, () => ({ weight: 1, cap: 0 }));
  const sliceNs = kind.defaultSliceNs(tenants);
  const arbiter = kind.make(tenants, { sliceNs });
  let now = 0;
  tenants.forEach((_, tenant) => {
    arbiter.join(tenant, now);
    arbiter.wake(tenant, now);
  });
  return {
    units: DECISIONS,
    run: () => {
      for (let left = DECISIONS; left > 0; left--) {
        const tenant = arbiter.pick(now);
        if (tenant < 0) {
          now = arbiter.askAt(now);
        } else {
          now += PACKET_NS;
          arbiter.ran(tenant, PACKET_NS, now);
        }
      }
      return now;
    },
  };
}

const GUESTS = 64;
/** Long draws, so that what a guest does before its first frame is little beside them. */
const SCENE = hogOf(4 << 20);
const SIZE = { width: 320, height: 240, seed: 1 };

/** The same frames, by so many guests on one GPU. */
function frames(guests: number): Work {
  const [profile] = profiles.values();
  const scene = SCENE;
  const context = { ...SIZE, frames: GUESTS / guests };
  const requests = Array.from({ length: guests }, (_, index): GuestRequest => ({
    ...{ name: `guest${index}`, scene, context, weight: 1, cap: 0 },
  }));
  return {
    units: GUESTS,
    async: true,
    run: () =>
      runStack(
        { spec: stackSpec('native'), scene, context, profile, guests: requests },
        labEnvironment,
      ),
  };
}

export const sharingBenchmarks: readonly Benchmark[] = [
  ...[...schedulers.values()].map((kind) => ({
    name: `scheduler.${kind.name}`,
    unit: 'decision/s',
    against: `${FEW} guests instead of ${MANY}`,
    prepare: () => ({ work: decisions(kind, MANY), reference: decisions(kind, FEW) }),
  })),
  {
    name: 'guests.64',
    unit: 'frame/s',
    against: 'one guest, as many frames',
    rounds: 5,
    prepare: () => ({ work: frames(GUESTS), reference: frames(1) }),
  },
];
