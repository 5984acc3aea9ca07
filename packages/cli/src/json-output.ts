/** Where `--json` goes: a file, or `-` for stdout. */
import { writeFileSync } from 'node:fs';
import { exitCodes } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';
import { checkOutput } from './output-file.ts';

export const TO_STDOUT = '-';

/** What is written names its schema: `doorbell.compare/1`. */
interface Named {
  readonly schema: `doorbell.${string}/${number}`;
}

/** Refuses a file that cannot be written, before the work is done rather than after it, and leaves none. */
export function checkJsonTarget(path: string | undefined): void {
  if (path === undefined || path === TO_STDOUT) {
    return;
  }
  if (path === '') {
    throw new Failure(exitCodes.BAD_INPUT, '--json is empty: give a file, or - for stdout.');
  }
  checkOutput('--json', path);
}

/** @param Report  one of those of json-reports.ts, from which the schemas are made. */
export function writeJson<Report extends Named>(path: string, report: NoInfer<Report>): void {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (path === TO_STDOUT) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw fileFailure(error, 'write', path);
  }
}
