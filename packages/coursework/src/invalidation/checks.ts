/** What an invalidation policy is checked for: by a domain without a machine, and with a device that writes where it may not. */
import fc from 'fast-check';
import type { Bench } from '../check/bench.ts';
import type { Check } from '../check/check.ts';
import { Mismatch, Skip } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';
import { sceneChecks } from '../gpu/checks.ts';
import { ownParts, type InvalidationPart } from '../part.ts';
import { MockDomain } from './mock-domain.ts';
import { RogueDriver } from './rogue-driver.ts';

/** More than any queue holds. */
const BURST = 1000;
/** Unmapped within half of the bound, and how many of them a command has to serve at least. */
const BATCH = 200;
const LEAST_SERVED = 8;
/** What a device and a driver take beside the bound, in nanoseconds. */
const SLACK_NS = 1_000_000;
const MOST_EXPOSURE_NS = 1_000_000_000;

function check(
  id: string,
  clause: string,
  title: string,
  run: Check<InvalidationPart>['run'],
): Check<InvalidationPart> {
  return { id: `invalidation/${id}`, clause, title, run };
}

/** What a driver does: maps so many pages, unmaps the range of that number, or lets time pass. */
type Step =
  | { readonly map: number }
  | { readonly unmap: number }
  /** In thousandths of the bound; of one that is 0, microseconds. */
  | { readonly wait: number };

const steps = fc.array(
  fc.oneof(
    fc.record({ map: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ unmap: fc.nat(20) }),
    fc.record({ wait: fc.nat(1500) }),
  ),
  { maxLength: 60 },
);

function take(domain: MockDomain, step: Step, exposureNs: number): void {
  if ('map' in step) {
    domain.map(step.map);
  } else if ('wait' in step) {
    domain.pass(Math.floor(step.wait * Math.max(1, exposureNs / 1000)));
  } else {
    const { mapped } = domain;
    if (mapped.length > 0) {
      domain.unmap(mapped[step.unmap % mapped.length]);
    }
  }
}

/** Holds for many drivers; the smallest that breaks it is shown. */
function forDrivers(what: string, holds: (made: readonly Step[]) => void): void {
  const found = fc.check(
    fc.property(steps, (made) => {
      holds(made);
    }),
    { seed: 1, numRuns: 60 },
  );
  if (found.failed) {
    const { counterexample, errorInstance } = found;
    const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
    throw new Mismatch(what, `${why}. With the steps ${JSON.stringify(counterexample?.[0])}.`);
  }
}

/** As many ranges of one page, mapped. */
function mapMany(domain: MockDomain, count: number): readonly number[] {
  return Array.from({ length: count }, () => domain.map(1));
}

/** On a stack whose driver has a bug. */
async function mustFault(part: InvalidationPart, bench: Bench, stack: string): Promise<void> {
  const rogue = new RogueDriver();
  const own = { ...ownParts(part), driver: rogue.probe };
  let wasLet = false;
  await bench.onStack(stack, own, async ({ gpu }) => {
    wasLet = await rogue.writesAfter(gpu, part.exposureNs + SLACK_NS);
  });
  const faults = bench.recording?.report?.counts.iommuFaults ?? 0;
  if (wasLet || faults === 0) {
    throw new Mismatch(
      `a write ${part.exposureNs + SLACK_NS} ns after the unmap to be refused, and a fault of the IOMMU`,
      `${wasLet ? 'it was done' : 'it was refused'}, ${faults} faults`,
    );
  }
}

