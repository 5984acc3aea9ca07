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

export interface CrossingsParts {
  readonly machine: Machine;
  /** The computer's first. */
  readonly cpu: Cpu;
  /** Of whose ports they are, in a recording. */
  readonly number: number;
  /** False: of a hypervisor, which replay has do its work again. */
  readonly isRecorded: boolean;
}

const unrecorded: { readonly recorder: Recorder | undefined } = { recorder: undefined };

export class Crossings {
  readonly machine: Machine;
  private readonly first: Cpu;
  private readonly number: number;
  /** Who knows whether someone records. */
  private readonly recording: { readonly recorder: Recorder | undefined };

  constructor({ machine, cpu, number, isRecorded }: CrossingsParts) {
    this.machine = machine;
    this.first = cpu;
    this.number = number;
    this.recording = isRecorded ? machine : unrecorded;
  }

  /** The CPU that crosses. */
  get cpu(): Cpu {
    return this.machine.cpuOf(this.first);
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
    const { recorder } = this.recording;
    if (recorder !== undefined) {
      recorder.add(op, this.number, a, b, c, d);
      recorder.result(result, bytes);
      recorder.crossed();
    }
  }
}
