/** The shell of `doorbell vfio` on a terminal: with a prompt, a history, and completion by Tab. */
import { createInterface } from 'node:readline/promises';
import type { LabResult, VfioLab } from '@doorbell/lab';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { terminalOf } from './terminal.ts';

/** The ends of a terminal, or what stands for one. */
export interface PromptEnds {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WriteStream;
}

/** Until Ctrl-D, `exit` or `quit`. What was said is added to `results`. Ctrl-C ends it with its own exit code. */
export async function vfioPrompt(
  lab: VfioLab,
  results: LabResult[],
  { input, output }: PromptEnds = { input: process.stdin, output: process.stdout },
): Promise<ExitCode> {
  const { colors } = terminalOf(output);
  const lines = createInterface({
    input,
    output,
    completer: (line: string): [string[], string] => [
      [...lab.complete(line)],
      line.split(/\s+/).at(-1) ?? '',
    ],
  });
  let code: ExitCode = exitCodes.DONE;
  lines.on('SIGINT', () => {
    code = exitCodes.INTERRUPTED;
    lines.close();
  });
  const ask = (): void => {
    lines.setPrompt(`${lab.user.name}> `);
    lines.prompt();
  };
  output.write("'help' lists the commands; Ctrl-D leaves.\n");
  ask();
  for await (const line of lines) {
    if (/^\s*(exit|quit)\s*$/.test(line)) {
      break;
    }
    const result = lab.run(line);
    results.push(result);
    if (result.text !== '') {
      const isWell = result.status === 'done' && result.errno === undefined;
      output.write(`${isWell ? result.text : colors.red(result.text)}\n`);
    }
    ask();
  }
  lines.close();
  return code;
}
