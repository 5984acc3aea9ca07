/** What is under way, on stderr: one line that moves on a terminal, else a line per step. */
import type { Terminal } from './terminal.ts';

export interface StatusLine {
  /** `detail` may change often; where lines cannot be rewritten it is left out. */
  show(step: string, detail?: string): void;
  /** Takes the line away while something else is written to the terminal. */
  around(write: () => void): void;
  stop(): void;
}

const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const FRAME_MS = 100;
const ERASE = '\r\x1b[2K';

export function statusLineOn(stream: NodeJS.WriteStream, terminal: Terminal): StatusLine {
  return terminal.isTerminal ? new MovingLine(stream, terminal) : plainLines(stream);
}

/** Says nothing. */
export const silentLine: StatusLine = {
  show: () => undefined,
  around: (write) => {
    write();
  },
  stop: () => undefined,
};

function plainLines(stream: NodeJS.WriteStream): StatusLine {
  let last = '';
  return {
    ...silentLine,
    show: (step) => {
      if (step !== last) {
        last = step;
        stream.write(`${step}\n`);
      }
    },
  };
}

class MovingLine implements StatusLine {
  private readonly stream: NodeJS.WriteStream;
  private readonly terminal: Terminal;
  private timer: NodeJS.Timeout | undefined;
  private text = '';
  private frame = 0;

  constructor(stream: NodeJS.WriteStream, terminal: Terminal) {
    this.stream = stream;
    this.terminal = terminal;
  }

  show(step: string, detail = ''): void {
    this.text = detail === '' ? step : `${step}  ${detail}`;
    this.draw();
    this.timer ??= setInterval(() => {
      this.frame++;
      this.draw();
    }, FRAME_MS).unref();
  }

  around(write: () => void): void {
    if (this.timer !== undefined) {
      this.stream.write(ERASE);
    }
    write();
    if (this.timer !== undefined) {
      this.draw();
    }
  }

  stop(): void {
    if (this.timer !== undefined) {
      clearInterval(this.timer);
      this.timer = undefined;
      this.stream.write(ERASE);
    }
  }

  private draw(): void {
    const { columns, colors } = this.terminal;
    const spinner = colors.cyan(SPINNER[this.frame % SPINNER.length]);
    this.stream.write(`${ERASE}${spinner} ${this.text.slice(0, columns - 3)}`);
  }
}
