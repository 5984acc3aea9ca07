/** The stepping session as lines of text: what `doorbell step` reads, and what it answers. */
import type { Environment } from '../environment.ts';
import { InputError } from '../input-error.ts';
import type { Recording } from '../trace/recording.ts';
import { Cursor } from './cursor.ts';
import { argumentsText, eventText } from './event-text.ts';
import { granularities, granularityOf, seekEvent, type Direction } from './granularity.ts';
import { requestDifference, samePoint } from './lock-step.ts';
import { nearest } from '../nearest.ts';
import { panes } from './panes.ts';
import { sourceView, type ReadSource } from './source-view.ts';
import { parseWatch, type Watch } from './watch.ts';

export interface StepAnswer {
  readonly lines: readonly string[];
  /** Whether it is to end. */
  readonly ends: boolean;
}

type Run = (
  words: readonly string[],
  rest: string,
) => readonly string[] | Promise<readonly string[]>;

interface StepCommand {
  readonly usage: string;
  readonly doc: string;
  readonly run: Run;
}

export interface ShellOptions {
  readonly granularity?: string;
  /** The granularity that was given cannot be changed. */
  readonly fixed?: boolean;
  /** Where the drivers' sources are. */
  readonly readSource?: ReadSource;
}

const LISTED = 10;

export class StepShell {
  readonly cursors: readonly Cursor[];
  /** Which of the stacks is stepped. */
  side = 0;
  granularity: string;
  readonly watches: Watch[] = [];
  private readonly environment: Environment;
  private readonly fixed: boolean;
  private readonly readSource: ReadSource;
  private guest: number | undefined;
  private readonly commands: ReadonlyMap<string, StepCommand>;

  /** @throws InputError when there is no recording, or one without events. */
  constructor(
    recordings: readonly Recording[],
    environment: Environment,
    options: ShellOptions = {},
  ) {
    const { granularity = 'access', fixed = false, readSource = () => undefined } = options;
    granularityOf(granularity);
    if (recordings.length === 0 || recordings.some(({ events }) => events.count === 0)) {
      throw new InputError('There is nothing to step through: no event was recorded.');
    }
    this.environment = environment;
    this.granularity = granularity;
    this.fixed = fixed;
    this.readSource = readSource;
    this.cursors = recordings.map((recording) => new Cursor(recording, environment));
    this.commands = this.makeCommands();
  }

  get cursor(): Cursor {
    return this.cursors[this.side];
  }

  /** What completes a line, and what a help page lists. */
  get usages(): readonly { readonly usage: string; readonly doc: string }[] {
    return [...this.commands.values()];
  }

  /** @throws InputError in one line. */
  async run(line: string): Promise<StepAnswer> {
    const trimmed = line.trim();
    const [name = '', ...words] = trimmed.split(/\s+/);
    if (name === '' || name.startsWith('#')) {
      return { lines: [], ends: false };
    }
    if (name === 'q' || name === 'quit' || name === 'exit') {
      return { lines: [], ends: true };
    }
    const rest = trimmed.slice(name.length).trim();
    const command = this.commands.get(name);
    const pane = panes.get(name);
    if (command !== undefined) {
      return { lines: await command.run(words, rest), ends: false };
    }
    if (pane !== undefined) {
      return { lines: pane.show(await this.cursor.state(), words, this.context()), ends: false };
    }
    const known = [...this.commands.keys(), ...panes.keys()];
    throw new InputError(`There is no command '${name}'; ${nearest(name, known)}.`);
  }

  /** Lines of a pane, for a screen. @throws InputError */
  async pane(name: string): Promise<readonly string[]> {
    return name === 'source'
      ? this.source()
      : (panes.get(name)?.show(await this.cursor.state(), [], this.context()) ?? []);
  }

  private context() {
    const isPacked = this.cursor.name.includes('ring=packed');
    return { environment: this.environment, packed: isPacked };
  }

  // ------------------------------------------------------------------------------ commands

