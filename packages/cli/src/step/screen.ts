/** `doorbell step` on a terminal: a key moves, and only lines that changed are drawn again. */
import { emitKeypressEvents } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { InputError, type StepShell } from '@doorbell/lab';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { paneRows, screenLines, type ScreenSize, type ScreenState } from './layout.ts';

interface Key {
  readonly name?: string;
  readonly sequence?: string;
  readonly ctrl?: boolean;
}

const ENTER_SCREEN = '\x1b[?1049h\x1b[?25l';
const LEAVE_SCREEN = '\x1b[?25h\x1b[?1049l';
const statePanes = [
  ...['registers', 'rings', 'engines', 'counters', 'queues', 'iotlb', 'scanout'],
  ...['ownership', 'scheduler', 'vram'],
];
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
  private state: ScreenState = {
    ...{ pane: '', lines: [], top: 0, isWhole: false },
    ...{ message: '', typed: undefined },
  };
  /** Keys are taken one after the other. */
  private busy: Promise<void> = Promise.resolve();
  private ended: (code: ExitCode) => void = () => undefined;
  private failed: (error: unknown) => void = () => undefined;

  constructor(shell: StepShell, input: ReadStream, output: WriteStream) {
    this.shell = shell;
    this.input = input;
    this.output = output;
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
      this.pane = (this.pane + 1) % statePanes.length;
      await this.showPane();
    } else if (sequence === '?') {
      this.showAnswer('help', (await this.shell.run('help')).lines);
    } else if (sequence === ' ') {
      const top = this.state.top + paneRows(this.size.rows);
      this.state = { ...this.state, top: top < this.state.lines.length ? top : 0 };
    } else if (Object.hasOwn(typedCommands, sequence)) {
      this.state = { ...this.state, typed: typedCommands[sequence] };
    } else if (atOnce.has(sequence) || Object.hasOwn(arrows, name)) {
      await this.say(atOnce.has(sequence) ? sequence : arrows[name], true);
    } else if (this.state.isWhole) {
      await this.showPane();
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

  /**
   * Runs a line of the shell: one line of an answer is a message, more have the screen until a key.
   * What a key's own command answers is a message, however it goes.
   */
  private async say(line: string, isKey = false): Promise<void> {
    const before = this.shell.walk.cursor.at;
    const side = this.shell.walk.side;
    try {
      const { lines, ends } = await this.shell.run(line);
      if (ends) {
        this.ended(exitCodes.DONE);
      }
      const isMove = this.shell.walk.cursor.at !== before || this.shell.walk.side !== side;
      this.state = { ...this.state, message: isKey ? lines.join('  ') : (lines.at(0) ?? '') };
      if (isKey || isMove) {
        await this.showPane();
      } else if (lines.length > 1) {
        this.showAnswer(line, lines);
      }
    } catch (error) {
      if (!(error instanceof InputError)) {
        throw error;
      }
      this.state = { ...this.state, message: error.message };
    }
  }

  private async showPane(): Promise<void> {
    const pane = statePanes[this.pane];
    const lines = await this.shell.pane(pane);
    this.state = { ...this.state, pane, lines, top: 0, isWhole: false };
  }

  private showAnswer(pane: string, lines: readonly string[]): void {
    this.state = { ...this.state, pane, lines, top: 0, isWhole: true };
  }

  private get size(): ScreenSize {
    const { columns, rows } = this.output;
    return columns > 0 && rows > 0 ? { columns, rows } : fallback;
  }

  private draw(): void {
    const lines = screenLines(this.shell.walk, this.state, this.size);
    const changed = lines.flatMap((line, row) =>
      line === this.drawn[row] ? [] : [`\x1b[${row + 1};1H${line}\x1b[K`],
    );
    const clear = this.drawn.length === 0 ? '\x1b[2J' : '';
    this.output.write(`${clear}${changed.join('')}`);
    this.drawn = lines;
  }
}
