/** bell's driver on a computer where several programs use it: loaded by the first, unloaded by the last. */
import type { Bdf, Gpu } from '@doorbell/abi';
import { probeBell, type BellDriver } from '@doorbell/guest-driver';
import type { Computer } from '@doorbell/hypervisor';
import type { StackDriver } from './stack.ts';

export class SharedDriver {
  private readonly computer: Computer;
  private readonly at: Bdf;
  private driver: BellDriver | undefined;
  private users = 0;

  constructor(computer: Computer, at: Bdf) {
    this.computer = computer;
    this.at = at;
  }

  /** From a task of one of the computer's CPUs. @throws ProbeError */
  async use(): Promise<StackDriver> {
    this.driver ??= await probeBell(this.computer.device(this.at));
    this.users++;
    const { driver } = this;
    return {
      open: (): Promise<Gpu> => driver.open(),
      remove: () => {
        if (--this.users === 0) {
          this.driver = undefined;
          driver.remove();
        }
      },
    };
  }
}
