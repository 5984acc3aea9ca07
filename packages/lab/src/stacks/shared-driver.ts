/** bell's driver on a computer where several programs use it: loaded by the first, unloaded by the last. */
import type { Bdf, Gpu } from '@doorbell/abi';
import { probeBell } from '@doorbell/guest-driver';
import type { Computer } from '@doorbell/hypervisor';
import { driverPorts, type StackDriver, type StackParts } from './stack.ts';

/** Of one program. */
export interface DriverUser extends StackDriver {
  /** The program has died: what it had open is closed, and the driver is no longer used by it. */
  release(): Promise<void>;
}

export class SharedDriver {
  private readonly computer: Computer;
  private readonly at: Bdf;
  private readonly parts: Pick<StackParts, 'bug' | 'own'>;
  private driver: StackDriver | undefined;
  private users = 0;

  constructor(computer: Computer, at: Bdf, parts: Pick<StackParts, 'bug' | 'own'> = {}) {
    this.parts = parts;
    this.computer = computer;
    this.at = at;
  }

  /** From a task of one of the computer's CPUs. @throws ProbeError */
  async use(): Promise<DriverUser> {
    const { bug, own } = this.parts;
    const probe = own?.driver ?? probeBell;
    this.driver ??= await probe(driverPorts(this.computer, this.at, bug));
    this.users++;
    const { driver } = this;
    const opened: Gpu[] = [];
    let isUsing = true;
    const remove = (): void => {
      if (isUsing && --this.users === 0) {
        this.driver = undefined;
        void driver.remove();
      }
      isUsing = false;
    };
    return {
      open: async () => {
        const gpu = await driver.open();
        opened.push(gpu);
        return gpu;
      },
      remove,
      release: async () => {
        // One that the program has closed already is not closed twice by that.
        for (const gpu of opened) {
          await gpu.close();
        }
        remove();
      },
    };
  }
}
