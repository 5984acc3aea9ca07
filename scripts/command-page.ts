/** docs/reference/cli.md: every verb with its arguments and options, from the program itself. */
import { blocks, table } from '../packages/abi/src/reference/markdown.ts';
import { wholeProgram } from '../packages/cli/src/command.ts';

type Command = Awaited<ReturnType<typeof wholeProgram>>;

/** Of the help texts that are shown as they are. */
const COLUMNS = 100;

const intro =
  'Every verb of `doorbell`, with its arguments and its options; `npx doorbell VERB --help` says the same on a terminal. Results go to stdout and progress to stderr. What `--json` writes [has schemas](json.md).';

export async function commandPage(): Promise<string> {
  const program = await wholeProgram();
  const text = blocks(
    '# The command',
    '<!-- Made by `npm run reference` from packages/cli/src. Edit that, not this. -->',
    intro,
    furtherHelp(program),
    ...program.commands.map((command) => section(command, 'doorbell', 2)),
  );
  return `${text}\n`;
}

function section(command: Command, parent: string, level: number): string {
  const name = `${parent} ${command.name()}`;
  return blocks(
    `${'#'.repeat(level)} ${name}`,
    sentence(command.description()),
    fenced(`${name} ${command.usage()}`.trimEnd()),
    argumentTable(command),
    optionTable(command),
    furtherHelp(command),
    ...command.commands.map((each) => section(each, name, level + 1)),
  );
}

function argumentTable(command: Command): string {
  const help = command.createHelp();
  const rows = help
    .visibleArguments(command)
    .map((each) => [`\`${each.name()}\``, help.argumentDescription(each)]);
  return rows.length === 0 ? '' : table(['argument', 'is'], rows);
}

function optionTable(command: Command): string {
  const help = command.createHelp();
  const rows = help
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help')
    .map((each) => [`\`${help.optionTerm(each)}\``, plain(help.optionDescription(each))]);
  return rows.length === 0 ? '' : table(['option', 'does'], rows);
}

/** What stands in angle brackets in a help text would be HTML on a page. */
function plain(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('*', '\\*');
}

/** What its help says behind the options. */
function furtherHelp(command: Command): string {
  let written = '';
  command.configureOutput({
    writeOut: (text) => (written += text),
    getOutHelpWidth: () => COLUMNS,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  const further = written.slice(command.helpInformation().length).trim();
  return further === '' ? '' : fenced(further);
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
