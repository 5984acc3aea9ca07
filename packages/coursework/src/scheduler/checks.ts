/** What a scheduler is checked for: by engines that ask it, and on a machine whose guests share a GPU. */
import { SchedulerError, type TenantShare } from '@doorbell/hypervisor';
import { busy, Engine, mix, type EngineOptions, type Load } from '@doorbell/hypervisor/testing';
import fc from 'fast-check';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';
import { ownParts, type SchedulerPart } from '../part.ts';

const US = 1000;
const MS = 1_000_000;
/** How long engines are asked, in virtual time. */
const LONG = 200 * MS;
/** Nobody who is due something waits for longer. */
const MOST_WAIT = 2000 * MS;

type Policy = ReturnType<SchedulerPart['make']>;

const shares: readonly TenantShare[] = [1, 2, 4, 8, 16, 3].map((weight) => ({ weight, cap: 0 }));

function make(part: SchedulerPart, tenants = shares): Policy {
  return part.make(tenants, { sliceNs: part.defaultSliceNs(tenants), startPriorityNs: 0 });
}

/** Who began a packet when, under this policy. */
function run(policy: Policy, loads: readonly Load[], options: EngineOptions = {}): Engine {
  return new Engine(policy, loads, options).run(LONG);
}

/** Holds for many mixes of tenants; the smallest that breaks it is shown. */
function forMixes(what: string, holds: (loads: readonly Load[]) => void): void {
  const property = fc.property(mix(2500), (loads) => {
    holds(loads);
  });
  const found = fc.check(property, { seed: 1, numRuns: 30 });
  if (found.failed) {
    const { counterexample, errorInstance } = found;
    const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
    const [loads] = counterexample ?? [];
    throw new Mismatch(what, `${why} With the tenants ${JSON.stringify(loads)}.`);
  }
}

function check(
  id: string,
  clause: string,
  title: string,
  body: (part: SchedulerPart) => void,
): Check<SchedulerPart> {
  return { id: `scheduler/${id}`, clause, title, run: body };
}

/** Over ten seconds of tenants that always have work; those that do not stay leave after half a second. */
function mustGetDue(
  part: SchedulerPart,
  tenants: readonly TenantShare[],
  stays: readonly boolean[],
  tolerance: number,
): void {
  const loads = [20, 50, 100].map((us, tenant) => ({
    ...busy(us * US),
    ...(stays[tenant] ? {} : { to: 500 * MS }),
  }));
  const engine = new Engine(make(part, tenants), loads).run(1001 * MS);
  engine.reset();
  const { used } = engine.run(11_001 * MS);
  part.due(tenants, stays).forEach((due, tenant) => {
    const had = used[tenant] / (10_000 * MS);
    if (!(Math.abs(had - due) <= due * tolerance)) {
      throw new Mismatch(
        `tenant ${tenant}, of weight ${tenants[tenant].weight}, to have ${due.toFixed(3)} of the engines`,
        had.toFixed(3),
      );
    }
  });
}

