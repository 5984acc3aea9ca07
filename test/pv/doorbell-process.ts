/** The `doorbell` command in processes of its own, which no test leaves behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { CompareReport } from '@doorbell/lab';

const program = fileURLToPath(new URL('../../packages/cli/bin/doorbell.mjs', import.meta.url));
const TOKEN = 'of-the-test';

const running = new Set<DoorbellProcess>();

/** For `afterEach`: ends what a test that failed has left running. */
export async function endAll(): Promise<void> {
  await Promise.all([...running].map((process) => process.kill('SIGKILL')));
}

export class DoorbellProcess {
  readonly child: ChildProcess;
  /** The exit code, or the signal that ended it; once all that it wrote was read. */
  readonly ended: Promise<number | string>;
  stdout = '';
  stderr = '';
  private waiting: (() => void)[] = [];

  constructor(args: readonly string[]) {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: tmpdir(), // where pictures go that differ
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    running.add(this);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.look();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.look();
    });
    this.ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => {
      running.delete(this);
      this.look();
      return code ?? signal!;
    });
  }

  /** Resolves when it has written what matches. @throws Error when it ends before. */
  async wrote(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this[stream]);
      if (found !== null) {
        return found[0];
      }
      if (!running.has(this)) {
        throw new Error(`It ended without ${String(pattern)}:\n${this.stdout}${this.stderr}`);
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  async kill(signal: NodeJS.Signals): Promise<number | string> {
    this.child.kill(signal);
    return this.ended;
  }

  private look(): void {
    for (const resume of this.waiting.splice(0)) {
      resume();
    }
  }
}

/** A `doorbell serve --backend`. */
export class Backend {
  readonly process: DoorbellProcess;
  /** What `--backend` takes. */
  readonly address: string;

  /** @param port  0: one that is free. */
  static async start(port = 0, ...more: readonly string[]): Promise<Backend> {
    const listen = ['--listen', `127.0.0.1:${port}`, '--token', TOKEN];
    const process = new DoorbellProcess([
      ...['serve', '--backend', '--size', '64x48'],
      ...[...listen, ...more],
    ]);
    const address = await process.wrote('stdout', /^ws:\S+(?=\n)/);
    return new Backend(process, address);
  }

  private constructor(process: DoorbellProcess, address: string) {
    this.process = process;
    this.address = address;
  }

  get port(): number {
    return Number(new URL(this.address).port);
  }
}

/** Arguments of a comparison that prints its report. */
export function compareArgs(
  stacks: string,
  scene: string,
  frames: number,
  ...more: readonly string[]
): string[] {
  const what = ['--stacks', stacks, '--scene', scene, '--size', '64x48'];
  return ['compare', ...what, '--frames', String(frames), '--json', '-', ...more];
}

export function reportOf({ stdout }: Pick<DoorbellProcess, 'stdout'>): CompareReport {
  return JSON.parse(stdout) as CompareReport;
}
