/**
 * Where an operating system crosses the ports of its computer: what all crossings have in common.
 * Before one, pending interrupts are taken; during it, what happens has it as its cause; after it,
 * it is recorded.
 */
import type { EventId, EventKind } from '@doorbell/abi';
import type { ExitReason } from './counters.ts';
import type { Cpu } from './cpu.ts';
import type { Machine } from './machine.ts';
import { cost } from './profile.ts';
import type { PortOp, Recorder } from './recorder.ts';

export class Crossings {
  readonly machine: Machine;
  private readonly first: Cpu;
  private recorder: Recorder | undefined;

  /** @param cpu  the computer's first. */
  constructor(machine: Machine, cpu: Cpu) {
    this.machine = machine;
    this.first = cpu;
  }

  /** The CPU that crosses. */
  get cpu(): Cpu {
    return this.machine.cpuOf(this.first);
  }

  /** Records crossings, handlers and waits from now on, or stops doing so. */
  record(recorder: Recorder | undefined): void {
    this.recorder = recorder;
    this.first.recorder = recorder;
  }

  /** Comes first in each access and wait: runs the handlers of what is pending. */
  deliver(): void {
    this.machine.deliver(this.cpu);
  }

  /** Traces an access and makes it the cause of what follows; the caller puts the old one back. */
  access(kind: EventKind, a: number, b: number, c: number): EventId {
    const { tracer } = this.machine;
    const id = tracer.event(kind, a, b, c);
    tracer.cause = id === 0 ? tracer.cause : id;
    return id;
  }

  /** Leaves the guest, for a device model that does the access in software. */
  trap(reason: ExitReason, price: number, address: number): void {
    const { machine } = this;
    machine.exit(reason, price, address);
    machine.charge(cost['emulation.access']);
  }

  /** Comes last: notes what crossed, if someone records. */
  note(op: PortOp, a = 0, b = 0, c = 0, d = 0, bytes?: Uint8Array, result = 0): void {
    this.recorder?.add(op, a, b, c, d, bytes, result);
  }
}
