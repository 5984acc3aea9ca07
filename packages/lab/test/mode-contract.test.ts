import { costNames, profiles, type TraceEvent } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { contractOf, contractQuestions, type ContractFacts } from '../src/mode-contract.ts';
import { stackKinds } from '../src/stack-spec.ts';
import { GUEST_BYTES, type Stack } from '../src/stacks/stack.ts';
import { busMapOf, tlpsOf } from '../src/tlp/index.ts';
import { tracedRun } from './traced-run.ts';

const PAGE = 4096;

describe.each([...stackKinds.keys()])('the contract of %s', (name) => {
  it('answers each question in sentences', () => {
    const contract = contractOf(name);
    for (const question of Object.keys(contractQuestions) as (keyof typeof contractQuestions)[]) {
      expect(contract[question]).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('says what a run shows: requester IDs, pinned pages, interrupts, how submissions go', async () => {
    const stack = await tracedRun(name);
    expect(factsOf(stack)).toEqual(contractOf(name).facts);
  });
});

it('there is none of a stack that there is not', () => {
  expect(() => contractOf('vax')).toThrow(RangeError);
  expect(() => contractOf('constructor')).toThrow(RangeError);
});

function factsOf(stack: Stack): ContractFacts {
  return {
    requester: requester(stack),
    pinned: pinned(stack),
    interrupt: interrupt(stack),
    submission: submission([...stack.host.machine.tracer]),
  };
}

/** Whose IDs requests have that go up: the function of this user alone, or the host's for all. */
function requester({ host, guests: [{ vm }] }: Stack): ContractFacts['requester'] {
  const masters = new Set(
    [...tlpsOf(host.machine.tracer, busMapOf(host))]
      .filter(({ direction, flow }) => direction === 'up' && flow !== 'completion')
      .map(({ header }) => header.requester),
  );
  if (masters.size === 0) {
    return 'none';
  }
  const users = host.vfio.list().flatMap(({ members }) => members);
  const drivers = [...masters].map((at) => users.find(({ bdf }) => bdf === at)?.driver?.kind);
  expect(new Set(drivers).size).toBe(1);
  return vm === undefined || drivers[0] === 'vfio' ? 'own' : 'shared';
}

/** Pages that were pinned, all at once by VFIO or one by one, by what they cost. */
function pinned({ host: { machine } }: Stack): ContractFacts['pinned'] {
  const { constants } = profiles.get('kvm-x86')!;
  const pages = (['vfio.mapPage', 'vfio.pinPage'] as const).reduce(
    (sum, name) => sum + machine.byCost[costNames.indexOf(name)] / constants[name].value,
    0,
  );
  return pages === 0 ? 'none' : pages === GUEST_BYTES / PAGE ? 'all' : 'part';
}

/** Messages that crossed the bus, and what a guest was given of them or in their place. */
function interrupt({ host: { machine }, guests: [{ vm }] }: Stack): ContractFacts['interrupt'] {
  const messages = [...machine.tracer].filter(({ kind }) => kind === 'message').length;
  expect(machine.counts.injections > 0).toBe(vm !== undefined);
  if (messages === 0) {
    return 'none';
  }
  return vm === undefined ? 'driver' : 'host';
}

/** What led to the last doorbell that reached the GPU, back to the application. */
function submission(trace: readonly TraceEvent[]): ContractFacts['submission'] {
  const kinds: string[] = [];
  let at = trace.filter(({ kind }) => kind === 'doorbell').at(-1)!;
  while (at.cause !== 0) {
    at = trace[at.cause - 1];
    kinds.push(at.kind);
  }
  if (kinds.includes('kick')) {
    return 'requested';
  }
  return kinds.slice(0, kinds.indexOf('mmioWrite')).includes('exit') ? 'trapped' : 'direct';
}
