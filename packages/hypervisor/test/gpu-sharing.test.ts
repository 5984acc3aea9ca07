import { bdf } from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Cpu } from '../src/cpu.ts';
import { GpuSharing, type SharingOptions, type Tenant } from '../src/gpu-sharing.ts';
import { Host } from '../src/host.ts';
import { cost, profiles, type Profile } from '../src/profile.ts';
import { findScheduler, SchedulerError, schedulers } from '../src/schedulers/index.ts';

const MIB = 1 << 20;
const profile = profiles.get('free')!;
/** A packet takes a microsecond. */
const PACKET_NS = 1000;
const rates = {
  ...{ packet: PACKET_NS, fillByte: 0, copyByte: 0, blitPixel: 0 },
  ...{ vertex: 0, triangle: 0, pixel: 0, tlbMiss: 0 },
};
/** Of channel n, in VRAM: page directory, page table, ring. */
const DIRECTORY = 0x10000;
const SIZE = 0x3000;
const RING = 0x10000;

/** A GPU, and CPUs that are tenants; the last one is not. */
function setUp(given: Profile = profile) {
  const display = { flip: () => undefined };
  const host = new Host({ profile: given, display, memoryBytes: 16 * MIB, iommu: 'off' });
  const port = host.addPort(bdf(0, 1, 0), 'ROOT_PORT', { acs: true });
  const bell = port.plug(bdf(0, 0, 0), (ports) => new Bell(ports, rates, { vramBytes: MIB }));
  host.enumerate();
  bell.configWrite(0x04, 2, 0x0006);
  bell.barWrite(0, 0x010, 4, 1);
  const cpus = [0, 1, 2].map(() => host.machine.newCpu());
  return { host, bell, machine: host.machine, cpus };
}

const tenantsOf = (cpus: readonly Cpu[], weights = [1, 1]): Tenant[] =>
  weights.map((weight, index) => ({ cpu: cpus[index], weight, cap: 0 }));

/** As `SharingOptions`, with the scheduler by its name. */
type Options = Partial<Omit<SharingOptions, 'scheduler'>> & { readonly scheduler?: string };

const options = ({ scheduler = 'round-robin', ...more }: Options = {}): SharingOptions => ({
  ...{ scheduler: findScheduler(scheduler), preempts: false },
  ...more,
});

let made: ReturnType<typeof setUp>;

beforeEach(() => {
  made = setUp();
});

function share(weights = [1, 1], more: Options = {}): GpuSharing {
  const { machine, bell, cpus } = made;
  return new GpuSharing(machine, [bell], tenantsOf(cpus, weights), options(more));
}

/** Turns a channel on. */
function start(channel: number): void {
  const { bell } = made;
  const at = DIRECTORY + channel * SIZE;
  bell.barWrite(2, at, 4, (at + 0x1000) | 9);
  bell.barWrite(2, at + 0x1000 + (RING >>> 12) * 8, 4, (at + 0x2000) | 1);
  const set = (offset: number, value: number): void => {
    bell.barWrite(0, 0x4000 + channel * 0x80 + offset, 4, value);
  };
  set(0x0c, at >>> 12);
  set(0x10, RING);
  set(0x14, 0x1000);
  set(0x00, 1);
}

/** So many NOP packets. */
function submit(channel: number, packets: number): void {
  for (let packet = 0; packet < packets; packet++) {
    made.bell.barWrite(2, DIRECTORY + channel * SIZE + 0x2000 + packet * 4, 4, 0x00010000);
  }
  made.bell.barWrite(1, channel * 0x1000, 4, packets * 4);
}

function onCpu(cpu: Cpu, body: () => void, waitNs = 1_000_000_000): void {
  const { machine } = made;
  machine.tasks.spawn(cpu, async () => {
    body();
    await machine.tasks.park(cpu, {}, waitNs);
  });
}

