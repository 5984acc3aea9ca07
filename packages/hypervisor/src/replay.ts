/**
 * Feeds a recording to a machine whose state was loaded: the devices do again what they did,
 * without the code that drove them. Every value that is returned is compared with the recorded one.
 */
import type { EventId, RequestId } from '@doorbell/abi';
import type { Cpu } from './cpu.ts';
import type { Machine, UpcallPlayer } from './machine.ts';
import type { Seen } from './players.ts';
import type { Crossing, Recorder } from './recorder.ts';

/** The machine did not do again what it did: its state at the start was another one. */
export class ReplayDivergence extends Error {
  override readonly name = 'ReplayDivergence';
}

/** What code did that the machine will call: rows of the recording, from the first up to the last. */
interface Upcall {
  readonly recorder: Recorder;
  readonly from: number;
  readonly to: number;
}

/** A handler that runs, and what was done when it began. */
interface Interrupted {
  readonly request: RequestId;
  readonly cause: EventId;
  /** No task ran: the CPU goes on where the handler ends. */
  readonly wasIdle: boolean;
}

export class Replay implements UpcallPlayer {
  private readonly machine: Machine;
  /** In the order in which they come. */
  private upcalls: Upcall[] = [];
  private readonly handlers: Interrupted[] = [];

  /** @param machine  as it was when the recording began, or a checkpoint was taken: just loaded. */
  constructor(machine: Machine) {
    this.machine = machine;
    machine.replay = this;
  }

  /** Replays the rows from `from` up to, not including, `to`. */
  run(recorder: Recorder, from = 0, to = recorder.length): void {
    for (let index = from; index < to; index++) {
      const crossing = recorder.at(index);
      if (crossing.op === 'enter') {
        const leave = leaveOf(recorder, index);
        this.upcalls.push({ recorder, from: index + 1, to: leave });
        index = leave;
      } else {
        this.compare(index, crossing, this.step(crossing));
      }
    }
  }

  /** @throws ReplayDivergence when it was not called then. */
  playUpcall(): void {
    const upcall = this.upcalls.shift();
    if (upcall === undefined) {
      throw new ReplayDivergence('The machine calls who was not called when it was recorded.');
    }
    const { upcalls } = this;
    this.upcalls = [];
    this.run(upcall.recorder, upcall.from, upcall.to);
    this.upcalls = upcalls;
  }

  private compare(index: number, { op, result, bytes }: Crossing, seen: Seen): void {
    const same =
      typeof seen === 'object'
        ? bytes?.length === seen.length && bytes.every((byte, at) => byte === seen[at])
        : seen === undefined || Object.is(seen, result);
    if (!same) {
      throw new ReplayDivergence(
        `Crossing ${index} (${op}) returned something else than recorded.`,
      );
    }
  }

  private step(crossing: Crossing): Seen {
    const { machine } = this;
    const { op, where, args } = crossing;
    switch (op) {
      case 'pay':
        machine.pay();
        return undefined;
      case 'newCpu':
        machine.newCpu(where < 0 ? undefined : machine.cpu(where));
        return undefined;
      case 'beginHandler':
        machine.catchUp(args[0], args[1]);
        this.beginHandler(machine.cpu(where));
        return undefined;
      case 'endHandler':
        this.endHandler(machine.cpu(where));
        return undefined;
      case 'resume':
        machine.catchUp(args[1], args[2]);
        machine.tasks.play(op, machine.cpu(where), args);
        return undefined;
      case 'halt':
        machine.catchUp(args[0], args[1]);
        return undefined;
      case 'spawn':
      case 'yield':
      case 'wait':
      case 'wake':
      case 'forget':
      case 'end':
        machine.tasks.play(op, machine.cpu(where), args);
        return undefined;
      default:
        return machine.players[where].play(crossing);
    }
  }

  private beginHandler(cpu: Cpu): void {
    const { machine } = this;
    const { request, cause } = machine.tracer;
    const wasIdle = machine.tasks.running === undefined && this.handlers.length === 0;
    this.handlers.push({ request, cause, wasIdle });
    machine.beginInterrupt(cpu);
  }

  private endHandler(cpu: Cpu): void {
    const { machine } = this;
    machine.endInterrupt(cpu);
    const { request, cause, wasIdle } = this.handlers.pop()!;
    machine.tracer.request = request;
    machine.tracer.cause = cause;
    if (wasIdle) {
      cpu.time = machine.now;
    }
  }
}

/** Where the call that is entered at `index` is left. @throws ReplayDivergence when it is not. */
function leaveOf(recorder: Recorder, index: number): number {
  let depth = 1;
  let at = index;
  while (depth > 0) {
    if (++at >= recorder.length) {
      throw new ReplayDivergence(`The call at crossing ${index} is never left.`);
    }
    const { op } = recorder.at(at);
    depth += op === 'enter' ? 1 : op === 'leave' ? -1 : 0;
  }
  return at;
}
