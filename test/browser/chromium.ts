/** The Chromium that the page is tested in. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium as engine, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** `$DOORBELL_CHROMIUM`, or the first of those names on the path. */
function find(): string | undefined {
  const { DOORBELL_CHROMIUM: own = '', PATH = '' } = process.env;
  const all = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return (own === '' ? all : [own]).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const program = find();

/** Whether the tests have a browser; where it is required, they do not go on without. */
export const hasChromium = program !== undefined || process.env.DOORBELL_REQUIRE_PEERS === '1';

if (program === undefined) {
  process.stderr.write(
    'The workbench is not tested: there is no Chromium. apt-get install chromium gets one; $DOORBELL_CHROMIUM names another.\n',
  );
}

/** @param more  arguments of Chromium's. @throws Error when there is none. */
export async function startChromium(more: readonly string[] = []): Promise<Browser> {
  if (program === undefined) {
    throw new Error('There is no Chromium, and DOORBELL_REQUIRE_PEERS asks for one.');
  }
  return engine.launch({
    executablePath: program,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
      ...more,
    ],
  });
}
