/** All commands of the shell. */
import type { LabCommand } from './command.ts';
import { containerCommands } from './container-commands.ts';
import { deviceCommands } from './device-commands.ts';
import { hostCommands } from './host-commands.ts';
import { iommufdCommands } from './iommufd-commands.ts';
import { userCommands } from './user-commands.ts';
import { columns, oneOf } from './words.ts';

const sections: Readonly<Record<string, readonly LabCommand[]>> = {
  'The host': hostCommands,
  'A container and its groups': containerCommands,
  'A device': deviceCommands,
  'An iommufd': iommufdCommands,
  Users: userCommands,
};

const all = Object.values(sections).flat();

function help(_lab: unknown, [name]: readonly string[]): string {
  if (name !== undefined) {
    const names = all.map((each) => each.name);
    const { usage, doc } = all[names.indexOf(oneOf(name, names))];
    return `${`${name} ${usage}`.trim()}: ${doc}`;
  }
  const rows = Object.entries(sections).map(
    ([title, commands]) =>
      `${title}\n${columns(commands.map((each) => [`  ${`${each.name} ${each.usage}`.trim()}`, each.doc]))}`,
  );
  return `${rows.join('\n')}\nBehind '!', or '! EPERM', a command is expected to be refused.`;
}

export const labCommands: readonly LabCommand[] = [
  ...all,
  { name: 'help', usage: '[COMMAND]', doc: 'tells what there is', run: help },
];
