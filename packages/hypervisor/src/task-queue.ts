/** Where tasks of one CPU wait for what a handler, or time, will bring. */
import { waits, type WaitQueue, type WaitReason } from '@doorbell/abi';
import type { Crossings } from './crossings.ts';
import type { Machine } from './machine.ts';
import { cost } from './profile.ts';

/** By the number that a trace has. */
export const waitReasons = Object.keys(waits) as readonly WaitReason[];

export class TaskQueue implements WaitQueue {
  private readonly crossings: Crossings;

  constructor(crossings: Crossings) {
    this.crossings = crossings;
  }

  async until(
    condition: () => boolean,
    reason: WaitReason,
    timeoutNs = Infinity,
  ): Promise<boolean> {
    const { machine, cpu } = this.crossings;
    const number = waitReasons.indexOf(reason);
    const deadline = machine.now + timeoutNs;
    const { tracer } = machine;
    const { line } = tracer;
    let slept = false;
    this.crossings.deliver();
    try {
      while (!condition()) {
        const left = deadline - machine.now;
        if (left <= 0) {
          return false;
        }
        tracer.event('wait', number, 0);
        this.crossings.note('sleep', number);
        const began = machine.now;
        const woken = await machine.tasks.park(cpu, this, left);
        slept = true;
        if (!woken && reason !== 'time') {
          machine.onSymptom?.({ kind: 'silence', cpu });
        }
        tracer.line = line;
        this.resume(number, woken, this.spins(timeoutNs) ? began : -1);
        cpu.waitedNs[number] += machine.now - began;
        this.crossings.deliver();
      }
      return true;
    } finally {
      if (slept) {
        tracer.line = 0; // whoever waited goes on later, and says then where it is
      }
    }
  }

  wake(): void {
    this.crossings.machine.tasks.wake(this);
  }

  /** A wait shorter than a wake-up takes is no sleep: its CPU looks again and again meanwhile. */
  private spins(timeoutNs: number): boolean {
    const { machine } = this.crossings;
    return timeoutNs < machine.price(cost['driver.wakeup']);
  }

  /** @param spunSince  since when the CPU was busy looking, or -1: it slept. */
  private resume(reason: number, woken: boolean, spunSince: number): void {
    wakeUp(this.crossings.machine, reason, woken ? 0 : 1, spunSince);
    this.crossings.note('wakeUp', reason, woken ? 0 : 1, spunSince);
  }
}

/** Pays for going on after a wait. @param timedOut  1: it was for nothing. */
export function wakeUp(
  machine: Machine,
  reason: number,
  timedOut: number,
  spunSince: number,
): void {
  const { now, tracer } = machine;
  if (spunSince >= 0) {
    machine.byCost[cost['driver.poll']] += now - spunSince;
  }
  machine.charge(cost[spunSince >= 0 ? 'driver.poll' : 'driver.wakeup']);
  tracer.cause = tracer.event('wake', reason, timedOut) || tracer.cause;
}