export const invalidationChecks: readonly Check<InvalidationPart>[] = [
  check(
    'kind/bound',
    'InvalidationKind.exposureNs',
    'It says for how long a device may still reach what was unmapped: 0, or up to a second.',
    ({ exposureNs }) => {
      if (!(exposureNs >= 0 && exposureNs <= MOST_EXPOSURE_NS)) {
        throw new Mismatch('exposureNs from 0 to 1000000000', String(exposureNs));
      }
    },
  ),
  check(
    'release/invalidated-first',
    'InvalidationPlace.release: once, and not before it is invalidated',
    'An IOVA is given out again when no device reaches what it led to, and not twice.',
    (part) => {
      forDrivers('ranges to be invalidated, then released', (made) => {
        const domain = new MockDomain(part);
        made.forEach((step) => {
          take(domain, step, part.exposureNs);
        });
        domain.policy.flush();
      });
    },
  ),
  check(
    'exposure/kept',
    'InvalidationPolicy.unmapped: within exposureNs',
    'One that is unmapped alone is out of reach, and its IOVA free, when the bound is over.',
    (part) => {
      const domain = new MockDomain(part);
      const [first, second] = [domain.map(3), domain.map(1)];
      domain.unmap(first);
      domain.pass(part.exposureNs);
      domain.unmap(second);
      domain.pass(part.exposureNs);
      mustBe('ranges that wait', 0, domain.retired);
    },
  ),
  check(
    'exposure/from-the-first',
    'InvalidationPolicy.unmapped: within exposureNs',
    'The bound counts from each unmap, however many come behind it.',
    (part) => {
      const domain = new MockDomain(part);
      for (const page of mapMany(domain, 40)) {
        domain.unmap(page);
        domain.pass(Math.ceil(part.exposureNs / 7));
      }
    },
  ),
  check(
    'unmapped/many',
    'InvalidationPolicy.unmapped',
    `${BURST} ranges may be unmapped at one time, and none of them is forgotten.`,
    (part) => {
      const domain = new MockDomain(part);
      mapMany(domain, BURST).forEach((page) => {
        domain.unmap(page);
      });
      domain.pass(part.exposureNs);
      mustBe('ranges that wait', 0, domain.retired);
    },
  ),
  check(
    'flush/all',
    'InvalidationPolicy.flush',
    'After a flush nothing waits, and no timer is armed.',
    (part) => {
      const domain = new MockDomain(part);
      [domain.map(2), domain.map(1), domain.map(4)].forEach((page) => {
        domain.unmap(page);
      });
      domain.policy.flush();
      mustBe('ranges that wait', 0, domain.retired);
      mustBe('pendingPages', 0, domain.policy.pendingPages);
      mustBe('whether the timer is armed', false, domain.due !== Infinity);
    },
  ),
  check(
    'flush/nothing',
    'InvalidationPolicy.flush: if nothing waited, it takes no command',
    'A flush of nothing costs nothing.',
    (part) => {
      const domain = new MockDomain(part);
      domain.policy.flush();
      domain.unmap(domain.map(1));
      domain.pass(part.exposureNs);
      const { commands } = domain;
      domain.policy.flush();
      mustBe('commands', commands, domain.commands);
    },
  ),
  check(
    'pending/counted',
    'InvalidationPolicy.pendingPages',
    'It says how many pages are unmapped and not yet invalidated.',
    (part) => {
      forDrivers('pendingPages to be the pages that a device still reaches', (made) => {
        const domain = new MockDomain(part);
        made.forEach((step) => {
          take(domain, step, part.exposureNs);
          mustBe('pendingPages', domain.reachedPages, domain.policy.pendingPages);
        });
      });
    },
  ),
  check(
    'cost/each',
    'InvalidationPlace.invalidate: one command, which takes its time',
    'There are no more commands than there are ranges that were unmapped.',
    (part) => {
      forDrivers('a command for each unmap, at most', (made) => {
        const domain = new MockDomain(part);
        const unmap = domain.policy.unmapped.bind(domain.policy);
        let unmapped = 0;
        domain.policy.unmapped = (page, pages) => {
          unmapped++;
          unmap(page, pages);
        };
        made.forEach((step) => {
          take(domain, step, part.exposureNs);
        });
        if (domain.commands > unmapped) {
          throw new Mismatch(
            `${unmapped} commands for ${unmapped} ranges`,
            String(domain.commands),
          );
        }
      });
    },
  ),
  check(
    'cost/batch',
    'InvalidationKind.exposureNs: what the time is for',
    `Who lets devices reach what was unmapped has something of it: a command for ${LEAST_SERVED} ranges or more.`,
    (part) => {
      if (part.exposureNs === 0) {
        throw new Skip('Its bound is 0: each range is invalidated by itself.');
      }
      const domain = new MockDomain(part);
      mapMany(domain, BATCH).forEach((page) => {
        domain.unmap(page);
        domain.pass(Math.floor(part.exposureNs / 2 / BATCH));
      });
      domain.pass(part.exposureNs);
      if (domain.commands * LEAST_SERVED > BATCH) {
        throw new Mismatch(
          `${BATCH / LEAST_SERVED} commands at most for ${BATCH} ranges`,
          String(domain.commands),
        );
      }
    },
  ),
  check(
    'open/apart',
    'InvalidationKind.open: for one domain',
    'Domains have nothing to do with each other.',
    (part) => {
      const [one, other] = [new MockDomain(part), new MockDomain(part)];
      one.unmap(one.map(1));
      mustBe('pendingPages of the other domain', 0, other.policy.pendingPages);
      other.policy.flush();
      other.unmap(other.map(2));
      one.pass(part.exposureNs);
      other.pass(part.exposureNs);
      mustBe('ranges that wait', [0, 0], [one.retired, other.retired]);
    },
  ),
  check(
    'save/goes-on',
    'Stateful: save, load',
    'From a state that was saved it goes on as if nothing had been; the state is plain data.',
    (part) => {
      forDrivers('the same commands', (made) => {
        const [straight, moved] = [new MockDomain(part), new MockDomain(part)];
        made.forEach((step) => {
          take(straight, step, part.exposureNs);
          const state = structuredClone(moved.policy.save());
          moved.policy = part.open(moved.place);
          moved.policy.load(state);
          take(moved, step, part.exposureNs);
          mustBe('commands', straight.commands, moved.commands);
          mustBe('pendingPages', straight.policy.pendingPages, moved.policy.pendingPages);
        });
      });
    },
  ),
  check(
    'rogue/host',
    'InvalidationKind.exposureNs',
    'On bare metal: a device that writes to what was unmapped, after the bound, is refused, and the IOMMU records a fault.',
    (part, bench) => mustFault(part, bench, 'native:iommu=own'),
  ),
  check(
    'rogue/guest',
    'InvalidationKind.exposureNs',
    'The same in a guest that has an IOMMU of its own.',
    (part, bench) => mustFault(part, bench, 'passthrough:viommu=own'),
  ),
  ...['native:iommu=own', 'passthrough:viommu=own'].flatMap((stack) =>
    sceneChecks<InvalidationPart>({ stack, own: ownParts }, ['triangle', 'image']).map((each) => ({
      ...each,
      id: `${each.id}/${stack.split(':')[0]}`,
    })),
  ),
];
