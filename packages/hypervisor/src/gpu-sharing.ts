/** A GPU that several tenants share, by the policy that the host loads: a scheduler by its name. */
import { EngineTime, HOST_TENANT, type Bell } from '@doorbell/device-model';
import type { Cpu } from './cpu.ts';
import { EngineLedger } from './engine-ledger.ts';
import type { Machine } from './machine.ts';
import { cost } from './profile.ts';
import { Service } from './service.ts';
import type { SchedulerKind, TenantShare } from './schedulers/index.ts';

/** To the schedulers that know weights, in the absence of another: all the same. */
export const DEFAULT_WEIGHT = 1;

export interface SharingOptions {
  readonly scheduler: SchedulerKind;
  /** A turn; absent: as long as the scheduler has it. */
  readonly sliceNs?: number;
  /** Whether draws are stopped behind a batch of triangles when their turn is over. */
  readonly preempts: boolean;
}

/** A tenant, and where its work comes from: what a CPU of these turns on works for it. */
export interface Tenant extends TenantShare {
  readonly cpu: Cpu;
}

/** One timer of the machine. */
const ALARM = 0;

export class GpuSharing {
  readonly ledger: EngineLedger;
  private readonly host: Service<'leave'>;
  private readonly tenants: readonly Tenant[];
  private readonly kind: SchedulerKind;

  /**
   * Nothing runs on the GPUs, which have one set of engines between them. All tenants are there.
   * @throws SchedulerError for a share or a slice that the scheduler does not know.
   */
  constructor(
    machine: Machine,
    bells: readonly Bell[],
    tenants: readonly Tenant[],
    { scheduler: kind, sliceNs, preempts }: SharingOptions,
  ) {
    const options = { sliceNs: sliceNs ?? kind.defaultSliceNs(tenants), startPriorityNs: 0 };
    const shares = tenants.map(({ weight, cap }) => ({ weight, cap }));
    const loaded = { scheduler: kind.name, options, shares };
    const ledger = new EngineLedger(kind.make(shares, options), shares.length, loaded);
    const timers = machine.timers(() => {
      time.onAlarm();
    });
    const time = new EngineTime({
      arbiter: ledger,
      now: () => machine.now,
      setAlarm: (ns) => {
        timers.arm(ALARM, ns);
      },
      preempts,
      switchNs: Math.ceil(machine.price(cost['engine.tenantSwitch'])),
    });
    this.ledger = ledger;
    this.host = new Service(machine, {
      leave: (tenant) => {
        time.leave(tenant);
      },
    });
    this.tenants = tenants;
    this.kind = kind;
    const byCpu = new Map(tenants.map(({ cpu }, index) => [cpu, index]));
    for (const bell of bells) {
      bell.share(time, () => this.tenantOf(byCpu, machine.tasks.running));
    }
    tenants.forEach((_, tenant) => {
      time.join(tenant);
    });
  }

  /** What no tenant's CPU does, the host does for itself. */
  private tenantOf(byCpu: ReadonlyMap<Cpu, number>, running: Cpu | undefined): number {
    return running === undefined ? HOST_TENANT : (byCpu.get(running) ?? HOST_TENANT);
  }

  /** The tenant's virtual machine ends. */
  leave(tenant: number): void {
    this.host.call('leave', tenant);
  }

  /** The part of the GPU, 0 to 1, that each tenant is due while all are there and have work. */
  get due(): readonly number[] {
    return this.kind.due(
      this.tenants,
      this.tenants.map(() => true),
    );
  }
}
