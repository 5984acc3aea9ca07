/** `doorbell new`: a package for a part of one's own. */
import { findLab, isNewKind, kinds, labName, labs, newKinds } from '@doorbell/coursework';
import { scaffold } from '@doorbell/coursework/node';
import { Argument, type Command } from 'commander';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';
import type { Act } from './verb.ts';

const width = Math.max(...newKinds.map((name) => name.length));
const row = (name: string, doc: string): string => `  ${name.padEnd(width)}  ${doc}`;
const kindsText = newKinds.map((name) => row(name, kinds[name].doc)).join('\n');
const labsText = labs.map((lab) => row(labName(lab), `${lab.title} (${lab.kind})`)).join('\n');
const choices = [...newKinds, ...labs.map(labName)];

export function defineNew(command: Command, act: Act): void {
  command
    .addArgument(
      new Argument('<kind>', 'what it is to be, or the lab that it is for').choices(choices),
    )
    .argument('<name>', 'of the package: small letters, digits, hyphens')
    .option('--dir <folder>', 'where it goes; else a folder of its name, here')
    .addHelpText('after', `\nKinds:\n${kindsText}\nLabs:\n${labsText}`)
    .action(act(runNew));
}

function runNew(what: string, name: string, { dir = name }: { readonly dir?: string }): ExitCode {
  const lab = findLab(what);
  const kind = lab?.kind ?? what;
  if (!isNewKind(kind)) {
    throw new Failure(exitCodes.BAD_INPUT, `There is no kind '${kind}'.`);
  }
  const { files, isInside } = make(() => scaffold({ kind, name, folder: dir, lab }), dir);
  const steps = isInside ? [] : [`cd ${dir}`, 'npm install'];
  const verb = lab === undefined ? 'check' : `grade ${what}`;
  const check = `npx doorbell ${verb} ${isInside ? dir : '.'}`;
  process.stdout.write(
    `${[
      `${dir} is ${article(kind)} ${kind}, honestly unfinished: ${kinds[kind].doc}`,
      ...files.map((file) => `  ${file}`),
      'Next:',
      ...[...steps, check].map((line) => `  ${line}`),
    ].join('\n')}\n`,
  );
  return exitCodes.DONE;
}

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? 'an' : 'a');

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
