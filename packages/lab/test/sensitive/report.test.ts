/** What traps, what is direct and whose it is, asked of each assembled stack. */
import { bellBars, bellRegisters } from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { beforeAll, describe, expect, it } from 'vitest';
import { runStack } from '../../src/run.ts';
import { scenes } from '../../src/scenes/index.ts';
import { type Access, classOf } from '../../src/sensitive/access.ts';
import { lookAt, sensitivity, type StackSensitivity } from '../../src/sensitive/report.ts';
import { sriovGuests } from '../../src/sensitive/sriov-guests.ts';
import { parseStacks, stackKinds, stackSpec } from '../../src/stack-spec.ts';
import { GUEST_GPU, type Stack } from '../../src/stacks/stack.ts';
import { testEnvironment } from '../environment.ts';

const profile = profiles.get('free')!;
const all = [
  ...stackKinds.keys(),
  'mdev:shadow=strict',
  'mdev:bar-remap=off',
  'emulated:vram=trap',
];

async function look(leaky: boolean): Promise<ReadonlyMap<string, StackSensitivity>> {
  const request = { stacks: parseStacks(all.join(',')), profile, leaky };
  const found = await sensitivity(request, testEnvironment);
  return new Map(found.map((stack) => [stack.id, stack]));
}

let sold: ReadonlyMap<string, StackSensitivity>;
let leaky: ReadonlyMap<string, StackSensitivity>;
beforeAll(async () => {
  sold = await look(false);
  leaky = await look(true);
});

const access = (stack: StackSensitivity, name: string, kind = 'write'): Access =>
  stack.registers.find((one) => one.name === name && one.access === kind)!;
const sensitiveOnes = (id: string): readonly Access[] =>
  sold
    .get(id)!
    .registers.filter(({ sensitive, reach }) => sensitive !== null && reach !== 'absent');
const direct = (id: string): string[] => [
  ...new Set(
    sensitiveOnes(id)
      .filter(({ reach }) => reach === 'direct')
      .map(({ name }) => name),
  ),
];

describe('the part that is sold', () => {
  it('meets the condition in each stack that has a guest', () => {
    const held = [...sold].map(([id, { holds }]) => [id, holds]);
    expect(held).toEqual(all.map((id) => [id, id === 'native' ? null : true]));
    expect(sold.get('native')!.registers).toEqual([]);
  });

  it('counts each access once', () => {
    for (const { accesses, registers } of sold.values()) {
      const sum = Object.values(accesses).reduce((total, count) => total + count, 0);
      expect(sum).toBe(registers.length);
    }
  });

  it('has no direct sensitive access where everything is a request or is caught', () => {
    for (const id of ['pv', 'pv-assisted', 'mdev:shadow=strict', 'mdev:bar-remap=off']) {
      expect([id, direct(id)]).toEqual([id, []]);
    }
  });

  it('leaves only page tables to a lazy mediator’s guest, which the hardware does not walk', () => {
    expect(direct('mdev')).toEqual(['page table entry']);
    expect(access(sold.get('mdev')!, 'page table entry').because).toBe('notWalked');
    expect(access(sold.get('mdev')!, 'doorbell.TAIL').reach).toBe('traps');
  });

  it('gives a virtual function all registers of a function but the quotas, its own', () => {
    const stack = sold.get('sriov')!;
    const names = bellRegisters.names.filter((name) => 'sensitive' in bellRegisters.rows[name]);
    expect(direct('sriov')).toEqual(expect.arrayContaining(names.map((name) => `bell.${name}`)));
    expect(access(stack, 'bell.RESET').because).toBe('function');
    expect(access(stack, 'quota.CHANNELS').reach).toBe('absent');
    expect(access(stack, 'sr-iov.NUM_VFS').reach).toBe('absent');
  });

  it('has one clock for all functions, which the theorem excepts', () => {
    const stack = sold.get('sriov')!;
    const timing = stack.registers.filter((one) => classOf(one) === 'timing');
    expect(timing.map(({ name }) => name)).toEqual(['bell.TIME_LO', 'bell.TIME_HI']);
    expect(classOf(access(sold.get('mdev')!, 'bell.TIME_LO', 'read'))).toBe('trapped');
  });

  it('is the guest’s as a whole with passthrough', () => {
    expect(sold.get('passthrough')!.wholePart).toBe(true);
    const owners = sensitiveOnes('passthrough').filter(({ reach }) => reach === 'direct');
    expect(new Set(owners.map(({ because }) => because))).toEqual(new Set(['wholePart']));
    expect([...sold.values()].filter(({ wholePart }) => wholePart)).toHaveLength(1);
  });

  it('hands pv-assisted a doorbell and refuses it privileged packets', () => {
    const stack = sold.get('pv-assisted')!;
    expect(access(stack, 'doorbell.TAIL')).toMatchObject({
      ...{ bar: 2, reach: 'direct', instance: 'own', because: 'channel' },
    });
    expect(access(stack, 'bell.CONTROL').reach).toBe('absent');
    expect(access(stack, 'packet REGISTER').reach).toBe('traps');
    expect(access(sold.get('pv')!, 'packet REGISTER').reach).toBe('absent');
    expect(access(sold.get('sriov')!, 'packet REGISTER').reach).toBe('direct');
  });

  it('traps configuration and vectors in every guest', () => {
    for (const { id, registers } of sold.values()) {
      const always = registers.filter(({ name }) => /^(config|msi-x|vector)\./.test(name));
      expect([id, always.length > 0]).toEqual([id, id !== 'native']);
      expect(always.filter(({ reach }) => reach !== 'traps')).toEqual([]);
    }
  });
});