export const schedulerChecks: readonly Check<SchedulerPart>[] = [
  check('kind/words', 'SchedulerKind.doc', 'It says in a sentence what it does.', ({ doc }) => {
    if (!/^[A-Z].*\.$/.test(doc)) {
      throw new Mismatch('a sentence: a capital letter first, a full stop last', `'${doc}'`);
    }
  }),
  check(
    'kind/shares',
    'SchedulerKind.make: @throws SchedulerError',
    'Shares that make no sense are refused with SchedulerError.',
    (part) => {
      for (const [what, tenants] of [
        ['a weight of 0', [{ weight: 0, cap: 0 }]],
        ['a cap of 101 %', [{ weight: 1, cap: 101 }]],
        ['no tenants', []],
      ] as const) {
        mustRefuse(what, () => make(part, tenants));
      }
    },
  ),
  check(
    'pick/nobody',
    'Arbiter.pick: one that is awake, or -1',
    'With nobody awake nobody is picked.',
    (part) => {
      const policy = make(part);
      mustBe('the first pick', -1, policy.pick(0));
      policy.join(0, 1);
      mustBe('the pick with one that is asleep', -1, policy.pick(1));
    },
  ),
  check(
    'pick/alone',
    'Arbiter.pick',
    'Who alone has work has the engines before 100 ms are over, and again after a long sleep.',
    (part) => {
      const policy = make(part);
      policy.join(0, 0);
      for (const start of [0, 1e6 * 1000 * MS]) {
        policy.wake(0, start);
        let now = start;
        while (policy.pick(now) !== 0) {
          const next = policy.askAt(now);
          if (!(next > now && next - start < 100 * MS)) {
            throw new Mismatch(
              'tenant 0 to be picked',
              `-1 at ${now} ns, and askAt ${next} ns, though it is alone and awake`,
            );
          }
          now = next;
        }
        policy.sleep(0, now + 5);
      }
    },
  ),
  check(
    'pick/awake',
    'Arbiter.pick: one that is awake, or -1; Arbiter.askAt: after now',
    'Only who is awake is picked, and askAt names a later time, whatever tenants do.',
    (part) => {
      forMixes('picks of tenants that are awake', (loads) => {
        run(make(part), loads);
      });
    },
  ),
  check(
    'pick/preempting',
    'Arbiter.ran: when its packet is done or was preempted',
    'The same on a GPU that stops a packet when another tenant would be picked.',
    (part) => {
      forMixes('picks of tenants that are awake', (loads) => {
        run(make(part), loads, { preempts: 'pick first' });
      });
    },
  ),
  check(
    'pick/again',
    'Arbiter.pick',
    'Asked twice at the same time it answers the same.',
    (part) => {
      forMixes('the same answer', (loads) => {
        const twice = make(part);
        const pick = twice.pick.bind(twice);
        twice.pick = (now) => {
          pick(now);
          return pick(now);
        };
        mustBe('the packets', run(make(part), loads).begun, run(twice, loads).begun);
      });
    },
  ),
  check(
    'describe/changes-nothing',
    'Policy.describe: changes nothing',
    'Whoever looks at it does not change it, and sees who is awake.',
    (part) => {
      forMixes('the same packets', (loads) => {
        const watched = make(part);
        const pick = watched.pick.bind(watched);
        watched.pick = (now) => {
          watched.describe();
          return pick(now);
        };
        mustBe('the packets', run(make(part), loads).begun, run(watched, loads).begun);
      });
      const policy = make(part);
      policy.join(2, 0);
      policy.wake(2, 0);
      mustBe('the state of tenant 2', 'awake', policy.describe().tenants[2].state);
      mustBe('the state of tenant 0', 'absent', policy.describe().tenants[0].state);
    },
  ),
  check(
    'save/goes-on',
    'Stateful: save, load',
    'From a state that was saved it goes on as if nothing had been; the state is plain data.',
    (part) => {
      forMixes('the same packets', (loads) => {
        const straight = run(make(part), loads);
        const first = make(part);
        const engine = new Engine(first, loads).run(61 * MS);
        const state = structuredClone(first.save());
        const second = make(part);
        second.load(state);
        engine.arbiter = second;
        mustBe('the packets', straight.begun, engine.run(LONG).begun);
      });
    },
  ),
  check(
    'due/kept',
    'SchedulerKind.due',
    'Tenants that always have work get what it says is due to them, within 5 %.',
    (part) => {
      mustGetDue(part, shares.slice(0, 3), [true, true, true], 0.05);
    },
  ),
  check(
    'due/capped',
    'SchedulerKind.due; TenantShare.cap',
    'Tenants with caps get what it says is due to them, within 10 %.',
    (part) => {
      // Together less than all: what is left over is nobody's.
      const some = [40, 20, 15].map((cap) => ({ weight: 4, cap }));
      mustGetDue(part, some, [true, true, true], 0.1);
    },
  ),
  check(
    'due/after-leaving',
    'SchedulerKind.due; Arbiter.leave',
    'When one has left, the others get what is due to them then, within 5 %.',
    (part) => {
      mustGetDue(part, shares.slice(0, 3), [true, true, false], 0.05);
    },
  ),
  check(
    'due/present',
    'SchedulerKind.due: if it and all others that are present always have work',
    'Nothing is due to who is not there, and something to everybody who is.',
    (part) => {
      const present = [true, true, false, true, false, true];
      const due = part.due(shares, present);
      mustBe(
        'who is due something',
        present,
        due.map((ns) => ns > 0),
      );
    },
  ),
  check(
    'starvation/none',
    'SchedulerKind.due, Arbiter',
    'Nobody who is due something waits for longer than 2 s, beside others whose packets are long.',
    (part) => {
      const loads = [busy(30 * US), busy(9 * MS), busy(200 * US), busy(5 * MS)];
      const engine = new Engine(make(part, shares.slice(0, 4)), loads);
      engine.run(12_000 * MS);
      engine.tenants.forEach(({ longestWait, done }, tenant) => {
        if (done === 0 || longestWait > MOST_WAIT) {
          throw new Mismatch(
            `tenant ${tenant} to wait for 2 s at most`,
            `${done} packets done, ${(longestWait / MS).toFixed(0)} ms the longest wait`,
          );
        }
      });
    },
  ),
  {
    id: 'scheduler/guests/same-pixels',
    clause: 'Arbiter: who begins a packet now',
    title: 'Three guests that share a GPU under it draw what each draws alone.',
    run: async (part, bench) => {
      const alone = await bench.hashes('native', {}, ['triangle'], 2);
      const shared = await bench.hashes(
        'native:scheduler=own',
        ownParts(part),
        ['triangle', 'triangle', 'triangle'],
        2,
      );
      shared.forEach((hash, guest) => {
        if (hash !== alone[0]) {
          throw new Mismatch(`guest ${guest} to draw the frames ${alone[0]}`, hash);
        }
      });
    },
  },
];

function mustRefuse(what: string, attempt: () => unknown): void {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SchedulerError) {
      return;
    }
    throw new Mismatch(`SchedulerError for ${what}`, String(error));
  }
  throw new Mismatch(`SchedulerError for ${what}`, 'no error');
}