describe('a scheduler', () => {
  it('that is not there is refused, with those that are', () => {
    expect(() => share([1, 1], { scheduler: 'lottery' })).toThrow(SchedulerError);
    expect(() => share([1, 1], { scheduler: 'lottery' })).toThrow(
      `There is no scheduler 'lottery'; there is ${[...schedulers.keys()].join(', ')}.`,
    );
  });

  it.each([...schedulers.keys()])(
    '%s refuses a weight of 0, and one that is not whole',
    (scheduler) => {
      expect(() => share([1, 0], { scheduler })).toThrow(/The weight of tenant 1 is 0/);
      expect(() => share([1.5, 1], { scheduler })).toThrow(SchedulerError);
    },
  );

  it.each([...schedulers.keys()])('%s refuses a time slice of nothing', (scheduler) => {
    expect(() => share([1, 1], { scheduler, sliceNs: 0 })).toThrow(/The time slice is 0 ns/);
  });

  it.each([...schedulers.keys()])('%s gives each of two tenants its time', async (scheduler) => {
    const sharing = share([1, 1], { scheduler });
    const { machine, cpus } = made;
    onCpu(cpus[0], () => {
      start(5);
      submit(5, 500);
    });
    onCpu(cpus[1], () => {
      start(4);
      submit(4, 300);
    });
    await machine.tasks.run();
    expect([0, 1].map((tenant) => sharing.ledger.useOf(tenant).busyNs)).toEqual([
      ...[500 * PACKET_NS, 300 * PACKET_NS],
    ]);
    const total = [...sharing.ledger.eachSpan()].reduce((sum, { from, to }) => sum + to - from, 0);
    expect(total).toBe(800 * PACKET_NS);
  });
});

describe('what the tenants are due', () => {
  it('is what the scheduler promises', () => {
    expect(share([1, 3], { scheduler: 'weighted' }).due).toEqual([0.25, 0.75]);
    made = setUp();
    expect(share([1, 3], { scheduler: 'round-robin' }).due).toEqual([0.5, 0.5]);
  });
});

describe('a channel works for', () => {
  it('the tenant whose CPU turned it on, whoever rings its doorbell', async () => {
    const sharing = share();
    const { machine, cpus } = made;
    onCpu(cpus[1], () => {
      start(7);
    });
    onCpu(cpus[0], () => {
      submit(7, 3);
    });
    await machine.tasks.run();
    expect(sharing.ledger.useOf(0).busyNs).toBe(0);
    expect(sharing.ledger.useOf(1).busyNs).toBe(3 * PACKET_NS);
  });

  it('another one, once that has turned it off and on', async () => {
    const sharing = share();
    const { machine, bell, cpus } = made;
    onCpu(cpus[1], () => {
      start(7);
      bell.barWrite(0, 0x4000 + 7 * 0x80, 4, 0);
    });
    onCpu(cpus[0], () => {
      bell.barWrite(0, 0x4000 + 7 * 0x80, 4, 1);
      submit(7, 2);
    });
    // They run in the order in which they were made.
    await machine.tasks.run();
    expect(sharing.ledger.useOf(0).busyNs).toBe(2 * PACKET_NS);
  });

  it('the host, when no task runs or one of another CPU, and was on before', async () => {
    start(1);
    const sharing = share();
    const { machine, bell, cpus } = made;
    start(2);
    submit(1, 1);
    submit(2, 1);
    onCpu(cpus[2], () => {
      start(3);
      submit(3, 1);
    });
    await machine.tasks.run();
    expect(bell.counts.busyNs.other).toBe(3 * PACKET_NS);
    expect([...sharing.ledger.eachSpan()]).toEqual([]);
  });
});

describe('the price of another tenant', () => {
  it('is paid in whole nanoseconds', async () => {
    const constants = {
      ...profile.constants,
      'engine.tenantSwitch': { value: 10.4, unit: 'ns' as const, source: 'test', verified: true },
    };
    made = setUp({ ...profile, constants });
    const { machine, bell, cpus } = made;
    expect(machine.price(cost['engine.tenantSwitch'])).toBe(10.4);
    share();
    [0, 1].forEach((tenant) => {
      onCpu(cpus[tenant], () => {
        start(tenant);
        submit(tenant, 2);
      });
    });
    await machine.tasks.run();
    expect(bell.counts.switchNs).toBe(11);
    expect(bell.counts.busyNs.other).toBe(4 * PACKET_NS);
  });
});

describe('a tenant that leaves', () => {
  it('with work left does not end the run of the others', async () => {
    const sharing = share();
    const { machine, cpus } = made;
    onCpu(
      cpus[0],
      () => {
        start(0);
        submit(0, 900);
        sharing.leave(0);
      },
      1,
    );
    onCpu(cpus[1], () => {
      start(1);
      submit(1, 5);
    });
    await machine.tasks.run();
    expect(sharing.ledger.useOf(0).busyNs).toBe(PACKET_NS);
    expect(sharing.ledger.useOf(1).busyNs).toBe(5 * PACKET_NS);
  });
});
