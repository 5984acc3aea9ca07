/**
 * An oracle for `weighted`: GVT-g's scheduler told in the words of its source
 * (drivers/gpu/drm/i915/gvt/sched_policy.c of Linux), one list that is walked, one tick after the other.
 */
import type { Arbiter } from '@doorbell/abi';

interface Vgpu {
  readonly tenant: number;
  readonly weight: number;
  pending: boolean;
  priSched: boolean;
  priTime: number;
  schedInTime: number;
  leftTs: number;
  allocatedTs: number;
}

/** undefined: the idle vGPU; null: none. */
type Target = Vgpu | undefined | null;

export class Gvt implements Arbiter {
  private readonly weights: readonly number[];
  private readonly period: number;
  private readonly priority: number;
  private lru: Vgpu[] = [];
  private current: Vgpu | undefined;
  private next: Target = null;
  private workload = false;
  private timer = Infinity;
  private expireTime = 0;
  private stageCheck = 0;

  constructor(weights: readonly number[], period: number, priority = 2e9) {
    this.priority = priority;
    this.weights = weights;
    this.period = period;
  }

  join(tenant: number, now: number): void {
    this.fire(now);
    this.lru.unshift({
      tenant,
      weight: this.weights[tenant],
      pending: false,
      priSched: true,
      priTime: now + this.priority,
      schedInTime: 0,
      leftTs: 0,
      allocatedTs: 0,
    });
    if (this.lru.length === 1) {
      this.timer = now + this.period;
    }
  }

  leave(tenant: number, now: number): void {
    this.fire(now);
    const gone = this.of(tenant);
    this.lru = this.lru.filter((vgpu) => vgpu !== gone);
    if (this.next === gone) {
      this.next = null;
    }
    if (this.current === gone) {
      this.current = undefined;
      this.workload = false;
    }
    if (this.lru.length === 0) {
      this.timer = Infinity;
    }
  }

  wake(tenant: number, now: number): void {
    this.fire(now);
    this.of(tenant).pending = true;
    this.schedule(now);
  }

  sleep(tenant: number, now: number): void {
    this.fire(now);
    this.of(tenant).pending = false;
  }

  ran(tenant: number, _ns: number, now: number): void {
    this.fire(now);
    this.workload &&= this.current?.tenant !== tenant;
  }

  pick(now: number): number {
    this.fire(now);
    this.workload = false;
    this.trySwitch(now);
    this.workload = this.current?.pending ?? false;
    return this.workload ? this.current!.tenant : -1;
  }

  askAt(now: number): number {
    if (!this.lru.some(({ pending }) => pending)) {
      return Infinity;
    }
    return this.next === null ? this.timer : now;
  }

  private of(tenant: number): Vgpu {
    return this.lru.find((vgpu) => vgpu.tenant === tenant)!;
  }

  private fire(now: number): void {
    for (; this.timer <= now; this.timer += this.period) {
      if (this.timer >= this.expireTime) {
        this.balance();
        this.expireTime = this.timer + 100e6;
      }
      this.schedule(this.timer);
    }
  }

  private balance(): void {
    const stage = this.stageCheck++ % 10;
    const total = this.lru.reduce((sum, { weight }) => sum + weight, 0);
    for (const vgpu of this.lru) {
      if (stage === 0) {
        vgpu.allocatedTs = Math.floor(100e6 / total) * vgpu.weight;
        vgpu.leftTs = vgpu.allocatedTs;
      } else {
        vgpu.leftTs += vgpu.allocatedTs;
      }
    }
  }

  private schedule(now: number): void {
    this.updateTimeslice(now);
    if (this.lru.length > 0 && this.next === null) {
      const busy = this.findBusy(now);
      this.next = busy;
      if (busy !== undefined && !busy.priSched) {
        this.lru = [...this.lru.filter((vgpu) => vgpu !== busy), busy];
      }
    }
    this.trySwitch(now);
  }

  private updateTimeslice(now: number): void {
    if (this.current !== undefined) {
      this.current.leftTs -= now - this.current.schedInTime;
      this.current.schedInTime = now;
    }
  }

  private findBusy(now: number): Vgpu | undefined {
    for (const vgpu of this.lru) {
      if (!vgpu.pending) {
        continue;
      }
      if (vgpu.priSched) {
        if (now < vgpu.priTime) {
          return vgpu;
        }
        vgpu.priSched = false;
      }
      if (vgpu.leftTs > 0) {
        return vgpu;
      }
    }
    return undefined;
  }

  private trySwitch(now: number): void {
    if (this.next === null) {
      return;
    }
    if (this.next === this.current) {
      this.next = null;
      return;
    }
    if (this.workload) {
      return;
    }
    this.updateTimeslice(now);
    if (this.next !== undefined) {
      this.next.schedInTime = now;
    }
    this.current = this.next;
    this.next = null;
  }
}
