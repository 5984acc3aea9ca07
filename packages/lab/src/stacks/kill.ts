/** The end of a guest that dies in the middle of whatever it does: nothing of its own code runs again. */
import type { Machine } from '@doorbell/hypervisor';
import type { StackGuest } from './stack.ts';

/**
 * From a task of a CPU that is nobody's. A backend, or the kernel of a process, gives back what it holds
 * for the guest in a task of its own.
 */
export function killGuest(machine: Machine, guest: StackGuest): void {
  const { vm, cpu, gpu, service, release } = guest;
  const end = (): void => {
    vm?.end();
    gpu?.sharing.leave(gpu.tenant);
  };
  if (vm === undefined) {
    machine.tasks.drop(cpu);
  } else {
    vm.stop();
  }
  const cleanUp = service === undefined ? release : () => service.stop();
  if (cleanUp === undefined) {
    end();
    return;
  }
  machine.tasks.spawn(service?.cpu ?? cpu, async () => {
    await cleanUp();
    end();
  });
}
