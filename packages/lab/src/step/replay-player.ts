/**
 * Gives the state of a recorded machine at any event: from the last checkpoint before it, by
 * replaying what crossed the driver's ports.
 */
import type { EventId, EventKind } from '@doorbell/abi';
import { Replay, ReplayDivergence, type PortOp, type Recorder } from '@doorbell/hypervisor';
import { buildStack } from '../stacks/index.ts';
import { loadStack, saveStack, type Stack, type StackState } from '../stacks/stack.ts';
import type { Recording } from '../trace/recording.ts';
import { later, Marks, type Mark } from './marks.ts';
import { stackParts } from './parts.ts';
import { Retrace } from './retrace.ts';

/** From one mark to the next, at the least: saving a state takes two milliseconds. */
const MARK_MS = 4;
const MARK_CROSSINGS = 256;
const APPLICATION: ReadonlySet<EventKind | undefined> = new Set<EventKind>([
  'appCall',
  'appReturn',
]);

export class ReplayPlayer {
  private readonly crossings: Recorder;
  private readonly marks: Marks;
  private readonly retrace: Retrace;
  private readonly stack: Stack;
  private readonly wallMs: () => number;
  private replay: Replay;
  /** The crossing that is next, and whether it has begun. */
  private crossing = 0;
  private begun = false;
  /** The application's task waits. */
  private parked = false;
  private handling = false;
  /** The event whose state is wanted; `found` is there once it has happened. */
  private wanted: EventId = 0;
  private found: StackState | undefined;
  /** The last mark; when it was passed, and crossings since. */
  private passed: Mark;
  private markedAt = 0;
  private sinceMark = 0;

  constructor(recording: Recording, crossings: Recorder, wallMs: () => number) {
    const { spec, parts } = stackParts(recording.request);
    this.crossings = crossings;
    this.wallMs = wallMs;
    this.marks = new Marks(recording.checkpoints);
    this.stack = buildStack(spec.kind.name, parts);
    this.retrace = new Retrace(recording.events, (id) => {
      if (id === this.wanted) {
        this.found = saveStack(this.stack);
      }
    });
    this.passed = this.marks.before(0);
    this.replay = this.load(this.passed);
  }

  /** @param event  0: before the first. @throws ReplayDivergence */
  state(event: EventId): StackState {
    const mark = this.marks.before(event);
    if (event <= mark.event) {
      return mark.state;
    }
    if (this.retrace.count >= event || this.retrace.count < mark.event) {
      this.replay = this.load(mark);
    }
    this.wanted = event;
    this.found = undefined;
    while (this.found === undefined) {
      this.step();
    }
    return this.found;
  }

  private load(mark: Mark): Replay {
    const { state, event, crossing, begun } = mark;
    const { machine } = this.stack.host;
    machine.tracer.recording = false;
    loadStack(this.stack, state);
    this.crossing = crossing;
    this.begun = begun;
    this.handling = false;
    this.parked = machine.tasks.replaysWait;
    this.retrace.attach(machine.tracer, event);
    this.passes(mark);
    return new Replay(this.stack.guests[0].computer);
  }

  // ------------------------------------------------------------------------------ one step

  /** Goes on by a crossing; in a wait, by what the machine handles meanwhile, one after the other. */
  private step(): void {
    const { machine } = this.stack.host;
    if (this.crossing === this.crossings.length) {
      this.rest();
      return;
    }
    const { op, args } = this.crossings.at(this.crossing);
    if (!this.begun) {
      this.passDriver(op);
    }
    if (op === 'resume' && machine.eventsRun < args[0]) {
      machine.handleNext();
      this.begun = true;
    } else {
      this.replay.run(this.crossings, this.crossing, this.crossing + 1);
      this.crossing++;
      this.begun = false;
      this.after(op);
    }
    this.mark();
  }

  /** What the application and the driver recorded before a crossing. */
  private passDriver(op: PortOp | undefined): void {
    const { tracer } = this.stack.host.machine;
    while (this.isDrivers(this.retrace.next)) {
      const isCall = this.retrace.next === 'appCall';
      const id = this.retrace.pass();
      tracer.cause = isCall ? id : tracer.cause;
    }
    if (op === 'wait' && this.retrace.next === 'wait') {
      this.retrace.pass();
    }
  }

  /** What no device records: of the code that runs, which is the driver's or the application's. */
  private isDrivers(kind: EventKind | undefined): boolean {
    return kind === 'statement'
      ? this.handling || !this.parked
      : !this.handling && !this.parked && APPLICATION.has(kind);
  }

  private after(op: PortOp): void {
    const { tracer } = this.stack.host.machine;
    if (op === 'wait') {
      this.parked = true;
    } else if (op === 'resume') {
      this.parked = false;
      if (this.retrace.next === 'wake') {
        tracer.cause = this.retrace.pass();
      }
    } else if (op === 'beginHandler' || op === 'endHandler') {
      this.handling = op === 'beginHandler';
    }
  }

  /** After the last crossing: the driver is done, the machine may not be. */
  private rest(): void {
    const { machine } = this.stack.host;
    const { count } = this.retrace;
    this.passDriver(undefined);
    if (this.retrace.count > count) {
      return;
    }
    if (machine.nextEvent === Infinity) {
      throw new ReplayDivergence(`Event ${count + 1} did not happen again.`);
    }
    machine.handleNext();
  }

  // ------------------------------------------------------------------------------ marks

  /** Makes one, where none is near and a replay can begin. */
  private mark(): void {
    const { crossing, begun } = this;
    const { count: event } = this.retrace;
    const ms = this.wallMs() - this.markedAt;
    if (this.handling || (ms < MARK_MS && ++this.sinceMark < MARK_CROSSINGS)) {
      return;
    }
    const last = this.marks.before(event + 1);
    if (later(last, this.passed) > 0) {
      this.passes(last);
    } else {
      const made = { event, crossing, begun, ms, state: saveStack(this.stack) };
      this.marks.add(made);
      this.passes(made);
    }
  }

  private passes(mark: Mark): void {
    this.passed = mark;
    this.markedAt = this.wallMs();
    this.sinceMark = 0;
  }
}
