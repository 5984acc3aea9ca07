/** `doorbell lspci`: a machine's functions, for people and for Debian's `lspci -F`. */
import { configSpaces, parseStacks, stackKinds } from '@doorbell/lab';
import type { Command } from 'commander';
import { formatConfigSpace } from './config-dump.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { loadProfile } from './profile-file.ts';
import { addStackFlags, givenStackOptions } from './stack-flags.ts';

interface LspciOptions {
  readonly stack: string;
  readonly host?: true;
}

export function defineLspci(command: Command): void {
  const known = [...stackKinds.keys()].join(', ');
  command
    .option('--stack <name>', `whose drivers look: ${known}`, 'native')
    .option('--host', "the functions of the host's bus instead, as they are themselves")
    .addHelpText('after', '\nDecode it with: doorbell lspci > FILE; lspci -vvv -F FILE');
  addStackFlags(command);
}

export function runLspci(options: LspciOptions): ExitCode {
  const [spec, ...more] = parseStacks(options.stack, givenStackOptions({ ...options }));
  if (more.length > 0) {
    throw new Failure(exitCodes.BAD_INPUT, `'${options.stack}' is more than one stack.`);
  }
  const view = options.host === true ? 'host' : 'driver';
  const dumps = configSpaces(spec, loadProfile('free'), view);
  const text = dumps.map(({ bdf, bytes }) => `${formatConfigSpace(bdf, bytes)}\n`);
  process.stdout.write(text.map((dump) => `${dump}\n`).join(''));
  return exitCodes.DONE;
}
