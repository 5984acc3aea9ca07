/** The options of a stack that say how its guests share the GPU. */
import { CHANNELS } from '@doorbell/abi';
import type { Bell } from '@doorbell/device-model';
import {
  findScheduler,
  GpuSharing,
  SchedulerError,
  type Cpu,
  type Host,
  type SchedulerKind,
} from '@doorbell/hypervisor';
import { InputError } from '../input-error.ts';
import { needOwn, OWN } from '../own-parts.ts';
import type { StackParts } from './stack.ts';

const NS_PER_US = 1000;

/** What it takes of a stack's parts. */
type SharingParts = Pick<StackParts, 'options' | 'guests' | 'own'>;

/** Guests of a GPU that is not divided have a channel each. @throws InputError when there are not so many. */
export function checkChannels(stack: string, guests: number, kept = 0): void {
  const channels = CHANNELS - kept;
  if (guests > channels) {
    throw new InputError(
      `'${stack}': the GPU has ${channels} channels, too few for ${guests} guests: use at most ${channels}.`,
    );
  }
}

/**
 * What guests were given, where there is no GPU to share and it makes no difference.
 * @throws InputError as `shareGpu` does.
 */
export function checkShares(parts: SharingParts): void {
  const { options, guests } = parts;
  refusing(() => {
    const kind = schedulerOf(parts);
    kind.make(guests, { sliceNs: sliceOf(options) ?? kind.defaultSliceNs(guests) });
  });
}

/** @throws InputError when it is to be one's own, and there is none. */
function schedulerOf({ options, own }: SharingParts): SchedulerKind {
  const { scheduler } = options;
  return scheduler === OWN ? needOwn(own, 'scheduler') : findScheduler(scheduler);
}

/**
 * Loads the scheduler that the options name.
 * @param bells  which have one set of engines between them.
 * @param cpus  by guest: the one that turns the guest's channels on.
 * @throws InputError when the scheduler refuses a guest's weight or cap, or the time slice.
 */
export function shareGpu(
  parts: SharingParts,
  { machine }: Host,
  bells: readonly Bell[],
  cpus: readonly Cpu[],
): GpuSharing {
  const { options, guests } = parts;
  const tenants = guests.map(({ weight, cap }, index) => ({ weight, cap, cpu: cpus[index] }));
  const sliceNs = sliceOf(options);
  return refusing(
    () =>
      new GpuSharing(machine, bells, tenants, {
        scheduler: schedulerOf(parts),
        ...(sliceNs === undefined ? {} : { sliceNs }),
        preempts: options.preempt === 'on',
      }),
  );
}

/** Undefined: as long as the scheduler has it. */
function sliceOf({ timeslice }: StackParts['options']): number | undefined {
  return Number(timeslice) === 0 ? undefined : Number(timeslice) * NS_PER_US;
}

function refusing<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof SchedulerError ? new InputError(error.message) : error;
  }
}
