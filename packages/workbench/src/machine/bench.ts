/** Two recorded runs on the table: records them, walks through them, and says what a state holds. */
import {
  Aborted,
  checkFits,
  chromeTrace,
  compare,
  findBug,
  InputError,
  record,
  runOf,
  StepShell,
  type DumpRow,
  type EngineTimeline,
  type Environment,
  type PageWalk,
  type Picture,
  type Recording,
  type RunRequest,
  type VramQuery,
  type WalkQuery,
} from '@doorbell/lab';
import { proxy, type ProxyMarked } from 'comlink';
import { catalogue } from './catalogue.ts';
import type {
  Answer,
  Catalogue,
  Comparison,
  Frame,
  Inspection,
  LoggedTlp,
  OwnFile,
  PaneName,
  Place,
  RunListener,
  RunOptions,
  Side,
  SourceFile,
  Standing,
} from './contract.ts';
import { compareRequest, isElsewhere } from './request.ts';
import { inspectorOf, type Inspector } from './side-inspector.ts';
import { handedOver, sideOf } from './side.ts';
import type { Terminal } from './terminal/terminal.ts';
import { refusedRun, type Unrecorded } from './unrecorded.ts';

/** By their names in traces: `guest-driver/src/bell/ring.ts`. */
export type Sources = ReadonlyMap<string, SourceFile>;
/** One of the two on the table. */
type Laid = Recording | Unrecorded;

const NOT_RECORDED =
  'Nothing was recorded: there was no machine, or its backend is in another thread or process, where no virtual time is.';

const isRecorded = (laid: Laid): laid is Recording => 'events' in laid;

export class Bench {
  private readonly environment: Environment;
  private readonly sources: Promise<Sources>;
  /** Those that are there by now. */
  private files: Sources = new Map();
  private laid: readonly Laid[] = [];
  private shell: StepShell | undefined;
  private inspectors: Inspector[] = [];
  /** The machine that is recorded. It never rejects. */
  private recording: Promise<unknown> = Promise.resolve();
  /** Of the run that goes on: a new one ends it. */
  private signal = { aborted: false };

  /** @param sources  of the drivers; where they cannot be had, all else goes on. */
  constructor(environment: Environment, sources: Promise<Sources>) {
    this.environment = environment;
    this.sources = sources.catch(() => new Map());
    void this.sources.then((files) => {
      this.files = files;
    });
  }

  /** A new one, in this thread; its code is loaded when one is wanted. */
  async terminal(): Promise<Terminal & ProxyMarked> {
    const { Terminal: Loaded } = await import('./terminal/terminal.ts');
    return proxy(new Loaded(this.environment));
  }

  catalogue(): Catalogue {
    return catalogue();
  }

  // ------------------------------------------------------------------------------ recordings

  /** Runs and records the stacks one after the other. @throws InputError, Aborted */
  async run(options: RunOptions, listener: RunListener): Promise<readonly Side[]> {
    const signal = this.begin();
    const request = await compareRequest(options);
    const bug = options.bug === undefined ? undefined : findBug(options.bug);
    const laid: Laid[] = [];
    for (const spec of request.stacks) {
      if (bug !== undefined) {
        checkFits(bug, spec);
      }
      const heard = {
        ...{ ...request, signal },
        onProgress: (progress: { stack: string; frame: number; frames: number }) => {
          listener.progress(progress.stack, progress.frame, progress.frames);
        },
      };
      const run = {
        ...runOf(heard, spec),
        ...(bug === undefined ? {} : { bug }),
        onShown: (_frame: number, { picture }: { picture: Picture | undefined }, guest: number) => {
          if (guest === 0 && picture !== undefined) {
            listener.shown(spec.id, frameOf(picture));
          }
        },
      };
      laid.push(
        isElsewhere(spec)
          ? await (
              await import('./elsewhere.ts')
            ).runElsewhere(run, this.environment, options.backend, (state) => {
              listener.backend(state);
            })
          : await this.recorded(run, options.source),
      );
    }
    if (signal.aborted) {
      throw new Aborted('Another run has taken its place.');
    }
    return this.lay(laid, options.granularity);
  }

  /** @throws InputError, Aborted */
  private async recorded(run: RunRequest, source: boolean): Promise<Laid> {
    // Lines of source are followed in one machine at a time: one that is superseded ends first.
    const recording = this.recording.then(() => record(run, this.environment, { source }));
    this.recording = recording.catch(() => undefined);
    try {
      return await recording;
    } catch (error) {
      const refused = refusedRun(run, error);
      if (refused === undefined) {
        throw error;
      }
      return refused;
    }
  }

  /** @param granularity  as of a run's options. @throws InputError */
  async open({ name, bytes }: OwnFile, granularity?: string): Promise<readonly Side[]> {
    const { loadTrace } = await import('./files.ts');
    const recordings = loadTrace(name, bytes, this.environment.sha256);
    this.begin();
    return this.lay(recordings, granularity);
  }

  private begin(): { aborted: boolean } {
    this.signal.aborted = true;
    this.signal = { aborted: false };
    return this.signal;
  }

  private lay(laid: readonly Laid[], granularity: string | undefined): readonly Side[] {
    const pair = laid.slice(0, 2);
    const recordings = pair.filter(isRecorded);
    const shell =
      recordings.length === 0
        ? undefined
        : new StepShell(recordings, this.environment, {
            readSource: (file) => this.files.get(file)?.text,
            ...(granularity === undefined ? {} : { granularity, fixed: true }),
          });
    this.laid = pair;
    this.shell = shell;
    this.inspectors = [];
    return handedOver(pair.map((each) => (isRecorded(each) ? sideOf(each) : each.side)));
  }

