/**
 * The deterministic machine: virtual time, CPUs with their interrupts, and the tasks that run on
 * them. The same inputs give the same run, event by event, on any host.
 */
import type { EventId, RequestId, Stateful } from '@doorbell/abi';
import { copyCounts, exitReasons, newCounts, type Counts, type ExitReason } from './counters.ts';
import { Cpu, type CpuState, type InterruptSink } from './cpu.ts';
import type { EventQueueState } from './event-queue.ts';
import { PollWatch, type EndlessPoll } from './poll-watch.ts';
import type { Profile } from './profile.ts';
import type { Player } from './players.ts';
import { Tasks, type TasksState } from './tasks.ts';
import { Timeline } from './timeline.ts';

export interface MachineState {
  readonly now: number;
  readonly eventsRun: number;
  readonly owed: number;
  readonly request: RequestId;
  readonly cause: EventId;
  /** The last one. */
  readonly event: EventId;
  readonly queue: EventQueueState;
  readonly byCost: Float64Array;
  readonly counts: Counts;
  readonly cpus: readonly CpuState[];
  readonly tasks: TasksState;
}

const NO_CPU = -1;

/** Plays what code did that is not there when it is called. */
export interface UpcallPlayer {
  playUpcall(): void;
}

/** That something does not go on as it should. Its driver has not done anything about it yet. */
export type Symptom =
  /** A wait on a CPU ran into its time limit. */
  | { readonly kind: 'silence'; readonly cpu: Cpu }
  | { readonly kind: 'poll'; readonly poll: EndlessPoll };

/** When the CPU can take its first interrupt. */
function dueAt({ pending, time }: Cpu): number {
  return pending.length > 0 ? Math.max(time, pending[0].at) : Infinity;
}

export class Machine extends Timeline implements Stateful<MachineState> {
  readonly counts: Counts = newCounts();
  readonly tasks: Tasks;
  /** Plays what is recorded; undefined: code is there and runs. */
  replay: UpcallPlayer | undefined;
  /** By the numbers that a recording has. */
  readonly players: Player[] = [];
  /** Ends a driver that polls for ever. */
  readonly polls = new PollWatch({
    mark: () => this.queue.armings,
    isLeft: (mark) => this.queue.isArmedSince(mark),
    deviceEvents: () => this.eventsRun - this.tasks.timeoutsRun,
    runsTask: () => this.tasks.running !== undefined,
    found: (poll) => this.onSymptom?.({ kind: 'poll', poll }),
  });
  /** Hears of what may mean that a driver is stuck. Must leave the machine as it is. */
  onSymptom: ((symptom: Symptom) => void) | undefined;
  private readonly cpus: Cpu[] = [];
  /** Interrupts on their way, of all CPUs. */
  private interrupted = 0;
  private readonly controllers: InterruptSink[] = [];

  constructor(profile: Profile) {
    super(profile);
    this.tasks = new Tasks(this, (limit) => this.serveIdleCpu(limit));
  }

  /** @param first  the CPU of the computer that gets one more; absent: of a new one. */
  newCpu(first?: Cpu): Cpu {
    const cpu = new Cpu(this.cpus.length, first);
    this.cpus.push(cpu);
    this.recorder?.add('newCpu', first?.number ?? NO_CPU);
    return cpu;
  }

  /** The CPU of a number. @throws RangeError when there is none. */
  cpu(number: number): Cpu {
    const cpu = this.cpus[number];
    if (cpu === undefined) {
      throw new RangeError(`The machine has no CPU ${number}.`);
    }
    return cpu;
  }

  /** The CPU of a computer that runs the current task; the computer's first when it is another's. */
  cpuOf(first: Cpu): Cpu {
    const { running } = this.tasks;
    return running?.first === first ? running : first;
  }

  /** Numbers one whose doings are recorded, in the order in which the machine is put together. */
  addPlayer(player: Player): number {
    return this.players.push(player) - 1;
  }

  /** What is done again in replay calls code that is not there then: what that does is recorded. */
  upcall(code: () => void): void {
    const { recorder, replay } = this;
    if (replay !== undefined) {
      replay.playUpcall();
      return;
    }
    recorder?.add('enter', 0);
    code();
    recorder?.add('leave', 0);
  }

  /** The guest leaves for the hypervisor: counted, priced, and the cause of what follows. */
  exit(reason: ExitReason, price: number, address: number): void {
    const { tracer } = this;
    this.counts.exitsByReason[reason]++;
    tracer.cause = tracer.event('exit', exitReasons.indexOf(reason), address) || tracer.cause;
    this.charge(price, 1, 1);
  }

  // ------------------------------------------------------------------------------ interrupts

  /** Numbers a controller, so that what is pending is plain data. */
  addController(controller: InterruptSink): number {
    return this.controllers.push(controller) - 1;
  }

