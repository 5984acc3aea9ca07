/** `doorbell new`: a package for a part of one's own. */
import { kinds, isKind, partKinds } from '@doorbell/coursework';
import { scaffold } from '@doorbell/coursework/node';
import { Argument, type Command } from 'commander';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';
import type { Act } from './verb.ts';

const width = Math.max(...partKinds.map((name) => name.length));
const kindsText = partKinds.map((name) => `  ${name.padEnd(width)} ${kinds[name].doc}`).join('\n');

export function defineNew(command: Command, act: Act): void {
  command
    .addArgument(new Argument('<kind>', 'what it is to be').choices(partKinds))
    .argument('<name>', 'of the package: small letters, digits, hyphens')
    .option('--dir <folder>', 'where it goes; else a folder of its name, here')
    .addHelpText('after', `\nKinds:\n${kindsText}`)
    .action(act(runNew));
}

function runNew(kind: string, name: string, { dir = name }: { readonly dir?: string }): ExitCode {
  if (!isKind(kind)) {
    throw new Failure(exitCodes.BAD_INPUT, `There is no kind '${kind}'.`);
  }
  const { files, isInside } = make(() => scaffold({ kind, name, folder: dir }), dir);
  const steps = isInside ? [] : [`cd ${dir}`, 'npm install'];
  const check = isInside ? `npx doorbell check ${dir}` : 'npx doorbell check .';
  process.stdout.write(
    `${[
      `${dir} is a ${kind}, honestly unfinished: ${kinds[kind].doc}`,
      ...files.map((file) => `  ${file}`),
      'Next:',
      ...[...steps, check].map((line) => `  ${line}`),
    ].join('\n')}\n`,
  );
  return exitCodes.DONE;
}

/** What the system refuses is the folder's fault. */
function make<T>(work: () => T, folder: string): T {
  try {
    return work();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === undefined
      ? error
      : fileFailure(error, 'write into', folder);
  }
}
