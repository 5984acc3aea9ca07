/** The options of a stack that say how its guests share the GPU. */
import type { Bell } from '@doorbell/device-model';
import { GpuSharing, SchedulerError, type Cpu, type Host } from '@doorbell/hypervisor';
import { InputError } from '../input-error.ts';
import type { StackParts } from './stack.ts';

const NS_PER_US = 1000;

/**
 * Loads the scheduler that the options name.
 * @param bells  which have one set of engines between them.
 * @param cpus  by guest: the one that turns the guest's channels on.
 * @throws InputError when the scheduler refuses a guest's weight or cap, or the time slice.
 */
export function shareGpu(
  { options, guests }: Pick<StackParts, 'options' | 'guests'>,
  { machine }: Host,
  bells: readonly Bell[],
  cpus: readonly Cpu[],
): GpuSharing {
  const tenants = guests.map(({ weight, cap }, index) => ({ weight, cap, cpu: cpus[index] }));
  const sliceUs = Number(options.timeslice);
  try {
    return new GpuSharing(machine, bells, tenants, {
      scheduler: options.scheduler,
      ...(sliceUs === 0 ? {} : { sliceNs: sliceUs * NS_PER_US }),
      preempts: options.preempt === 'on',
    });
  } catch (error) {
    throw error instanceof SchedulerError ? new InputError(error.message) : error;
  }
}
