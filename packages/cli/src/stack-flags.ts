/** The options of stacks as bare flags, which apply to every stack that has them. */
import { optionChoices, optionValues, sharingOptions, stackKinds } from '@doorbell/lab';
import { Option, type Command } from 'commander';

interface Flag {
  /** The option's name, and the flag's. */
  readonly name: string;
  readonly flag: string;
  readonly values: readonly string[];
  /** As the help shows them. */
  readonly shown: string;
  readonly stacks: readonly string[];
  /** The values that some of these stacks refuse, with those stacks: `off: not for passthrough`. */
  readonly refused: readonly string[];
}

function stackFlags(): Flag[] {
  const kinds = [...stackKinds.values()];
  const names = new Set(kinds.flatMap(({ options }) => Object.keys(options)));
  return [...names].map((name) => {
    const having = kinds.filter(({ options }) => name in options);
    const values = [...new Set(having.flatMap(({ options }) => optionChoices(options[name])))];
    const refused = values.flatMap((value) => {
      const without = having.filter(({ options }) => !optionChoices(options[name]).includes(value));
      const kinds = without.map((kind) => kind.name).join(', ');
      return kinds === '' ? [] : [`${value}: not for ${kinds}`];
    });
    const [{ options }] = having;
    const { flag = name, range } = options[name];
    const shown = range === undefined ? values.join('|') : optionValues(options[name]);
    return { name, flag, values, shown, stacks: having.map((kind) => kind.name), refused };
  });
}

function optionOf({ name, flag, values, shown, stacks, refused }: Flag): Option {
  const whose = Object.hasOwn(sharingOptions, name)
    ? `of every stack: ${sharingOptions[name].doc}`
    : `of ${stacks.join(', ')}`;
  const doc = [whose, ...refused].join('; ');
  const option = new Option(`--${flag} <${shown}>`, doc);
  return values.length > 0 ? option.choices(values) : option;
}

export function addStackFlags(command: Command): void {
  command.optionsGroup("Options of stacks, for those that have them; a stack's own option wins:");
  for (const flag of stackFlags()) {
    command.addOption(optionOf(flag));
  }
}

/** The stack options among a command's parsed options. */
export function givenStackOptions(
  parsed: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const flag of stackFlags()) {
    const value = parsed[optionOf(flag).attributeName()];
    if (typeof value === 'string') {
      given[flag.name] = value;
    }
  }
  return given;
}
