/** bell's driver on a computer where several programs use it: loaded by the first, unloaded by the last. */
import type { Bdf, Gpu } from '@doorbell/abi';
import { probeBell, type BellDriver } from '@doorbell/guest-driver';
import type { Computer } from '@doorbell/hypervisor';
import type { StackBug } from '../bugs/bug.ts';
import { driverPorts, type StackDriver } from './stack.ts';

/** Of one program. */
export interface DriverUser extends StackDriver {
  /** The program has died: what it had open is closed, and the driver is no longer used by it. */
  release(): Promise<void>;
}

export class SharedDriver {
  private readonly computer: Computer;
  private readonly at: Bdf;
  private readonly bug: StackBug | undefined;
  private driver: BellDriver | undefined;
  private users = 0;

  constructor(computer: Computer, at: Bdf, bug?: StackBug) {
    this.bug = bug;
    this.computer = computer;
    this.at = at;
  }

  /** From a task of one of the computer's CPUs. @throws ProbeError */
  async use(): Promise<DriverUser> {
    this.driver ??= await probeBell(driverPorts(this.computer, this.at, this.bug));
    this.users++;
    const { driver } = this;
    const opened: Gpu[] = [];
    let isUsing = true;
    const remove = (): void => {
      if (isUsing && --this.users === 0) {
        this.driver = undefined;
        driver.remove();
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