  /** Makes an interrupt pending: its handler runs at the CPU's next access or wait. */
  interrupt(cpu: Cpu, controller: number, entry: number): void {
    if (cpu.isOff) {
      return;
    }
    const { now: at } = this;
    const { request, cause } = this.tracer;
    // One that a CPU sends that is behind comes before what was sent ahead of it.
    const behind = cpu.pending.findLastIndex((pending) => pending.at <= at) + 1;
    this.interrupted++;
    cpu.pending.splice(behind, 0, { controller, entry, at, request, cause });
  }

  /** Turns a CPU off in the middle of whatever its tasks do. From a task of another one. */
  turnOff(cpu: Cpu): void {
    this.tasks.drop(cpu);
    cpu.isOff = true;
    this.interrupted -= cpu.pending.length;
    cpu.pending.length = 0;
  }

  /** Runs the handlers of what is pending. Called at the start of each access and wait. */
  deliver(cpu: Cpu): void {
    this.pay();
    if (cpu.pending.length > 0 && cpu.handling === undefined && this.replay === undefined) {
      this.deliverDue(cpu);
    }
  }

  /** An interrupt that another CPU, which is ahead, has set off does not come before its time. */
  private deliverDue(cpu: Cpu): void {
    const { tracer } = this;
    const { request, cause, line } = tracer;
    while (cpu.pending.length > 0 && cpu.pending[0].at <= this.now) {
      const { controller, entry } = cpu.pending[0];
      this.beginInterrupt(cpu);
      this.controllers[controller].handle(entry);
      this.endInterrupt(cpu);
    }
    tracer.request = request;
    tracer.cause = cause;
    tracer.line = line;
  }

  /** Takes the first pending interrupt: what happens next is its handler's doing. */
  beginInterrupt(cpu: Cpu): void {
    const next = cpu.pending.shift();
    if (next === undefined) {
      throw new RangeError('No interrupt is pending.');
    }
    const { eventsRun, now } = this;
    this.interrupted--;
    this.polls.changed();
    this.tracer.request = next.request;
    this.tracer.cause = next.cause;
    this.tracer.line = 0;
    cpu.handling = next;
    this.controllers[next.controller].begin(next.entry);
    // Last: what became due meanwhile was recorded before.
    this.recorder?.add('beginHandler', cpu.number, eventsRun, now);
  }

  endInterrupt(cpu: Cpu): void {
    const { handling } = cpu;
    if (handling !== undefined) {
      this.controllers[handling.controller].end(handling.entry);
    }
    cpu.handling = undefined;
    this.recorder?.add('endHandler', cpu.number);
  }

  /**
   * A CPU on which no task runs takes its interrupts, if the first comes by `limit`; or an event
   * happens that comes before it. False: there is none such.
   */
  private serveIdleCpu(limit: number): boolean {
    const next = this.interrupted === 0 ? undefined : this.nextInterrupted();
    const at = next === undefined ? Infinity : dueAt(next);
    if (next === undefined || at > limit) {
      return false;
    }
    if (this.nextEvent < at) {
      this.handleNext();
      return true;
    }
    this.now = at;
    this.deliverDue(next);
    next.time = this.now;
    return true;
  }

  /** The CPU that is due first. A task that is ready goes before an interrupt that comes later. */
  private nextInterrupted(): Cpu | undefined {
    let next: Cpu | undefined;
    for (const cpu of this.cpus) {
      const at = dueAt(cpu);
      const isFirst = at < (next === undefined ? Infinity : dueAt(next));
      if (isFirst && (at <= cpu.time || !this.tasks.hasReady(cpu))) {
        next = cpu;
      }
    }
    return next;
  }

  // ------------------------------------------------------------------------------ state

  /** Replay: goes on until `eventsRun` events were handled and the clock stands at `time`. */
  catchUp(eventsRun: number, time: number): void {
    while (this.eventsRun < eventsRun) {
      this.handleNext();
    }
    this.now = time;
  }

  save(): MachineState {
    return {
      now: this.now,
      eventsRun: this.eventsRun,
      owed: this.owed,
      request: this.tracer.request,
      cause: this.tracer.cause,
      event: this.tracer.count,
      queue: this.queue.save(),
      byCost: this.byCost.slice(),
      counts: copyCounts(this.counts),
      cpus: this.cpus.map((cpu) => cpu.save(cpu === this.tasks.running ? this.now : cpu.time)),
      tasks: this.tasks.save(),
    };
  }

  load(state: MachineState): void {
    this.cpus.splice(state.cpus.length);
    state.cpus.forEach((saved, index) => {
      (this.cpus[index] ?? this.newCpu()).load(saved);
    });
    this.tasks.load(state.tasks, this.cpus);
    this.now = state.now;
    this.eventsRun = state.eventsRun;
    this.owed = state.owed;
    this.tracer.request = state.request;
    this.tracer.cause = state.cause;
    this.tracer.resume(state.event);
    this.loadQueue(state.queue);
    this.byCost.set(state.byCost);
    Object.assign(this.counts, copyCounts(state.counts));
    this.interrupted = this.cpus.reduce((sum, { pending }) => sum + pending.length, 0);
  }
}