describe('with the leaky register', () => {
  it('the condition fails where a doorbell page is direct and the part is shared', () => {
    const broken = [...leaky.values()].filter(({ holds }) => holds === false);
    expect(broken.map(({ id }) => id)).toEqual(['sriov', 'pv-assisted']);
    for (const { registers, accesses, reads } of broken) {
      const violating = registers.filter((one) => classOf(one) === 'violating');
      expect(violating.map(({ name }) => name)).toEqual(['leaky.LAST_WORD']);
      expect(accesses.violating).toBe(1);
      expect(reads).toContain('The condition does not hold.');
    }
  });

  it('a trap, or having the part alone, keeps it', () => {
    const found = ['mdev', 'emulated', 'passthrough', 'pv'].map((id) =>
      classOf(access(leaky.get(id)!, 'leaky.LAST_WORD', 'read')),
    );
    expect(found).toEqual(['trapped', 'trapped', 'own', 'absent']);
  });
});

describe('a hypervisor that is wrong', () => {
  it('and maps the host’s function into a guest is found out', () => {
    const { host, bell, vms } = sriovGuests({
      profile,
      leaky: false,
      guests: 1,
      ramBytes: 1 << 20,
    });
    const [vm] = vms;
    const physical = host.addressOf(bell);
    bell.configWrite(0x04, 2, 6);
    host.bus.decodeChanged();
    vm.bus.plug(GUEST_GPU, bell, (bar, size) => {
      const { address } = host.bus.barAddress(physical, bar);
      return [{ kind: 'mapped', offset: 0, size, onBus: address }];
    });
    vm.bus.sizeBars(GUEST_GPU);
    vm.bus.decodeChanged();
    const guest = { vm, computer: vm.computer, bdf: GUEST_GPU };
    const stack = { host, bells: [bell], guests: [guest] };
    const { holds, registers } = lookAt('wrong', stack as unknown as Stack, false);
    expect(holds).toBe(false);
    const names = registers.filter((one) => classOf(one) === 'violating').map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['bell.RESET', 'quota.CHANNELS', 'channel.RESET']),
    );
  });

  it('and lets a guest store to tables that the hardware walks is found out', async () => {
    let stack: Stack | undefined;
    let found: StackSensitivity | undefined;
    await runStack(
      {
        ...{ spec: stackSpec('mdev'), profile, scene: scenes.get('nop')! },
        context: { width: 64, height: 48, frames: 1, seed: 1 },
        onStack: (assembled) => {
          stack = assembled;
        },
        onFrame: () => {
          found ??= lookAt('mdev', withWholeVram(stack!), false);
        },
      },
      testEnvironment,
    );
    const entry = access(found!, 'page table entry');
    expect([classOf(entry), found!.holds]).toEqual(['violating', false]);
  });

  /** As if the mediator had mapped all of VRAM in place of the guest's part. */
  function withWholeVram(stack: Stack): Stack {
    const { address } = stack.host.bus.barAddress(stack.host.addressOf(stack.bells[0]), 2);
    const [guest] = stack.guests;
    const { parts } = guest.computer;
    const space = Object.create(parts.space) as typeof parts.space;
    space.find = (at) => {
      const region = parts.space.find(at);
      const isVram = region?.kind === 'mapped' && region.bar === bellBars.VRAM.index;
      return isVram ? { ...region, onBus: address, size: bellBars.VRAM.size } : region;
    };
    const computer = { parts: { ...parts, space } } as unknown as typeof guest.computer;
    return { ...stack, guests: [{ ...guest, computer }] };
  }
});

it('refuses a guest that is elsewhere', async () => {
  const request = { stacks: parseStacks('pv:transport=worker'), profile, leaky: false };
  await expect(sensitivity(request, testEnvironment)).rejects.toThrow(/leave it inline/);
});
