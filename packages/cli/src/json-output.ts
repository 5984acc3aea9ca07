/** Where `--json` goes: a file, or `-` for stdout. */
import { writeFileSync } from 'node:fs';
import { exitCodes } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';
import type { JsonReport } from './json-reports.ts';
import { checkOutput } from './output-file.ts';

export const TO_STDOUT = '-';

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

export function writeJson(path: string, report: JsonReport): void {
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
