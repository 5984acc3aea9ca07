/**
 * Gives the state of a recorded machine at any event: from the last checkpoint before it, by
 * replaying what was recorded from there on.
 */
import type { EventId } from '@doorbell/abi';
import { Replay, ReplayDivergence, type Crossing, type Recorder } from '@doorbell/hypervisor';
import { buildStack } from '../stacks/index.ts';
import { loadStack, saveStack, type Stack, type StackState } from '../stacks/stack.ts';
import type { RunRecording } from '../trace/recording.ts';
import { later, Marks, type Mark } from './marks.ts';
import { stackParts, type RecordedRun } from './parts.ts';

/** From one mark to the next, at the least: saving a state takes two milliseconds. */
const MARK_MS = 4;
const MARK_CROSSINGS = 256;
/** Whoever goes further has jumped; so near to a checkpoint one soon steps back behind it. */
const NEAR = 32;

export class ReplayPlayer {
  private readonly crossings: Recorder;
  private readonly marks: Marks;
  private readonly run: RecordedRun;
  private stack: Stack;
  private readonly wallMs: () => number;
  private replay: Replay;
  /** The row that is next. */
  private crossing = 0;
  /** Handlers that run. */
  private depth = 0;
  /** The event whose state is wanted; `found` is there once it has happened. */
  private wanted: EventId = 0;
  private found: StackState | undefined;
  /** The event that was asked for last. */
  private asked: EventId = 0;
  /** The last mark; when it was passed, and rows since. */
  private passed: Mark;
  private markedAt = 0;
  private sinceMark = 0;

  constructor(recording: RunRecording, wallMs: () => number) {
    this.run = recording;
    this.crossings = recording.crossings;
    this.wallMs = wallMs;
    this.marks = new Marks(recording.checkpoints);
    this.stack = this.build();
    this.passed = this.marks.before(0);
    this.replay = this.load(this.passed);
  }

  /** @param event  0: before the first. @throws ReplayDivergence */
  state(event: EventId): StackState {
    const state = this.replayTo(event);
    const checkpoint = this.marks.recordedAt(event);
    const jumps = Math.abs(event - this.asked) > NEAR;
    const isBack = event < this.asked;
    this.asked = event;
    if (jumps) {
      let lacks = event - checkpoint.event < NEAR;
      while (lacks) {
        lacks = this.prepare(checkpoint);
      }
    } else if (isBack) {
      this.prepare(checkpoint);
    }
    return state;
  }

  private replayTo(event: EventId): StackState {
    const mark = this.marks.before(event);
    const { tracer } = this.stack.host.machine;
    if (event <= mark.event) {
      return mark.state;
    }
    if (tracer.count >= event || tracer.count < mark.event) {
      this.replay = this.load(mark);
    }
    this.wanted = event;
    this.found = undefined;
    while (this.found === undefined) {
      this.step();
    }
    return this.found;
  }

  /** Makes one more mark before a checkpoint, for who steps back behind it; false: there are enough. */
  private prepare(checkpoint: Mark): boolean {
    const { tracer } = this.stack.host.machine;
    const from = this.marks.before(checkpoint.event);
    if (!Number.isNaN(checkpoint.ms) || from === checkpoint) {
      return false;
    }
    this.replay = this.load(from);
    while (this.passed === from && tracer.count < checkpoint.event) {
      this.step();
    }
    if (this.passed === from || tracer.count >= checkpoint.event) {
      checkpoint.ms = this.wallMs() - this.markedAt;
    }
    return true;
  }

  private build(): Stack {
    const { spec, parts } = stackParts(this.run);
    const stack = buildStack(spec.kind.name, parts);
    stack.host.machine.tracer.onEvent = (id) => {
      if (id === this.wanted) {
        this.found = saveStack(stack);
      }
    };
    return stack;
  }

  private load(mark: Mark): Replay {
    // Who has died is not brought back: what the host had open for it is closed.
    if (this.run.request.guests?.some(({ diesAfterNs }) => diesAfterNs !== undefined) === true) {
      this.stack = this.build();
    }
    const { machine } = this.stack.host;
    this.wanted = 0;
    machine.tracer.recording = false;
    loadStack(this.stack, mark.state);
    machine.tracer.recording = true;
    this.crossing = mark.crossing;
    this.depth = 0;
    this.passes(mark);
    return new Replay(machine);
  }

  // ------------------------------------------------------------------------------ one step

  /** Goes on by a row; in a wait, by what the machine handles meanwhile, one after the other. */
  private step(): void {
    const { machine } = this.stack.host;
    if (this.crossing === this.crossings.length) {
      throw new ReplayDivergence(`Event ${this.wanted} did not happen again.`);
    }
    const at = this.unitEnd();
    const crossing = this.crossings.at(at);
    const isAlone = at === this.crossing;
    if (isAlone && machine.eventsRun < eventsBefore(crossing)) {
      machine.handleNext();
    } else {
      this.replay.run(this.crossings, this.crossing, at + 1);
      this.crossing = at + 1;
      this.depth += depthOf(crossing);
    }
    this.mark();
  }

  /** The row to replay next, behind those of the calls that the machine makes meanwhile. */
  private unitEnd(): number {
    let at = this.crossing;
    for (let depth = 0; at < this.crossings.length - 1; at++) {
      const { op } = this.crossings.at(at);
      depth += op === 'enter' ? 1 : op === 'leave' ? -1 : 0;
      if (depth === 0 && op !== 'leave') {
        return at;
      }
    }
    return at;
  }

  // ------------------------------------------------------------------------------ marks

  /** Makes one, where none is near and a replay can begin. */
  private mark(): void {
    const { crossing } = this;
    const { count: event } = this.stack.host.machine.tracer;
    const ms = this.wallMs() - this.markedAt;
    if (this.depth > 0 || (ms < MARK_MS && ++this.sinceMark < MARK_CROSSINGS)) {
      return;
    }
    const last = this.marks.before(event + 1);
    if (later(last, this.passed) > 0) {
      this.passes(last);
    } else {
      const made = { event, crossing, ms, state: saveStack(this.stack) };
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

/** How many events the machine handles before a row, where it says so. */
function eventsBefore({ op, args }: Crossing): number {
  switch (op) {
    case 'resume':
      return args[1];
    case 'beginHandler':
    case 'halt':
      return args[0];
    default:
      return 0;
  }
}

function depthOf({ op }: Crossing): number {
  return op === 'beginHandler' ? 1 : op === 'endHandler' ? -1 : 0;
}
