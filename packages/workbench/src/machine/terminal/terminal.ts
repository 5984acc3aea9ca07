/**
 * A terminal for what is text: the commands `vfio`, `sensitive` and `lspci` of `doorbell`, and the
 * shell of `vfio`, which goes on until `exit`.
 */
import { InputError, stackKinds, VfioLab, type Environment } from '@doorbell/lab';
import { shellWords } from '../../shell-words.ts';
import { FIRST_PROMPT, type Said } from '../contract.ts';
import { profileOf } from '../request.ts';
import { parseFlags, type Takes } from './flags.ts';
import { lspciFlags, lspciReport, sensitiveFlags, sensitiveReport } from './reports.ts';

const vfioFlags: Readonly<Record<string, Takes>> = { machine: 'value', command: 'words' };

/** What a verb takes, and what it is for. */
const verbs: ReadonlyMap<
  string,
  { readonly doc: string; readonly flags: () => Readonly<Record<string, Takes>> }
> = new Map([
  ['vfio', { doc: 'a shell in which devices are given away by hand', flags: () => vfioFlags }],
  [
    'sensitive',
    { doc: 'which accesses of a guest reach what it shares with others', flags: sensitiveFlags },
  ],
  ['lspci', { doc: 'the PCI functions that a driver finds', flags: lspciFlags }],
]);

/** Whether a terminal does a line as it stands. */
export function isKnown(line: string): boolean {
  const [npx, doorbell, name = '', ...rest] = shellWords(line);
  const verb = npx === 'npx' && doorbell === 'doorbell' ? verbs.get(name) : undefined;
  if (verb === undefined) {
    return false;
  }
  try {
    parseFlags(name, rest, verb.flags());
    return true;
  } catch (error) {
    if (error instanceof InputError) {
      return false;
    }
    throw error;
  }
}

export class Terminal {
  private readonly environment: Environment;
  /** While its shell goes on. */
  private shell: VfioLab | undefined;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  /** Lines are done one after the other; what is wrong with one is said, and nothing is thrown. */
  async run(line: string): Promise<Said> {
    try {
      return this.said(await this.answer(line));
    } catch (error) {
      if (error instanceof InputError) {
        return this.said({ text: error.message, isWrong: true });
      }
      throw error;
    }
  }

  /** Words that may stand at the end of the line. */
  complete(line: string): readonly string[] {
    const command = line.replace(/^\s*(?:npx\s+)?doorbell\s+/, '');
    if (this.shell !== undefined && command === line) {
      return this.shell.complete(line);
    }
    const [verb = '', ...rest] = command.trimStart().split(/\s+/);
    const last = rest.at(-1) ?? verb;
    const flags = Object.keys(verbs.get(verb)?.flags() ?? {}).map((flag) => `--${flag}`);
    const known = rest.length === 0 ? ['help', ...verbs.keys()] : [...flags, ...stackKinds.keys()];
    return known.filter((word) => word.startsWith(last));
  }

  private said({ text, isWrong }: Pick<Said, 'text' | 'isWrong'>): Said {
    const prompt = this.shell === undefined ? FIRST_PROMPT : `${this.shell.user.name}>`;
    return { text, isWrong, prompt };
  }

  private async answer(line: string): Promise<Pick<Said, 'text' | 'isWrong'>> {
    const words = shellWords(line);
    const isOfDoorbell = /^\s*(?:npx\s+)?doorbell\b/.test(line);
    if (this.shell !== undefined && !isOfDoorbell) {
      return this.inShell(this.shell, line);
    }
    const [verb, ...rest] = isOfDoorbell ? words.slice(words.indexOf('doorbell') + 1) : words;
    switch (verb) {
      case undefined:
        return well(isOfDoorbell ? help() : '');
      case 'help':
        return well(help());
      case 'vfio':
        return this.vfio(rest);
      case 'sensitive':
        return well(await sensitiveReport(rest, this.environment));
      case 'lspci':
        return well(lspciReport(rest));
      default:
        throw new InputError(
          `This terminal knows ${[...verbs.keys()].join(', ')} and help; '${verb}' is for a terminal of your own.`,
        );
    }
  }

  private inShell(shell: VfioLab, line: string): Pick<Said, 'text' | 'isWrong'> {
    if (/^\s*(exit|quit)\s*$/.test(line)) {
      this.shell = undefined;
      return well('');
    }
    const { text, status } = shell.run(line);
    return { text, isWrong: status !== 'done' };
  }

  /** Without `-c` the shell stays; with it the lines are done on a machine of their own. */
  private vfio(words: readonly string[]): Pick<Said, 'text' | 'isWrong'> {
    const flags = parseFlags('vfio', words, vfioFlags);
    const [machine = 'board'] = flags.get('machine') ?? [];
    const lab = new VfioLab({ machine, profile: profileOf('free') });
    const lines = flags.get('command');
    if (lines === undefined) {
      this.shell = lab;
      return well("'help' lists the commands; 'exit' leaves.");
    }
    const shown: string[] = [];
    for (const line of lines) {
      const { text, status } = lab.run(line);
      shown.push(`vfio> ${line.trim()}`, ...(text === '' ? [] : [text]));
      if (status !== 'done') {
        return { text: shown.join('\n'), isWrong: true };
      }
    }
    return well(shown.join('\n'));
  }
}

function well(text: string): Pick<Said, 'text' | 'isWrong'> {
  return { text, isWrong: false };
}

function help(): string {
  return [
    ...[...verbs].map(([name, { doc, flags }]) => {
      const known = Object.keys(flags())
        .slice(0, 4)
        .map((flag) => `--${flag}`);
      return `${name.padEnd(10)} ${doc}\n${' '.repeat(11)}${known.join(' ')}`;
    }),
    "With or without 'npx doorbell' before it. Every other command is for a terminal of your own.",
  ].join('\n');
}
