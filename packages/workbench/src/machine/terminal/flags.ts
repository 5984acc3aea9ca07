/** A command's flags, as `doorbell` takes them. */
import { InputError, sharingOptions, stackKinds } from '@doorbell/lab';

/** What stands behind a flag. */
export type Takes = 'nothing' | 'value' | 'words';

/** What was given, by the flag's name without its dashes. */
export type Flags = ReadonlyMap<string, readonly string[]>;

/** One letter for a flag. */
const short: Readonly<Record<string, string>> = { '-c': '--command' };

/** @param known  of the verb. @throws InputError for anything else. */
export function parseFlags(
  verb: string,
  words: readonly string[],
  known: Readonly<Record<string, Takes>>,
): Flags {
  const flags = new Map<string, string[]>();
  const rest = words.flatMap((word) => splitAtEquals(short[word] ?? word));
  while (rest.length > 0) {
    const word = rest.shift() ?? '';
    const name = word.slice(2);
    if (!word.startsWith('--') || !Object.hasOwn(known, name)) {
      const names = Object.keys(known).map((each) => `--${each}`);
      throw new InputError(`'${verb}' takes no '${word}' here; it takes ${names.join(', ')}.`);
    }
    const values = flags.get(name) ?? [];
    const most = { nothing: 0, value: 1, words: Infinity }[known[name]];
    const before = values.length;
    while (values.length - before < most && rest.length > 0 && !rest[0].startsWith('--')) {
      values.push(rest.shift() ?? '');
    }
    if (most > 0 && values.length === before) {
      throw new InputError(`Behind --${name} something must stand.`);
    }
    flags.set(name, values);
  }
  return flags;
}

/** `--with=leaky-register` is two words. */
function splitAtEquals(word: string): readonly string[] {
  const [, name, value] = /^(--[a-z-]+)=(.*)$/.exec(word) ?? [];
  return name === undefined ? [word] : [name, value];
}

/** Names of stacks' options by the bare flags that they have: `--scheduler credit`. */
export function stackFlags(): ReadonlyMap<string, string> {
  const all = [sharingOptions, ...[...stackKinds.values()].map(({ options }) => options)];
  return new Map(
    all.flatMap((options) =>
      Object.entries(options).map(([name, { flag }]) => [flag ?? name, name] as const),
    ),
  );
}

/** The options of stacks among a command's flags. */
export function stackOptions(flags: Flags): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...stackFlags()].flatMap(([flag, name]) => {
      const value = flags.get(flag)?.at(-1);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
