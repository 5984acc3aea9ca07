/** Where one stands in one recording, or in several in lock step; each move answers in lines of text. */
import type { EventId } from '@doorbell/abi';
import type { Environment } from '../environment.ts';
import { InputError } from '../input-error.ts';
import { recordingName, type Recording } from '../trace/recording.ts';
import { peerAccount } from '../trace/peer-account.ts';
import { Cursor } from './cursor.ts';
import { granularityOf, seekEvent, type Direction } from './granularity.ts';
import { requestDifference, samePoint } from './lock-step.ts';
import { sourceView, type ReadSource } from './source-view.ts';
import { parseWatch, type Watch } from './watch.ts';

export interface WalkOptions {
  readonly granularity?: string;
  /** The granularity that was given cannot be changed. */
  readonly fixed?: boolean;
  /** Where the drivers' sources are. */
  readonly readSource?: ReadSource;
}

export class Walk {
  readonly cursors: readonly Cursor[];
  /** Which of the stacks is stepped. */
  side = 0;
  granularity: string;
  readonly readSource: ReadSource;
  private readonly watches: Watch[] = [];
  private readonly fixed: boolean;
  private guest: number | undefined;

  /** @throws InputError when there is no recording, or one without events, or one of a peer that is not alone. */
  constructor(recordings: readonly Recording[], environment: Environment, options: WalkOptions) {
    const {
      granularity = usualGranularity(recordings),
      fixed = false,
      readSource = () => undefined,
    } = options;
    granularityOf(granularity);
    if (recordings.length === 0 || recordings.some(({ events }) => events.count === 0)) {
      throw new InputError('There is nothing to step through: no event was recorded.');
    }
    checkApplication(recordings);
    this.granularity = granularity;
    this.fixed = fixed;
    this.readSource = readSource;
    this.cursors = recordings.map((recording) => new Cursor(recording, environment));
  }

  get cursor(): Cursor {
    return this.cursors[this.side];
  }

  /** Their texts. */
  get breakpoints(): readonly string[] {
    return this.watches.map(({ text }) => text);
  }

  step(direction: Direction, times: number): readonly string[] {
    const { stops } = granularityOf(this.granularity);
    return this.repeat(times, () => this.cursor.seek(direction, stops, this.guest), direction);
  }

  call(direction: Direction, times: number): readonly string[] {
    const { stops } = granularityOf('call');
    return this.repeat(times, () => this.cursor.seek(direction, stops, this.guest), direction);
  }

  private repeat(times: number, go: () => boolean, direction: Direction): readonly string[] {
    for (let done = 0; done < times; done++) {
      if (!go()) {
        return [...this.moved(), direction > 0 ? '(no later one)' : '(no earlier one)'];
      }
    }
    return this.moved();
  }

  toHit(direction: Direction, text: string): readonly string[] {
    const { cursor } = this;
    const watches = text === '' ? this.watches : [this.watch(text)];
    if (watches.length === 0) {
      throw new InputError("There is no breakpoint: 'b WATCH' makes one, 'r WATCH' goes to one.");
    }
    const found = cursor.seek(
      direction,
      (event) => watches.some(({ hits }) => hits(event)),
      this.guest,
    );
    const which = watches.map(({ text: each }) => each).join(', ');
    return found
      ? this.moved()
      : [`No ${direction > 0 ? 'later' : 'earlier'} event hits ${which}.`];
  }

  who(text: string): readonly string[] {
    const { cursor } = this;
    const { hits } = this.watch(text);
    const from = cursor.at === 0 ? cursor.recording.events.count + 1 : cursor.at;
    const found = seekEvent(cursor.recording.events, from, -1, hits);
    if (found === undefined) {
      return [`Nobody before this: no earlier event hits ${text}.`];
    }
    const { at } = cursor;
    cursor.at = found.id;
    const lines = this.where();
    cursor.at = at;
    return lines;
  }

  private watch(text: string): Watch {
    if (text === '') {
      throw new InputError(
        'Which one? Give a register, such as doorbell.TAIL, or exit, fault, exits>100.',
      );
    }
    const { recording, registers } = this.cursor;
    return parseWatch(text, { events: recording.events, registers });
  }

  breakpoint(text: string): readonly string[] {
    if (text !== '') {
      this.watches.push(this.watch(text));
    }
    return this.watches.length === 0
      ? ['There is no breakpoint.']
      : this.watches.map(({ text: each }, index) => `${index + 1}: ${each}`);
  }

  remove(which: string | undefined): readonly string[] {
    const index = Number(which) - 1;
    if (this.watches[index] === undefined) {
      throw new InputError(
        `There is no breakpoint '${which ?? ''}': there are ${this.watches.length}.`,
      );
    }
    this.watches.splice(index, 1);
    return this.breakpoint('');
  }

  go(to: string | undefined): readonly string[] {
    const { count: last } = this.cursor.recording.events;
    const id = to === 'end' ? last : /^\d+$/.test(to ?? '') ? Number(to) : -1;
    if (id < 0 || id > last) {
      throw new InputError(
        `There is no event '${to ?? ''}': give a number from 0 to ${last}, or end.`,
      );
    }
    this.cursor.at = id;
    return this.moved();
  }

