/** `doorbell trace export`: a trace in a format of others. */
import { chromeTrace, countsCsv, type Recording } from '@doorbell/lab';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { TO_STDOUT } from './json-output.ts';
import { checkOutput, writeOutput } from './output-file.ts';
import { readTrace } from './trace-file.ts';

export interface ExportOptions {
  readonly format: string;
  readonly out: string;
}

type Format = (recordings: readonly Recording[]) => string;

const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['perfetto', (recordings) => `${JSON.stringify(chromeTrace(recordings))}\n`],
  ['csv', countsCsv],
]);

export function exportTrace(file: string, { format, out }: ExportOptions): ExitCode {
  const write = formats.get(format);
  if (write === undefined) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `There is no format '${format}'; there is ${[...formats.keys()].join(', ')}.`,
    );
  }
  if (out === TO_STDOUT) {
    process.stdout.write(write(readTrace(file)));
    return exitCodes.DONE;
  }
  checkOutput('--out', out);
  writeOutput(out, write(readTrace(file)));
  return exitCodes.DONE;
}
