/**
 * The qtest protocol: a line per command, a line per answer, in the same order (QEMU,
 * system/qtest.c). Lines that begin with IRQ come between answers.
 */
import { QemuError } from '../qemu/qemu-error.ts';

/** QEMU refused a command, or answered with what is no answer. */
export class QtestError extends QemuError {
  override readonly name = 'QtestError';
  readonly command: string;
  readonly answer: string;

  constructor(command: string, answer: string) {
    super(`QEMU answered the qtest command "${shorten(command)}" with "${shorten(answer)}".`);
    this.command = command;
    this.answer = answer;
  }
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** Both directions of a connection. Both block. */
export interface QtestStream {
  /** All of it. */
  write(text: string): void;
  /** What came, at least a character; empty when the other end has ended. */
  read(): string;
}

/** Answers that may stand out. All of them fit into a pipe, so that QEMU never waits for us. */
const MOST_OUTSTANDING = 1024;
/** Characters of commands that are held back at most. */
const MOST_HELD = 16 << 10;

export class QtestConnection {
  private readonly stream: QtestStream;
  private readonly onLine: (line: number, high: boolean) => void;
  /** Commands whose answer has not been read, oldest first. */
  private readonly outstanding: string[] = [];
  /** Commands that have not been written. */
  private held = '';
  private readonly lines: string[] = [];
  private partial = '';
  /** Why nothing can be sent any more. */
  private failure: Error | undefined;

  /** @param onLine  is told when an intercepted interrupt line changes. */
  constructor(stream: QtestStream, onLine: (line: number, high: boolean) => void) {
    this.stream = stream;
    this.onLine = onLine;
  }

  /** Whoever sends a command from now on is told why that is too late. */
  close(reason: Error): void {
    this.failure ??= reason;
  }

  /** Sends a command and gives what follows OK. @throws QtestError, QemuError */
  ask(command: string): string {
    return this.askAll([command])[0];
  }

  /** Several at once; together shorter than a pipe is. */
  askAll(commands: readonly string[]): readonly string[] {
    for (const command of commands) {
      this.hold(command);
    }
    this.flush();
    while (this.outstanding.length > commands.length) {
      this.takeAnswer();
    }
    return commands.map(() => this.takeAnswer());
  }

  /** Sends a command, now or soon; a later call finds out whether QEMU did it. */
  post(command: string): void {
    if (this.outstanding.length >= MOST_OUTSTANDING) {
      this.settle();
    }
    if (this.held === '') {
      queueMicrotask(this.flushLater);
    }
    this.hold(command);
    if (this.held.length > MOST_HELD) {
      this.flush();
    }
  }

  /** Returns when QEMU has done all that was posted. */
  settle(): void {
    this.flush();
    while (this.outstanding.length > 0) {
      this.takeAnswer();
    }
  }

  /** Writes what is held back. */
  flush(): void {
    if (this.failure !== undefined) {
      throw this.failure;
    }
    const { held } = this;
    if (held !== '') {
      this.held = '';
      this.stream.write(held);
    }
  }

  private readonly flushLater = (): void => {
    try {
      this.flush();
    } catch (error) {
      this.close(error as Error);
    }
  };

  private hold(command: string): void {
    this.outstanding.push(command);
    this.held += `${command}\n`;
  }

  private takeAnswer(): string {
    const line = this.nextLine();
    const command = this.outstanding.shift()!;
    if (line !== 'OK' && !line.startsWith('OK ')) {
      throw new QtestError(command, line);
    }
    return line.slice(3);
  }

  /** The next line that is an answer. */
  private nextLine(): string {
    for (;;) {
      const line = this.lines.shift();
      if (line === undefined) {
        this.receive();
        continue;
      }
      const irq = /^IRQ (raise|lower) (\d+)$/.exec(line);
      if (irq === null) {
        return line;
      }
      this.onLine(Number(irq[2]), irq[1] === 'raise');
    }
  }

  private receive(): void {
    const text = this.stream.read();
    if (text === '') {
      throw new QemuError(`QEMU ended before it answered "${shorten(this.outstanding[0])}".`);
    }
    const lines = (this.partial + text).split('\n');
    this.partial = lines.pop()!;
    this.lines.push(...lines);
  }
}