  private makeCommands(): ReadonlyMap<string, StepCommand> {
    const steps =
      (direction: Direction): Run =>
      (words) =>
        this.step(direction, count(words[0]));
    const calls =
      (direction: Direction): Run =>
      (words) =>
        this.call(direction, count(words[0]));
    const runs =
      (direction: Direction): Run =>
      (_, rest) =>
        this.toHit(direction, rest);
    return new Map<string, StepCommand>([
      ['n', { usage: 'n [COUNT]', doc: 'the next event of the granularity', run: steps(1) }],
      ['p', { usage: 'p [COUNT]', doc: 'the one before', run: steps(-1) }],
      ['N', { usage: 'N [COUNT]', doc: "the application's next call", run: calls(1) }],
      ['P', { usage: 'P [COUNT]', doc: 'the call before', run: calls(-1) }],
      ['r', { usage: 'r [WATCH]', doc: 'forwards to a breakpoint, or to a watch', run: runs(1) }],
      ['R', { usage: 'R [WATCH]', doc: 'backwards to it', run: runs(-1) }],
      [
        'who',
        {
          usage: 'who WATCH',
          doc: 'who last did that: the event before this one, and its causes',
          run: (_, rest) => this.who(rest),
        },
      ],
      [
        'b',
        {
          usage: 'b [WATCH]',
          doc: 'a breakpoint; without one, lists them',
          run: (_, rest) => this.breakpoint(rest),
        },
      ],
      [
        'd',
        { usage: 'd NUMBER', doc: 'deletes a breakpoint', run: ([which]) => this.remove(which) },
      ],
      [
        'go',
        {
          usage: 'go EVENT',
          doc: "to an event by its number; 'go end' to the last",
          run: ([to]) => this.go(to),
        },
      ],
      [
        'g',
        {
          usage: 'g [NAME]',
          doc: [...granularities.keys()].join(', '),
          run: ([to]) => this.setGranularity(to),
        },
      ],
      [
        'guest',
        {
          usage: 'guest N|all',
          doc: 'steps only through what serves one guest',
          run: ([to]) => this.setGuest(to),
        },
      ],
      [
        '/',
        {
          usage: '/ TEXT',
          doc: 'forwards to an event whose line has the text',
          run: (_, rest) => this.search(rest),
        },
      ],
      [
        'tab',
        {
          usage: 'tab',
          doc: 'the other stack, at the same point of the application',
          run: () => this.tab(),
        },
      ],
      [
        'list',
        {
          usage: 'list [COUNT]',
          doc: 'the events around this one',
          run: (words) => this.list(count(words[0] ?? String(LISTED))),
        },
      ],
      ['where', { usage: 'where', doc: 'this event and its causes', run: () => this.where() }],
      [
        'diff',
        {
          usage: 'diff',
          doc: 'what this call did on one stack and not on the other',
          run: () => this.difference(),
        },
      ],
      [
        'state',
        { usage: 'state', doc: "the GPU's registers, rings and engines", run: () => this.state() },
      ],
      [
        'source',
        {
          usage: 'source',
          doc: "the driver's source at this event, and its locals",
          run: () => this.source(),
        },
      ],
      ['why', { usage: 'why', doc: 'why the run is stuck, if it is', run: () => this.why() }],
      ['help', { usage: 'help', doc: 'this list', run: () => this.help() }],
    ]);
  }

  private step(direction: Direction, times: number): readonly string[] {
    const { stops } = granularityOf(this.granularity);
    return this.repeat(times, () => this.cursor.seek(direction, stops, this.guest), direction);
  }

