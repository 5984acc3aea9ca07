/** `doorbell lspci`: a machine's functions, for people and for Debian's `lspci -F`. */
import { functionDumps, parseStacks, stackKinds } from '@doorbell/lab';
import { lspciText } from '@doorbell/lab/text';
import type { Command } from 'commander';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { loadProfile } from './profile-file.ts';
import { addStackFlags, givenStackOptions } from './stack-flags.ts';

interface LspciOptions {
  readonly stack: string;
  readonly host?: boolean;
  readonly tree?: boolean;
}

export function defineLspci(command: Command): void {
  const known = [...stackKinds.keys()].join(', ');
  command
    .option('--stack <name>', `whose drivers look: ${known}`, 'native')
    .option(
      '--host',
      'the physical machine that the stack is on, in place of where its drivers are',
    )
    .option(
      '--tree',
      "the tree as `lspci -t` prints it, then each function's IOMMU group and driver",
    )
    .addHelpText('after', '\nDecode it with: doorbell lspci > FILE; lspci -vvv -F FILE');
  addStackFlags(command);
}

export function runLspci(options: LspciOptions): ExitCode {
  const [spec, ...more] = parseStacks(options.stack, givenStackOptions({ ...options }));
  if (more.length > 0) {
    throw new Failure(exitCodes.BAD_INPUT, `'${options.stack}' is more than one stack.`);
  }
  const where = options.host === true ? 'host' : 'drivers';
  const dumps = functionDumps(spec, loadProfile('free'), where);
  process.stdout.write(lspciText(dumps, options.tree === true));
  return exitCodes.DONE;
}
