/** Bugs of schedulers. */
import type { Mutant } from './mutant.ts';

const SCHEDULERS = 'packages/hypervisor/src/schedulers';
const ROUND_ROBIN = `${SCHEDULERS}/round-robin.ts`;
const CREDIT = `${SCHEDULERS}/credit.ts`;
const ACCOUNTS = `${SCHEDULERS}/credit-accounts.ts`;

type SchedulerMutant = Omit<Mutant, 'kind'>;

const bugs: readonly SchedulerMutant[] = [
  {
    id: 'turn-never-ends',
    file: ROUND_ROBIN,
    from: '    this.turnEnd = now + this.sliceNs;\n',
    to: '    this.turnEnd = now + this.sliceNs * 1e6;\n',
    cite: 'Xen cb671efbf1: xen: sched/credit: convert scheduling parameter to s_time_t when set',
    symptom: 'One guest is fast, the others stand still for seconds.',
    cause: 'A turn is a million slices long: its length is taken to be in another unit.',
    caughtBy: 'scheduler/starvation/none',
  },
  {
    id: 'sleeper-picked',
    file: ROUND_ROBIN,
    from: '    if (tenant === this.current) {\n      this.current = -1;\n    } else {',
    to: '    if (tenant !== this.current) {',
    cite: 'Xen 07b0eb5d0ef0: credit2: make sure we pick a runnable unit from the runq if there is one',
    symptom: 'The GPU is idle though somebody has work.',
    cause: 'A tenant that has gone to sleep keeps its turn.',
    caughtBy: 'scheduler/pick/awake',
  },
  {
    id: 'to-the-front',
    file: ROUND_ROBIN,
    from: '      this.line.addLast(this.current);\n',
    to: '      this.line.addFirst(this.current);\n',
    cite: 'Xen b23dadae37db: xen: credit2: improve distribution of budget (for domains with caps)',
    symptom: 'Two guests share the GPU, the third has none of it.',
    cause: 'Whose turn is over goes to the front of the line, not to its end.',
    caughtBy: 'scheduler/starvation/none',
  },
  {
    id: 'turn-not-restored',
    file: ROUND_ROBIN,
    from: '    this.turnEnd = state.turnEnd;\n',
    to: '',
    cite: 'Xen 37f82facd62f: xen/sched: migrate timers to correct cpus after suspend',
    symptom: 'After a migration the first turn is too short.',
    cause: 'The end of the turn is saved and not restored.',
    caughtBy: 'scheduler/save/goes-on',
  },
  {
    id: 'asks-in-the-past',
    file: ROUND_ROBIN,
    from: 'return this.line.isEmpty ? Infinity : Math.max(now, this.turnEnd);',
    to: 'return this.line.isEmpty ? Infinity : this.turnEnd - this.sliceNs;',
    cite: 'Xen f2927d8343ae: xen/arinc653: fix delay in the start of major frame: a timer set from the wrong time',
    symptom: 'The host is busy with a timer that is always due.',
    cause: 'The arbiter asks to be asked at the start of the turn, which has passed.',
    caughtBy: 'scheduler/pick/awake',
  },
  {
    id: 'weight-ignored',
    policy: 'credit',
    file: ACCOUNTS,
    from: 'let fair = Math.ceil((total * own) / weight);',
    to: 'let fair = Math.ceil(total / this.shares.length);',
    cite: 'Xen 3a37d430ce26: credit1: make weight per-vcpu',
    symptom: 'Who paid for four times as much gets as much as the others.',
    cause: 'Credits are dealt out by number, not by weight.',
    caughtBy: 'scheduler/due/kept',
  },
  {
    id: 'cap-ignored',
    policy: 'credit',
    file: CREDIT,
    from: 'if (cap !== 0 && credit < -cap) {',
    to: 'if (cap !== 0 && credit < -cap * 1000) {',
    cite: 'Xen 5c8c0ae7c45e: sched/credit: avoid priority boost for capped domains when unpark',
    symptom: 'A guest that may have a quarter of the GPU has all of it at night.',
    cause: 'Who has overdrawn its cap is not parked.',
    caughtBy: 'scheduler/due/capped',
  },
  {
    id: 'never-unparked',
    policy: 'credit',
    file: CREDIT,
    from: '      this.unparked.addLast(tenant);\n',
    to: '',
    cite: 'Xen d38a668b6e: credit: unpause parked vcpu before destroying it',
    symptom: 'A guest with a cap stops for ever after a second.',
    cause: 'Who was parked is not put into the line again when it has credits.',
    caughtBy: 'scheduler/due/capped',
  },
  {
    id: 'gone-keeps-weight',
    policy: 'weighted',
    file: `${SCHEDULERS}/time-slices.ts`,
    from: '    this.totalWeight -= this.weights[tenant];\n',
    to: '',
    cite: 'Xen 73c62927f64e: xen/sched: fix race in RTDS scheduler: a unit that is gone is still in a queue',
    symptom: 'The more guests have come and gone, the slower is who stays.',
    cause: 'The weight of who has left still counts.',
    caughtBy: 'scheduler/due/after-leaving',
  },
  {
    id: 'budget-from-the-wrong-time',
    policy: 'weighted',
    file: `${SCHEDULERS}/weighted.ts`,
    from: '        this.slices.charge(this.current, until - this.chargedTo);\n',
    to: '        this.slices.charge(this.current, (until - this.chargedTo) / 2);\n',
    cite: 'Xen 514e5eb015: xen: rtds: fix bug in budget accounting',
    symptom: 'Guests do not get what their weights say.',
    cause: 'Who is in pays for half of its time.',
    caughtBy: 'scheduler/due/kept',
  },
  {
    id: 'zero-weight',
    file: `${SCHEDULERS}/scheduler-kind.ts`,
    from: 'weight < 1 ||',
    to: 'weight < 0 ||',
    cite: 'Xen eec1a570c0: xen/sched: validate RTDS putinfo period and budget',
    symptom: 'A wrong setting is taken, and shares are no numbers.',
    cause: 'A weight of 0 is not refused.',
    caughtBy: 'scheduler/kind/shares',
  },
];

export const schedulerMutants: readonly Mutant[] = bugs.map((bug) => ({
  ...bug,
  kind: 'scheduler',
}));
