/**
 * What the host does for a guest, or a process of its own, runs on a CPU of its own: they are as
 * many as there are guests.
 */
import type { Display } from '@doorbell/abi';
import type { Cpu, Host } from '@doorbell/hypervisor';
import type { GuestParts } from './stack.ts';

export class HostCpus {
  private readonly guests: readonly GuestParts[];
  private readonly cpus: Cpu[] = [];
  private host: Host | undefined;

  constructor(guests: readonly GuestParts[]) {
    this.guests = guests;
  }

  /** The host's one screen: who shows a frame there, sees it on a screen of its own. */
  get screen(): Display {
    return {
      flip: (...picture) => {
        const running = this.host?.machine.tasks.running;
        const index = running === undefined ? -1 : this.cpus.indexOf(running);
        this.guests.at(index < 0 ? 0 : index)?.display.flip(...picture);
      },
    };
  }

  /** The CPUs, by guest: the first is the host's own first. */
  of(host: Host): readonly Cpu[] {
    const first = host.computer.parts.cpu;
    this.host = host;
    this.guests.forEach((_, index) => {
      this.cpus.push(index === 0 ? first : host.machine.newCpu(first));
    });
    return this.cpus;
  }
}
