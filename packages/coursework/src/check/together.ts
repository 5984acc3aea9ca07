/** Several calls of a part that are under way at once: each in a task of its own, as programs make them. */
import type { Clock } from '@doorbell/abi';
import type { Cpu, Machine } from '@doorbell/hypervisor';

/** Where tasks run. */
export interface TaskPlace {
  readonly machine: Machine;
  readonly cpu: Cpu;
  readonly clock: Clock;
}

/** Waits for all of them. @throws what the first that fails throws */
export async function together<T>(
  { machine, cpu, clock }: TaskPlace,
  calls: readonly (() => Promise<T>)[],
): Promise<readonly T[]> {
  const ended = clock.waitQueue();
  const results: T[] = [];
  const errors: unknown[] = [];
  let left = calls.length;
  calls.forEach((call, index) => {
    machine.tasks.spawn(cpu, async () => {
      try {
        results[index] = await call();
      } catch (error) {
        errors.push(error);
      }
      left--;
      ended.wake();
    });
  });
  await ended.until(() => left === 0, 'dependency');
  if (errors.length > 0) {
    throw errors[0];
  }
  return results;
}