  private call(direction: Direction, times: number): readonly string[] {
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

  private toHit(direction: Direction, text: string): readonly string[] {
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

  private who(text: string): readonly string[] {
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

  private breakpoint(text: string): readonly string[] {
    if (text !== '') {
      this.watches.push(this.watch(text));
    }
    return this.watches.length === 0
      ? ['There is no breakpoint.']
      : this.watches.map(({ text: each }, index) => `${index + 1}: ${each}`);
  }

  private remove(which: string | undefined): readonly string[] {
    const index = Number(which) - 1;
    if (this.watches[index] === undefined) {
      throw new InputError(
        `There is no breakpoint '${which ?? ''}': there are ${this.watches.length}.`,
      );
    }
    this.watches.splice(index, 1);
    return this.breakpoint('');
  }

  private go(to: string | undefined): readonly string[] {
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

  private setGranularity(to: string | undefined): readonly string[] {
    if (to !== undefined && this.fixed && to !== this.granularity) {
      throw new InputError(`The granularity is fixed: ${this.granularity}.`);
    }
    if (to !== undefined) {
      granularityOf(to);
      this.granularity = to;
    }
    return [`${this.granularity}: ${granularityOf(this.granularity).doc}`];
  }

  private setGuest(to: string | undefined): readonly string[] {
    if (to !== 'all' && !/^\d+$/.test(to ?? '')) {
      throw new InputError(`'${to ?? ''}' is no guest: give its number, from 0, or all.`);
    }
    this.guest = to === 'all' ? undefined : Number(to);
    return [`guest ${to ?? ''}`];
  }

  private search(text: string): readonly string[] {
    const { cursor } = this;
    const wanted = text.toLowerCase();
    const found = cursor.seek(1, (event) =>
      eventText(event, cursor.registers).toLowerCase().includes(wanted),
    );
    return found ? this.moved() : [`No later event has '${text}' in its line.`];
  }

  private tab(): readonly string[] {
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
      const text =
        event === undefined ? '#0  before the first event' : eventText(event, cursor.registers);
      const line = event === undefined ? '' : cursor.lineOf(event);
      const own = `${text}${line === '' ? '' : `  ${line}`}`;
      return several ? `${index === this.side ? '*' : ' '} ${cursor.name}: ${own}` : own;
    });
  }

  private list(around: number): readonly string[] {
    const { cursor } = this;
    const { events } = cursor.recording;
    const from = Math.max(1, cursor.at - Math.floor(around / 2));
    const to = Math.min(events.count, from + around - 1);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => {
      const event = events.at(from + index);
      return `${event.id === cursor.at ? '>' : ' '} ${eventText(event, cursor.registers)}`;
    });
  }

  private where(): readonly string[] {
    const { cursor } = this;
    const [event, ...causes] = cursor.causes();
    if (event === undefined) {
      return this.here();
    }
    const { locals } = cursor;
    const line = cursor.lineOf(event);
    return [
      `${eventText(event, cursor.registers)}${line === '' ? '' : `  ${line}`}`,
      ...(locals === '' ? [] : [`  ${locals}`]),
      ...causes.map(
        (cause) =>
          `  because of #${cause.id} ${cause.kind} ${argumentsText(cause, cursor.registers)}`,
      ),
    ];
  }

  private source(): readonly string[] {
    const { recording, event } = this.cursor;
    return sourceView(recording, event, this.readSource);
  }

  private why(): readonly string[] {
    const { stuck, causes } = this.cursor.recording.explanation;
    if (!stuck) {
      return ['It is not stuck.'];
    }
    return causes.length === 0
      ? ['It is stuck, and nothing that is known explains it.']
      : causes.map(({ id, what, step }) => `${id}, at event ${step}: ${what}`);
  }

  private difference(): readonly string[] {
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

  private async state(): Promise<readonly string[]> {
    const [registers, rings, engines] = await Promise.all(
      ['registers', 'rings', 'engines'].map((name) => this.pane(name)),
    );
    return [...registers, ...rings, ...engines];
  }

  private help(): readonly string[] {
    return [...this.commands.values(), ...panes.values()].map(
      ({ usage, doc }) => `${usage.padEnd(16)} ${doc}`,
    );
  }
}

function count(text: string | undefined): number {
  if (text === undefined) {
    return 1;
  }
  if (!/^\d{1,6}$/.test(text) || Number(text) === 0) {
    throw new InputError(`'${text}' is no count: give a number from 1 to 999999.`);
  }
  return Number(text);
}