  setGranularity(to: string | undefined): readonly string[] {
    if (to !== undefined && this.fixed && to !== this.granularity) {
      throw new InputError(`The granularity is fixed: ${this.granularity}.`);
    }
    if (to !== undefined) {
      granularityOf(to);
      this.granularity = to;
    }
    return [`${this.granularity}: ${granularityOf(this.granularity).doc}`];
  }

  setGuest(to: string | undefined): readonly string[] {
    if (to !== 'all' && !/^\d+$/.test(to ?? '')) {
      throw new InputError(`'${to ?? ''}' is no guest: give its number, from 0, or all.`);
    }
    this.guest = to === 'all' ? undefined : Number(to);
    return [`guest ${to ?? ''}`];
  }

  search(text: string): readonly string[] {
    const { cursor } = this;
    const wanted = text.toLowerCase();
    const found = cursor.seek(1, (event) => cursor.text(event).toLowerCase().includes(wanted));
    return found ? this.moved() : [`No later event has '${text}' in its line.`];
  }

  tab(): readonly string[] {
    if (this.cursors.length < 2) {
      throw new InputError('There is one stack: give two with --stacks a,b.');
    }
    this.side = (this.side + 1) % this.cursors.length;
    return this.here();
  }

  /** The others follow. */
  private moved(): readonly string[] {
    const { cursor } = this;
    for (const other of this.cursors) {
      if (other !== cursor) {
        other.at = samePoint(cursor.recording.events, cursor.at, other.recording.events);
      }
    }
    return this.here();
  }

  /** Where every stack stands, the one that is stepped first. */
  here(): readonly string[] {
    const several = this.cursors.length > 1;
    return this.cursors.map((cursor, index) => {
      const { event } = cursor;
      const text = event === undefined ? '#0  before the first event' : cursor.text(event);
      const line = event === undefined ? '' : cursor.lineOf(event);
      const own = `${text}${line === '' ? '' : `  ${line}`}`;
      return several ? `${index === this.side ? '*' : ' '} ${cursor.name}: ${own}` : own;
    });
  }

  list(around: number): readonly string[] {
    const { cursor } = this;
    const { events } = cursor.recording;
    const from = Math.max(1, cursor.at - Math.floor(around / 2));
    const to = Math.min(events.count, from + around - 1);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => {
      const event = events.at(from + index);
      return `${event.id === cursor.at ? '>' : ' '} ${cursor.text(event)}`;
    });
  }

  where(): readonly string[] {
    const { cursor } = this;
    const [event, ...causes] = cursor.causes();
    if (event === undefined) {
      return this.here();
    }
    const { locals } = cursor;
    const line = cursor.lineOf(event);
    return [
      `${cursor.text(event)}${line === '' ? '' : `  ${line}`}`,
      ...(locals === '' ? [] : [`  ${locals}`]),
      ...this.waitLine(event.id),
      ...causes.map(
        (cause) => `  because of #${cause.id} ${cause.kind} ${cursor.argumentsText(cause)}`,
      ),
    ];
  }

  /** Of a wait, and of its end: what it was for. */
  private waitLine(id: EventId): readonly string[] {
    const parts = this.cursor.waits.get(id);
    if (parts === undefined) {
      return [];
    }
    const { ns, engineNs, translationNs, scheduleNs, restNs } = parts;
    return [
      `  of ${ns} ns its packets ran ${engineNs} (IOMMU walks ${translationNs}), stood behind others' ${scheduleNs}, and the rest is ${restNs}`,
    ];
  }

  source(): readonly string[] {
    const { recording, event } = this.cursor;
    return sourceView(recording, event, this.readSource);
  }

  why(): readonly string[] {
    const { recording } = this.cursor;
    if (recording.peer !== undefined) {
      return peerAccount(recording);
    }
    const { stuck, causes } = recording.explanation;
    if (!stuck) {
      return ['It is not stuck.'];
    }
    return causes.length === 0
      ? ['It is stuck, and nothing that is known explains it.']
      : causes.map(({ id, what, step }) => `${id}, at event ${step}: ${what}`);
  }

  difference(): readonly string[] {
    const [a, b] = this.cursors;
    if (b === undefined) {
      throw new InputError('There is one stack: give two with --stacks a,b.');
    }
    const request = this.cursor.event?.request ?? 0;
    const rows = requestDifference(a.recording.events, b.recording.events, request);
    const title = request === 0 ? 'Outside of any call' : `Call ${request}`;
    return rows.length === 0
      ? [`${title}: the same on both.`]
      : [
          `${title}: ${a.name} | ${b.name}`,
          ...rows.map(
            ({ kind, here, there }) => `  ${kind}: ${here || 'nothing'} | ${there || 'nothing'}`,
          ),
        ];
  }
}

/** Lock step goes by the application's calls, which of a real peer nobody knows. @throws InputError */
function checkApplication(recordings: readonly Recording[]): void {
  const peer = recordings.find((recording) => recording.peer !== undefined);
  if (peer !== undefined && recordings.length > 1) {
    throw new InputError(
      `'${recordingName(peer)}' is a real peer, whose application is none of ours: step through it alone.`,
    );
  }
}

/** A driver's accesses; of a peer's virtio driver, whose accesses QEMU keeps to itself, its commands. */
function usualGranularity([first]: readonly Recording[]): string {
  const hasCommands =
    first?.peer !== undefined && [...first.events].some(({ kind }) => kind === 'kick');
  return hasCommands ? 'packet' : 'access';
}
