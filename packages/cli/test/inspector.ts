/** What an editor does with Node's inspector, as far as a test needs it: stops a program on a line of its source. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { SourceMap } from 'node:module';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

interface Breakpoint {
  readonly url: string;
  /** Of the source, from 1. */
  readonly line: number;
  /** A local whose value is asked for. */
  readonly local: string;
}

/** A message of the Chrome DevTools Protocol, as far as it is read here. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly scriptId?: string;
    readonly url?: string;
    readonly sourceMapURL?: string;
    readonly reason?: string;
    readonly callFrames?: readonly {
      readonly callFrameId: string;
      readonly location: { readonly lineNumber: number; readonly columnNumber: number };
    }[];
  };
  readonly result?: {
    readonly scriptSource?: string;
    readonly result?: { readonly value: unknown };
  };
}

interface Script {
  readonly id: string;
  readonly map: SourceMap;
}

/** Runs Node until it stops there. Gives where it says that it is, and what the local holds. */
export async function debugged(
  args: readonly string[],
  cwd: string,
  breakpoint: Breakpoint,
): Promise<{ readonly line: number; readonly value: unknown }> {
  const child = spawn(process.execPath, ['--inspect-brk=127.0.0.1:0', ...args], { cwd });
  try {
    for await (const said of createInterface(child.stderr)) {
      const address = /^Debugger listening on (ws:\S+)/.exec(said)?.[1];
      if (address !== undefined) {
        return await new Session(new WebSocket(address), breakpoint).run();
      }
    }
    throw new Error('Node says no address of its inspector.');
  } finally {
    child.kill('SIGKILL');
  }
}

class Session {
  private readonly socket: WebSocket;
  private readonly breakpoint: Breakpoint;
  private readonly answers = new Map<number, (message: Message) => void>();
  private script: Script | undefined;
  private ids = 0;

  constructor(socket: WebSocket, breakpoint: Breakpoint) {
    this.socket = socket;
    this.breakpoint = breakpoint;
  }

  async run(): Promise<{ readonly line: number; readonly value: unknown }> {
    await once(this.socket, 'open');
    const stopped = new Promise<Message>((resolve, reject) => {
      this.socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString()) as Message;
        this.hear(message, resolve).catch(reject);
      });
      this.socket.on('close', () => {
        reject(new Error('The program ended, and did not stop there.'));
      });
    });
    await this.ask('Runtime.enable');
    await this.ask('Debugger.enable');
    await this.ask('Runtime.runIfWaitingForDebugger');
    return this.look(await stopped);
  }

  private ask(method: string, params: object = {}): Promise<Message> {
    const id = ++this.ids;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => {
      this.answers.set(id, resolve);
    });
  }

  private async hear(message: Message, stopped: (at: Message) => void): Promise<void> {
    const { id, method, params = {} } = message;
    if (id !== undefined) {
      this.answers.get(id)?.(message);
    } else if (method === 'Debugger.scriptParsed' && params.url === this.breakpoint.url) {
      // It is parsed long before it runs: all other modules, and the stack, come between.
      this.script = { id: params.scriptId!, map: sourceMap(params.sourceMapURL!) };
      await this.setBreakpoint(this.script);
    } else if (method === 'Debugger.paused') {
      await this.paused(message, stopped);
    }
  }

  private async paused(message: Message, stopped: (at: Message) => void): Promise<void> {
    if (message.params?.reason === 'Break on start') {
      await this.ask('Debugger.resume');
    } else {
      stopped(message);
    }
  }

  /** Where the first code of the line is, in what Node runs. */
  private async setBreakpoint({ id, map }: Script): Promise<void> {
    const { result } = await this.ask('Debugger.getScriptSource', { scriptId: id });
    const lines = result!.scriptSource!.split('\n');
    for (let lineNumber = 0; lineNumber < lines.length; lineNumber++) {
      for (let columnNumber = 0; columnNumber < lines[lineNumber].length; columnNumber++) {
        const entry = map.findEntry(lineNumber, columnNumber);
        if ('originalLine' in entry && entry.originalLine === this.breakpoint.line - 1) {
          const location = { scriptId: id, lineNumber, columnNumber };
          await this.ask('Debugger.setBreakpoint', { location });
          return;
        }
      }
    }
    throw new Error(`No code is of line ${this.breakpoint.line}.`);
  }

  private async look({ params }: Message): Promise<{ line: number; value: unknown }> {
    const [{ callFrameId, location }] = params!.callFrames!;
    const entry = this.script!.map.findEntry(location.lineNumber, location.columnNumber);
    const { result } = await this.ask('Debugger.evaluateOnCallFrame', {
      ...{ callFrameId, expression: this.breakpoint.local },
    });
    const line = 'originalLine' in entry ? entry.originalLine + 1 : 0;
    return { line, value: result?.result?.value };
  }
}

/** @param url  with the map in it. */
function sourceMap(url: string): SourceMap {
  const [, base64] = url.split('base64,');
  return new SourceMap(JSON.parse(Buffer.from(base64, 'base64').toString()) as never);
}
