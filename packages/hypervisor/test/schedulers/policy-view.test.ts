/** What policies say of the state that they are in. */
import { describe, expect, it } from 'vitest';
import { schedulers } from '../../src/schedulers/index.ts';
import type { Policy } from '../../src/schedulers/policy-view.ts';
import { describeSharing } from '../../src/sharing-view.ts';
import { EngineLedger } from '../../src/engine-ledger.ts';

const MS = 1_000_000;
const shares = [1, 2, 1].map((weight) => ({ weight, cap: 0 }));

function made(name: string, sliceNs = MS): Policy {
  const policy = schedulers.get(name)!.make(shares, { sliceNs, startPriorityNs: 0 });
  shares.forEach((_, tenant) => {
    policy.join(tenant, 0);
  });
  return policy;
}

/** Tenant 2 has work, then 0 has. */
function withTwo(name: string): Policy {
  const policy = made(name);
  policy.wake(2, 10);
  policy.pick(10);
  policy.wake(0, 20);
  return policy;
}

describe('a policy says of its state', () => {
  it.each(['round-robin', 'best-effort'])(
    '%s: whose turn it is until when, and the line',
    (name) => {
      const policy = withTwo(name);
      expect(policy.describe()).toMatchObject({ turn: 2, until: 10 + MS, line: [0] });
      policy.ran(2, MS, 10 + MS);
      policy.pick(10 + MS);
      expect(policy.describe()).toMatchObject({ turn: 0, until: 10 + 2 * MS, line: [2] });
      policy.sleep(2, 11 + MS);
      const { until, line, tenants } = policy.describe();
      expect([until, line, tenants.map(({ state }) => state)]).toEqual([
        Infinity,
        [],
        ['awake', 'asleep', 'asleep'],
      ]);
    },
  );

  it('equal-share: a slot is its owner’s, used or not, and who outlasts it owes', () => {
    const policy = made('equal-share');
    policy.wake(2, 0);
    expect(policy.pick(0)).toBe(-1);
    expect(policy.describe()).toMatchObject({ turn: 0, until: MS, line: [2] });
    expect(policy.pick(2 * MS)).toBe(2);
    policy.ran(2, 3 * MS, 5 * MS);
    const { tenants } = policy.describe();
    expect(tenants.map(({ kept }) => kept.overshootNs)).toEqual([0, 0, 2 * MS]);
  });

  it('weighted: what each has left, and who has none waits for a balance', () => {
    const policy = made('weighted');
    policy.wake(0, 1);
    policy.pick(2 * MS);
    policy.wake(1, 2 * MS);
    const { turn, line, tenants } = policy.describe();
    expect([turn, line[0]]).toEqual([0, 1]);
    expect(tenants[1].kept.leftNs).toBe(50 * MS);
    expect(Number(tenants[0].kept.leftNs)).toBeLessThan(25 * MS);
    policy.sleep(1, 3 * MS);
    policy.ran(0, 90 * MS, 92 * MS);
    policy.pick(92 * MS);
    policy.pick(94 * MS);
    expect(policy.describe().tenants[0].kept).toMatchObject({ waits: 'for a balance' });
  });

  it('credit: credits, priorities, and who comes next', () => {
    const policy = made('credit', 30 * MS);
    policy.wake(0, 1);
    policy.pick(1);
    policy.pick(11 * MS);
    policy.wake(1, 11 * MS);
    const { turn, until, line, tenants } = policy.describe();
    expect([turn, until, line]).toEqual([0, 1 + MS, [1]]);
    expect(tenants[0].kept).toEqual({ credits: -99, priority: 'UNDER' });
    expect(tenants[1].kept).toEqual({ credits: 0, priority: 'BOOST' });
  });

  it.each([...schedulers.keys()])('%s: and changes nothing by that', (name) => {
    const policy = withTwo(name);
    const before = structuredClone(policy.save());
    expect(policy.describe()).toEqual(policy.describe());
    expect(policy.save()).toEqual(before);
  });
});

describe('a ledger that was saved', () => {
  it('says the same as the policy, and since when who waits', () => {
    const options = { sliceNs: MS, startPriorityNs: 0 };
    const policy = schedulers.get('round-robin')!.make(shares, options);
    const loaded = { scheduler: 'round-robin', options, shares };
    const ledger = new EngineLedger(policy, shares.length, loaded);
    ledger.join(0, 0);
    ledger.join(1, 0);
    ledger.wake(1, 5);
    ledger.pick(5);
    ledger.wake(0, 7);
    const view = describeSharing(ledger.save())!;
    expect(view).toMatchObject({ ...policy.describe(), policy: 'round-robin', sliceNs: MS });
    expect(view.tenants.map(({ since }) => since)).toEqual([7, 5, undefined]);
  });

  it('says nothing where no policy was named', () => {
    const policy = schedulers.get('round-robin')!.make(shares, { sliceNs: MS });
    expect(describeSharing(new EngineLedger(policy, 3).save())).toBeUndefined();
  });
});
