/** `doorbell step` on a terminal: a key moves, and only lines that changed are drawn again. */
import { emitKeypressEvents } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { InputError, type StepShell } from '@doorbell/lab';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { screenLines, type ScreenSize, type ScreenState } from './layout.ts';

interface Key {
  readonly name?: string;
  readonly sequence?: string;
  readonly ctrl?: boolean;
}

const ENTER_SCREEN = '\x1b[?1049h\x1b[?25l';
const LEAVE_SCREEN = '\x1b[?25h\x1b[?1049l';
const statePanes = ['registers', 'rings', 'engines', 'counters', 'queues', 'iotlb', 'scanout'];
/** Keys that are a command as they are. */
const atOnce: ReadonlySet<string> = new Set(['n', 'p', 'N', 'P', 'r', 'R']);
const arrows: Readonly<Record<string, string>> = {
  ...{ down: 'n', up: 'p', right: 'N', left: 'P', tab: 'tab' },
};
/** Keys that begin a command whose rest is typed. */
const typedCommands: Readonly<Record<string, string>> = {
  ...{ b: 'b ', '/': '/ ', g: 'g ', w: 'who ', ':': '' },
};
const fallback: ScreenSize = { columns: 80, rows: 24 };

export class StepScreen {
  private readonly shell: StepShell;
  private readonly input: ReadStream;
  private readonly output: WriteStream;
  private drawn: readonly string[] = [];
  private pane = 0;
  private readonly panes: readonly string[];
  private state: ScreenState = { pane: '', lines: [], message: '', typed: undefined };
  /** Keys are taken one after the other. */
  private busy: Promise<void> = Promise.resolve();
  private ended: (code: ExitCode) => void = () => undefined;
  private failed: (error: unknown) => void = () => undefined;

  constructor(shell: StepShell, input: ReadStream, output: WriteStream) {
    this.shell = shell;
    this.input = input;
    this.output = output;
    const hasSource = shell.walk.cursors.some(({ recording }) => recording.source !== undefined);
    this.panes = hasSource ? ['source', ...statePanes] : statePanes;
  }

  /** Until q or Ctrl-C; the terminal is then as it was. */
  async run(): Promise<ExitCode> {
    const onKey = (_: string | undefined, key: Key): void => {
      this.busy = this.busy
        .then(() => this.onKey(key))
        .catch((error: unknown) => {
          this.failed(error);
        });
    };
    const onResize = (): void => {
      this.drawn = [];
      this.draw();
    };
    emitKeypressEvents(this.input);
    this.input.setRawMode(true);
    this.input.on('keypress', onKey);
    this.output.on('resize', onResize);
    this.output.write(ENTER_SCREEN);
    try {
      const end = new Promise<ExitCode>((resolve, reject) => {
        this.ended = resolve;
        this.failed = reject;
      });
      await this.showPane();
      this.draw();
      return await end;
    } finally {
      this.input.off('keypress', onKey);
      this.output.off('resize', onResize);
      this.input.setRawMode(false);
      this.input.pause();
      this.output.write(LEAVE_SCREEN);
    }
  }

  private async onKey(key: Key): Promise<void> {
    if (key.ctrl === true && key.name === 'c') {
      this.ended(exitCodes.INTERRUPTED);
      return;
    }
    const { typed } = this.state;
    await (typed === undefined ? this.command(key) : this.type(typed, key));
    this.draw();
  }

  private async command({ sequence = '', name = '' }: Key): Promise<void> {
    if (sequence === 'q') {
      this.ended(exitCodes.DONE);
    } else if (sequence === 'i') {
      this.pane = (this.pane + 1) % this.panes.length;
      await this.showPane();
    } else if (sequence === '?') {
      const lines = (await this.shell.run('help')).lines;
      this.state = { ...this.state, pane: 'help', lines };
    } else if (Object.hasOwn(typedCommands, sequence)) {
      this.state = { ...this.state, typed: typedCommands[sequence] };
    } else if (atOnce.has(sequence) || Object.hasOwn(arrows, name)) {
      await this.say(atOnce.has(sequence) ? sequence : arrows[name]);
    }
  }

  private async type(typed: string, { sequence = '', name = '' }: Key): Promise<void> {
    if (name === 'return' || name === 'enter') {
      this.state = { ...this.state, typed: undefined };
      await this.say(typed);
    } else if (name === 'escape') {
      this.state = { ...this.state, typed: undefined };
    } else if (name === 'backspace') {
      this.state = { ...this.state, typed: typed.slice(0, -1) };
    } else if (/^[^\p{Cc}]$/u.test(sequence)) {
      this.state = { ...this.state, typed: typed + sequence };
    }
  }

  /** Runs a line of the shell: one line of an answer is a message, more are a pane. */
  private async say(line: string): Promise<void> {
    const before = this.shell.walk.cursor.at;
    const side = this.shell.walk.side;
    try {
      const { lines, ends } = await this.shell.run(line);
      if (ends) {
        this.ended(exitCodes.DONE);
      }
      const isMove = this.shell.walk.cursor.at !== before || this.shell.walk.side !== side;
      this.state = { ...this.state, message: lines.at(0) ?? '' };
      if (isMove) {
        await this.showPane();
      } else if (lines.length > 1) {
        this.state = { ...this.state, pane: line, lines };
      }
    } catch (error) {
      if (!(error instanceof InputError)) {
        throw error;
      }
      this.state = { ...this.state, message: error.message };
    }
  }

  private async showPane(): Promise<void> {
    const pane = this.panes[this.pane];
    this.state = { ...this.state, pane, lines: await this.shell.pane(pane) };
  }

  private draw(): void {
    const { columns, rows } = this.output;
    const size = columns > 0 && rows > 0 ? { columns, rows } : fallback;
    const lines = screenLines(this.shell.walk, this.state, size);
    const changed = lines.flatMap((line, row) =>
      line === this.drawn[row] ? [] : [`\x1b[${row + 1};1H${line}\x1b[K`],
    );
    const clear = this.drawn.length === 0 ? '\x1b[2J' : '';
    this.output.write(`${clear}${changed.join('')}`);
    this.drawn = lines;
  }
}
