/** `doorbell vfio`: who owns which device, by hand; from a script, or at a prompt. */
import { readFileSync } from 'node:fs';
import { VfioLab, vfioMachines, type LabResult } from '@doorbell/lab';
import type { Command } from 'commander';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';
import { checkJsonTarget, TO_STDOUT, writeJson } from './json-output.ts';
import { loadProfile } from './profile-file.ts';
import { terminalOf } from './terminal.ts';
import type { Act } from './verb.ts';
import { vfioPrompt } from './vfio-prompt.ts';

interface VfioOptions {
  readonly machine: string;
  readonly command?: readonly string[];
  readonly json?: string;
}

const STDIN = 0;

const helpText = `
Without a script it reads commands from the terminal, or from stdin; 'help' lists them. In a
script, a command that is refused ends it with exit code 1. Behind '!' a command is expected to be
refused, behind '! EPERM' with that errno.

Machines:
${Object.entries(vfioMachines)
  .map(([name, { doc }]) => `  ${name.padEnd(9)} ${doc}`)
  .join('\n')}`;

export function defineVfio(command: Command, act: Act): void {
  command
    .argument('[script]', 'a file of commands; - is stdin')
    .option('--machine <name>', 'the machine', 'board')
    .option('-c, --command <line...>', 'commands, in place of a script')
    .option('--json <file>', 'write what was said as JSON; - is stdout')
    .addHelpText('after', helpText)
    .action(act((script: string | undefined, options: VfioOptions) => runVfio(script, options)));
}

export interface VfioReport {
  readonly schema: 'doorbell.vfio/1';
  readonly machine: string;
  readonly commands: readonly LabResult[];
}

async function runVfio(script: string | undefined, options: VfioOptions): Promise<ExitCode> {
  const { machine, command, json } = options;
  checkJsonTarget(json);
  if (script !== undefined && command !== undefined) {
    throw new Failure(exitCodes.BAD_INPUT, 'Give a script or --command, not both.');
  }
  const lab = new VfioLab({ machine, profile: loadProfile('free') });
  const isAsked = script === undefined && command === undefined && process.stdin.isTTY;
  const results: LabResult[] = [];
  const code = isAsked
    ? await vfioPrompt(lab, results)
    : runScript(lab, command ?? readScript(script), json !== TO_STDOUT, results);
  if (json !== undefined) {
    writeJson<VfioReport>(json, { schema: 'doorbell.vfio/1', machine, commands: results });
  }
  return code;
}

function readScript(path: string | undefined): readonly string[] {
  const isStdin = path === undefined || path === '-';
  try {
    return readFileSync(isStdin ? STDIN : path, 'utf8').split('\n');
  } catch (error) {
    throw fileFailure(error, 'read', path ?? '-');
  }
}

/** Ends with the first command that goes wrong. */
function runScript(
  lab: VfioLab,
  lines: readonly string[],
  isShown: boolean,
  results: LabResult[],
): ExitCode {
  const { colors } = terminalOf(process.stdout);
  for (const [index, line] of lines.entries()) {
    const result = lab.run(line);
    results.push(result);
    if (result.status === 'wrong') {
      throw new Failure(exitCodes.BAD_INPUT, `Line ${index + 1}: ${result.text}`);
    }
    if (isShown && line.trim() !== '') {
      const text = result.text === '' ? '' : `${result.text}\n`;
      process.stdout.write(`${colors.dim(`vfio> ${line.trim()}`)}\n${text}`);
    }
    if (result.status === 'failed') {
      return exitCodes.CHECK_FAILED;
    }
  }
  return exitCodes.DONE;
}
