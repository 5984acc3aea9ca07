/** This project's own schedulers, as parts. */
import { findScheduler } from '@doorbell/hypervisor';
import type { SchedulerPart } from '../part.ts';

/** @throws SchedulerError when there is none of that name. */
export function schedulerOf(policy = 'round-robin'): SchedulerPart {
  return { kind: 'scheduler', ...findScheduler(policy) };
}
