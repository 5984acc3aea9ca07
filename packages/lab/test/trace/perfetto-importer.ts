/**
 * What Perfetto makes of JSON events, by the rules of its importer as of commit ec5d16b
 * (github.com/google/perfetto, src/trace_processor/importers). What it would count as an error of the
 * file is an error here.
 */
import type { ChromeTrace } from '../../src/trace/perfetto.ts';

type ChromeEvent = ChromeTrace['traceEvents'][number];
type Timed = Exclude<ChromeEvent, { ph: 'M' }>;
type Complete = Extract<ChromeEvent, { ph: 'X' }>;

/** A row of its table `slice`, in nanoseconds. */
interface Slice {
  readonly event: Complete;
  readonly start: number;
  readonly end: number;
}

interface Imported {
  readonly slices: readonly Slice[];
  /** Its table `flow`: from which slice to which. */
  readonly flows: readonly (readonly [Slice, Slice])[];
  /** By the name of the statistic that it would count. */
  readonly errors: readonly string[];
}

/** json_trace_tokenizer.cc, CoerceToTs: microseconds, rounded to whole nanoseconds. */
function nanoseconds(us: number): number {
  return Math.round(us * 1000);
}

/** json_trace_tokenizer.cc, CoerceToUint32: other numbers become 0, which stands for none. */
function isId(id: number): boolean {
  return Number.isInteger(id) && id > 0 && id <= 0xffff_ffff;
}

export function importTrace({ traceEvents }: ChromeTrace): Imported {
  const errors: string[] = [];
  const slices: Slice[] = [];
  const flows: (readonly [Slice, Slice])[] = [];
  const stacks = new Map<string, Slice[]>();
  const begun = new Map<string, Slice>();

  const add = (event: Complete, stack: Slice[]): void => {
    const start = nanoseconds(event.ts);
    const slice = { event, start, end: start + nanoseconds(event.dur) };
    // slice_tracker.cc, MaybeCloseStack: what ends before, or then, is closed; what ends within must hold it.
    while (stack.length > 0 && stack[stack.length - 1].end <= slice.start) {
      stack.pop();
    }
    if (stack.some(({ end }) => end < slice.end)) {
      errors.push('slice_spill_overlapping_complete_event');
    }
    stack.push(slice);
    slices.push(slice);
  };
  const arrow = (event: Exclude<Timed, Complete>, stack: readonly Slice[]): void => {
    // flow_tracker.cc, GetFlowIdForV1Event: a flow is known by id, category and name together.
    const key = `${event.id} ${event.cat} ${event.name}`;
    // GetTopmostSliceOnTrack: the slice that was opened last; nothing is closed for an arrow's sake.
    const slice = stack.at(-1);
    const from = begun.get(key);
    if (slice === undefined) {
      errors.push('flow_no_enclosing_slice');
    } else if (event.ph === 's') {
      errors.push(...(from === undefined ? [] : ['flow_duplicate_id']));
      begun.set(key, slice);
    } else if (from === undefined) {
      errors.push('flow_end_without_start');
    } else if (event.bp !== 'e') {
      errors.push('an end without bp "e" binds to the next slice');
    } else {
      // FlowTracker::End: an arrow goes from what is earlier to what is later.
      flows.push(from.start > slice.start ? [slice, from] : [from, slice]);
    }
  };

  for (const event of sorted(traceEvents, errors)) {
    const track = `${event.pid}/${event.tid}`;
    const stack = stacks.get(track) ?? [];
    stacks.set(track, stack);
    if (event.ph === 'X') {
      add(event, stack);
    } else {
      arrow(event, stack);
    }
  }
  return { slices, flows, errors };
}

/** trace_sorter.h: by time; what has the same is handled in the order of the file. */
function sorted(events: readonly ChromeEvent[], errors: string[]): readonly Timed[] {
  for (const { pid, tid } of events) {
    errors.push(...(isId(pid) && isId(tid) ? [] : [`pid ${pid}, tid ${tid}`]));
    // process_tracker.cc, UpdateThread: a thread whose number is its process's is the main thread.
    errors.push(...(pid === tid ? [`tid ${tid} is the main thread`] : []));
  }
  const timed = events.filter((event): event is Timed => event.ph !== 'M');
  return timed.toSorted((one, other) => nanoseconds(one.ts) - nanoseconds(other.ts));
}
