/** Runs the command within the test, and holds what it writes. */
import { expect, vi } from 'vitest';
import { runCommand } from '../src/command.ts';
import type { ExitCode } from '../src/exit-code.ts';

interface Captured {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

function capture(stream: NodeJS.WriteStream): { text: () => string; end: () => void } {
  const written: string[] = [];
  const spy = vi.spyOn(stream, 'write').mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
  return {
    text: () => written.join(''),
    end: () => {
      spy.mockRestore();
    },
  };
}

/** `arguments` as one line, split at spaces. */
export async function doorbell(line: string): Promise<Captured> {
  const { error, ...all } = await captured(() => runCommand(line === '' ? [] : line.split(' ')));
  expect(error).toBeUndefined();
  return { ...all, code: all.code! };
}

/** What some work writes, and how it ends. */
export async function captured(work: () => ExitCode | Promise<ExitCode>): Promise<{
  readonly code?: ExitCode;
  readonly error?: unknown;
  readonly stdout: string;
  readonly stderr: string;
}> {
  const stdout = capture(process.stdout);
  const stderr = capture(process.stderr);
  try {
    const ended = await Promise.resolve()
      .then(work)
      .then(
        (code) => ({ code }),
        (error: unknown) => ({ error }),
      );
    return { ...ended, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.end();
    stderr.end();
  }
}
