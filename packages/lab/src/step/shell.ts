/** The stepping session as lines of text: what `doorbell step` reads, and what it answers. */
import type { Environment } from '../environment.ts';
import { InputError } from '../input-error.ts';
import { nearest } from '../nearest.ts';
import type { Recording } from '../trace/recording.ts';
import { granularities, type Direction } from './granularity.ts';
import { panes, type Pane } from './panes.ts';
import { Walk, type WalkOptions } from './walk.ts';

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

/** Events that `list` has, unless it is told. */
const LISTED = 10;

export class StepShell {
  readonly walk: Walk;
  private readonly environment: Environment;
  private readonly commands: ReadonlyMap<string, StepCommand>;

  /** @throws InputError when there is no recording, or one without events. */
  constructor(
    recordings: readonly Recording[],
    environment: Environment,
    options: WalkOptions = {},
  ) {
    this.walk = new Walk(recordings, environment, options);
    this.environment = environment;
    this.commands = this.makeCommands();
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
      return { lines: await this.show(pane, words), ends: false };
    }
    const known = [...this.commands.keys(), ...panes.keys()];
    throw new InputError(`There is no command '${name}'; ${nearest(name, known)}.`);
  }

  /** Lines of a pane, for a screen. @throws InputError */
  async pane(name: string): Promise<readonly string[]> {
    return name === 'source' ? this.walk.source() : this.show(panes.get(name), []);
  }

  private async show(pane: Pane | undefined, words: readonly string[]): Promise<readonly string[]> {
    const { recording, at, name } = this.walk.cursor;
    if (recording.peer !== undefined) {
      const nothing = `${name} is a real machine, whose state was not recorded: there are its events.`;
      return pane?.showPeer?.(recording, at) ?? [nothing];
    }
    const state = await this.walk.cursor.state();
    return (state && pane?.show(state, words, this.context())) ?? [];
  }

  private context() {
    const isPacked = this.walk.cursor.name.includes('ring=packed');
    return { environment: this.environment, packed: isPacked };
  }

  // ------------------------------------------------------------------------------ commands

  private makeCommands(): ReadonlyMap<string, StepCommand> {
    const steps =
      (direction: Direction): Run =>
      (words) =>
        this.walk.step(direction, count(words[0]));
    const calls =
      (direction: Direction): Run =>
      (words) =>
        this.walk.call(direction, count(words[0]));
    const runs =
      (direction: Direction): Run =>
      (_, rest) =>
        this.walk.toHit(direction, rest);
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
          run: (_, rest) => this.walk.who(rest),
        },
      ],
      [
        'b',
        {
          usage: 'b [WATCH]',
          doc: 'a breakpoint; without one, lists them',
          run: (_, rest) => this.walk.breakpoint(rest),
        },
      ],
      [
        'd',
        {
          usage: 'd NUMBER',
          doc: 'deletes a breakpoint',
          run: ([which]) => this.walk.remove(which),
        },
      ],
      [
        'go',
        {
          usage: 'go EVENT',
          doc: "to an event by its number; 'go end' to the last",
          run: ([to]) => this.walk.go(to),
        },
      ],
      [
        'g',
        {
          usage: 'g [NAME]',
          doc: [...granularities.keys()].join(', '),
          run: ([to]) => this.walk.setGranularity(to),
        },
      ],
      [
        'guest',
        {
          usage: 'guest N|all',
          doc: 'steps only through what serves one guest',
          run: ([to]) => this.walk.setGuest(to),
        },
      ],
      [
        '/',
        {
          usage: '/ TEXT',
          doc: 'forwards to an event whose line has the text',
          run: (_, rest) => this.walk.search(rest),
        },
      ],
      [
        'tab',
        {
          usage: 'tab',
          doc: 'the other stack, at the same point of the application',
          run: () => this.walk.tab(),
        },
      ],
      [
        'list',
        {
          usage: 'list [COUNT]',
          doc: 'the events around this one',
          run: (words) => this.walk.list(count(words[0] ?? String(LISTED))),
        },
      ],
      ['where', { usage: 'where', doc: 'this event and its causes', run: () => this.walk.where() }],
      [
        'diff',
        {
          usage: 'diff',
          doc: 'what this call did on one stack and not on the other',
          run: () => this.walk.difference(),
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
          run: () => this.walk.source(),
        },
      ],
      ['why', { usage: 'why', doc: 'why the run is stuck, if it is', run: () => this.walk.why() }],
      ['help', { usage: 'help', doc: 'this list', run: () => this.help() }],
    ]);
  }

  private async state(): Promise<readonly string[]> {
    if (this.walk.cursor.recording.peer !== undefined) {
      return this.pane('registers'); // one line for all of them
    }
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
