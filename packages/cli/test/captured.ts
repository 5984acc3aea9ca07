/** Runs the command within the test, and holds what it writes. */
import { vi } from 'vitest';
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
  const stdout = capture(process.stdout);
  const stderr = capture(process.stderr);
  try {
    const code = await runCommand(line === '' ? [] : line.split(' '));
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.end();
    stderr.end();
  }
}