  /** @throws InputError when there is none. */
  private get recordings(): readonly Recording[] {
    const recordings = this.laid.filter(isRecorded);
    if (recordings.length === 0) {
      throw new InputError(NOT_RECORDED);
    }
    return recordings;
  }

  /** As a file that `doorbell step` and this page open. */
  async save(): Promise<Uint8Array> {
    const { saveTrace } = await import('./files.ts');
    return saveTrace(this.recordings, this.environment.sha256);
  }

  /** As Perfetto opens it. */
  perfetto(): string {
    return JSON.stringify(chromeTrace(this.recordings));
  }

  /** The same run through many stacks, for its figures. @throws InputError */
  async compare(options: RunOptions): Promise<Comparison> {
    return (await compare(await compareRequest(options), this.environment)).report;
  }

  // ------------------------------------------------------------------------------ stepping

  private get walk(): StepShell['walk'] {
    if (this.shell === undefined) {
      throw new InputError(NOT_RECORDED);
    }
    return this.shell.walk;
  }

  /** Which of those that are walked through a side is; undefined where nothing was recorded. */
  private cursorAt(side: number): number | undefined {
    const laid = this.laid[side];
    return laid !== undefined && isRecorded(laid)
      ? this.laid.slice(0, side).filter(isRecorded).length
      : undefined;
  }

  /** A command as `doorbell step` has it. @throws InputError */
  async command(line: string): Promise<Answer> {
    const lines = this.shell === undefined ? [NOT_RECORDED] : (await this.shell.run(line)).lines;
    return { standing: this.standing(), lines };
  }

  /** From here on commands are for this one. */
  take(side: number): Standing {
    const cursor = this.cursorAt(side);
    if (cursor !== undefined) {
      this.walk.side = cursor;
    }
    return this.standing();
  }

  standing(): Standing {
    const walk = this.shell?.walk;
    const cursors = this.laid.map((_, side) => this.cursorAt(side));
    return {
      side: Math.max(
        0,
        cursors.findIndex((cursor) => cursor !== undefined && cursor === walk?.side),
      ),
      ...{ granularity: walk?.granularity ?? 'access', breakpoints: walk?.breakpoints ?? [] },
      places: cursors.map((cursor) =>
        walk === undefined || cursor === undefined ? nowhere : placeOf(walk.cursors[cursor]),
      ),
    };
  }

  // ------------------------------------------------------------------------------ states

  /** What a pane shows; undefined where nothing was recorded. @param event  undefined: where the side stands */
  async inspect(side: number, pane: PaneName, event?: number): Promise<Inspection | undefined> {
    return this.side(side)?.inspect(pane, event);
  }

  /** Undefined: there is no such function or channel. */
  async walkPages(side: number, query: WalkQuery): Promise<PageWalk | undefined> {
    return this.side(side)?.walkPages(query);
  }

  /** Undefined: there is no such GPU, or the address lies beyond the end of its VRAM. */
  async vram(side: number, query: VramQuery): Promise<readonly DumpRow[] | undefined> {
    return this.side(side)?.vram(query);
  }

  /** Who had each shared set of engines, and who waited, over the whole run. */
  async engineTimelines(side: number): Promise<readonly EngineTimeline[]> {
    return this.side(side)?.engineTimelines() ?? [];
  }

  /** PCI Express packets, from one's number on. */
  packetsFrom(side: number, first: number): readonly LoggedTlp[] {
    return this.side(side)?.packetsFrom(first) ?? [];
  }

  /** Undefined: nothing was recorded, or the run that is asked for has been replaced. */
  private side(side: number): Inspector | undefined {
    const at = this.cursorAt(side);
    return at === undefined
      ? undefined
      : (this.inspectors[side] ??= inspectorOf(this.walk.cursors[at]));
  }

  async scanout(side: number): Promise<Frame | undefined> {
    const laid = this.laid[side];
    if (laid !== undefined && !isRecorded(laid)) {
      return laid.frame;
    }
    const picture = await this.side(side)?.scanout();
    return picture && frameOf(picture);
  }

  async source(file: string): Promise<SourceFile | undefined> {
    return (await this.sources).get(file);
  }

  async png({ width, height, pixels }: Frame): Promise<Uint8Array> {
    const { encodePng } = await import('./files.ts');
    return encodePng({ width, height, pixels });
  }
}

const nowhere: Place = {
  ...{ at: 0, text: 'not recorded', request: 0, time: 0 },
  ...{ line: undefined, lastLine: undefined, locals: '', causes: [] },
};

function placeOf(cursor: StepShell['walk']['cursor']): Place {
  const { at, event, locals } = cursor;
  const line = cursor.placeOf(event);
  return {
    ...{ at, locals, line, lastLine: cursor.lastPlace() },
    ...{ time: event?.time ?? 0, request: event?.request ?? 0 },
    text: event === undefined ? 'before the first event' : cursor.text(event),
    causes: cursor.causes().map((cause) => ({ id: cause.id, text: cursor.text(cause) })),
  };
}

function frameOf({ width, height, pixels }: Picture): Frame {
  return { width, height, pixels: pixels.slice() };
}
