/** Two recorded runs on the table: records them, walks through them, and says what a state holds. */
import {
  checkFits,
  chromeTrace,
  compare,
  encodePng,
  eventText,
  findBug,
  InputError,
  loadTrace,
  parseStacks,
  record,
  runOf,
  saveTrace,
  scanoutOf,
  stateHash,
  StepShell,
  type Environment,
  type PageWalk,
  type Picture,
  type Recording,
  type WalkQuery,
} from '@doorbell/lab';
import { catalogue } from './catalogue.ts';
import type {
  Answer,
  Catalogue,
  Comparison,
  Frame,
  Inspection,
  OwnFile,
  PaneName,
  Place,
  RunListener,
  RunOptions,
  Side,
  Standing,
} from './contract.ts';
import { compareRequest } from './request.ts';
import { SideInspector } from './side-inspector.ts';

type ReadSource = (file: string) => string | undefined;

export class Bench {
  private readonly environment: Environment;
  private readonly readSource: ReadSource;
  private recordings: readonly Recording[] = [];
  private shell: StepShell | undefined;
  private inspectors: SideInspector[] = [];
  /** Of the run that goes on: a new one ends it. */
  private signal = { aborted: false };

  constructor(environment: Environment, readSource: ReadSource) {
    this.environment = environment;
    this.readSource = readSource;
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
    const recordings: Recording[] = [];
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
      recordings.push(await record(run, this.environment, { source: options.source }));
    }
    return this.lay(recordings);
  }

  /** @throws InputError */
  open({ name, bytes }: OwnFile): readonly Side[] {
    this.begin();
    return this.lay(loadTrace(name, bytes, this.environment.sha256));
  }

  private begin(): { aborted: boolean } {
    this.signal.aborted = true;
    this.signal = { aborted: false };
    return this.signal;
  }

  private lay(recordings: readonly Recording[]): readonly Side[] {
    const shell = new StepShell(recordings.slice(0, 2), this.environment, {
      readSource: this.readSource,
    });
    this.recordings = recordings.slice(0, 2);
    this.shell = shell;
    this.inspectors = [];
    return this.recordings.map(sideOf);
  }

  /** As a file that `doorbell step` and this page open. */
  save(): Uint8Array {
    return saveTrace(this.recordings, this.environment.sha256);
  }

  /** As Perfetto opens it. */
  perfetto(): string {
    return JSON.stringify(chromeTrace(this.recordings));
  }

  /** The same run through many stacks, for its figures. @throws InputError, Aborted */
  async compare(options: RunOptions): Promise<Comparison> {
    const signal = this.begin();
    const request = await compareRequest(options);
    return (await compare({ ...request, signal }, this.environment)).report;
  }

  // ------------------------------------------------------------------------------ stepping

  private get walk(): StepShell['walk'] {
    return this.session().walk;
  }

  private session(): StepShell {
    if (this.shell === undefined) {
      throw new InputError('Nothing was recorded yet.');
    }
    return this.shell;
  }

  /** A command as `doorbell step` has it. @throws InputError */
  async command(line: string): Promise<Answer> {
    const { lines } = await this.session().run(line);
    return { standing: this.standing(), lines };
  }

  /** From here on commands are for this one. */
  take(side: number): Standing {
    const { walk } = this;
    if (walk.cursors[side] !== undefined) {
      walk.side = side;
    }
    return this.standing();
  }

  standing(): Standing {
    const { walk } = this;
    const { side, granularity } = walk;
    return {
      ...{ side, granularity, breakpoints: walk.breakpoints },
      places: walk.cursors.map((cursor): Place => {
        const { at, event, locals, registers } = cursor;
        const line = cursor.placeOf(event);
        return {
          ...{ at, locals, line, time: event?.time ?? 0, request: event?.request ?? 0 },
          text: event === undefined ? 'before the first event' : eventText(event, registers),
          causes: cursor
            .causes()
            .map((cause) => ({ id: cause.id, text: eventText(cause, registers) })),
        };
      }),
    };
  }

  // ------------------------------------------------------------------------------ states

  /** What a pane shows. @param event  undefined: where the side stands */
  async inspect(side: number, pane: PaneName, event?: number): Promise<Inspection> {
    return this.side(side).inspect(pane, event);
  }

  /** Undefined: there is no such function or channel. */
  async walkPages(side: number, query: WalkQuery): Promise<PageWalk | undefined> {
    return this.side(side).walkPages(query);
  }

  private side(side: number): SideInspector {
    const cursor = this.walk.cursors[side];
    return (this.inspectors[side] ??= new SideInspector(cursor));
  }

  async scanout(side: number): Promise<Frame | undefined> {
    const picture = scanoutOf(await this.walk.cursors[side].state());
    return picture && frameOf(picture);
  }

  async stateHash(side: number): Promise<string> {
    return stateHash(await this.walk.cursors[side].state(), this.environment);
  }

  source(file: string): string | undefined {
    return this.readSource(file);
  }

  png({ width, height, pixels }: Frame): Uint8Array {
    return encodePng({ width, height, pixels });
  }
}

function frameOf({ width, height, pixels }: Picture): Frame {
  return { width, height, pixels: pixels.slice() };
}

function sideOf({ request, events, source, report, error, explanation }: Recording): Side {
  const [{ kind }] = parseStacks(request.stack);
  return {
    name: request.stack,
    term: kind.term,
    ...{ scene: request.scene, guests: request.guests?.length ?? 1 },
    ...{ columns: events.save(), lines: source?.lines ?? [], report, error, explanation },
  };
}
