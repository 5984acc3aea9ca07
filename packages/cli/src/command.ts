/** The verbs of the `doorbell` command, and how each of them ends. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { verdict } from './failure.ts';
import type { Act, Verb } from './verb.ts';

interface VerbEntry {
  readonly name: string;
  readonly summary: string;
  /** The verb's file is loaded when it is asked for, so that the others cost no time. */
  readonly load: (args: readonly string[]) => Promise<Verb>;
}

/** `--source`: before the drivers are loaded, which the verb's file does. */
async function followDrivers(args: readonly string[]): Promise<void> {
  if (args.includes('--source')) {
    const { enableSource } = await import('./source.ts');
    await enableSource();
  }
}

const verbs: readonly VerbEntry[] = [
  {
    name: 'compare',
    summary: 'runs a scene through stacks, and checks that the pixels are identical',
    load: async () => {
      const { defineCompare, runCompare } = await import('./compare.ts');
      return { define: defineCompare, run: runCompare };
    },
  },
  {
    name: 'list',
    summary: 'lists the stacks with their options, the scenes and the profiles',
    load: async () => {
      const { defineList, runList } = await import('./list.ts');
      return { define: defineList, run: runList };
    },
  },
  {
    name: 'sensitive',
    summary: 'says which sensitive accesses trap: the condition of Popek and Goldberg, by stack',
    load: async () => {
      const { defineSensitive, runSensitive } = await import('./sensitive.ts');
      return { define: defineSensitive, run: runSensitive };
    },
  },
  {
    name: 'serve',
    summary: 'serves the workbench; or a paravirtual backend, for other processes and machines',
    load: async () => {
      const { defineServe } = await import('./serve.ts');
      return { define: defineServe };
    },
  },
  {
    name: 'lspci',
    summary: 'prints configuration space as lspci -xxxx does',
    load: async () => {
      const { defineLspci, runLspci } = await import('./lspci.ts');
      return { define: defineLspci, run: runLspci };
    },
  },
  {
    name: 'tlp',
    summary: 'prints the PCI Express packets of a run, or reads the header of one',
    load: async () => {
      const { defineTlp, runTlp } = await import('./tlp.ts');
      return { define: defineTlp, run: runTlp };
    },
  },
  {
    name: 'trace',
    summary: 'records runs into a file, exports them, and says what two stacks did differently',
    load: async (args) => {
      await followDrivers(args);
      const { defineTrace } = await import('./trace.ts');
      return { define: defineTrace };
    },
  },
  {
    name: 'step',
    summary: 'walks through a run, forwards and back, one stack or two in lock step',
    load: async (args) => {
      await followDrivers(args);
      const { defineStep } = await import('./step.ts');
      return { define: defineStep };
    },
  },
  {
    name: 'explain',
    summary: 'says why a run is stuck: which register, bit or clause is the cause',
    load: async () => {
      const { defineExplain } = await import('./explain.ts');
      return { define: defineExplain };
    },
  },
  {
    name: 'new',
    summary: 'makes a package for a part of your own, or what a lab begins with',
    load: async () => {
      const { defineNew } = await import('./new.ts');
      return { define: defineNew };
    },
  },
  {
    name: 'check',
    summary: 'checks a part against its contract, clause by clause',
    load: async () => {
      const { defineCheck } = await import('./check.ts');
      return { define: defineCheck };
    },
  },
  {
    name: 'grade',
    summary: 'says what parts earn in a lab: one submission, or a class of them',
    load: async () => {
      const { defineGrade } = await import('./grade.ts');
      return { define: defineGrade };
    },
  },
  {
    name: 'hunt',
    summary: "breaks one of this project's own parts by a bug that was really made: find it",
    load: async () => {
      const { defineHunt } = await import('./hunt.ts');
      return { define: defineHunt };
    },
  },
  {
    name: 'vfio',
    summary: 'gives devices to users by hand: host drivers, groups, containers, iommufd',
    load: async () => {
      const { defineVfio } = await import('./vfio.ts');
      return { define: defineVfio };
    },
  },
  {
    name: 'peers',
    summary: "meets real peers: our drivers with QEMU's devices, QEMU and Linux with our devices",
    load: async () => {
      const { definePeers } = await import('./peers.ts');
      return { define: definePeers };
    },
  },
  {
    name: 'bench',
    summary: 'measures wall-clock speed, each figure as a ratio within one run',
    load: async () => {
      const { defineBench, runBench } = await import('./bench.ts');
      return { define: defineBench, run: runBench };
    },
  },
];

function version(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

const exitCodeHelp = `
Exit codes:
  ${exitCodes.DONE}    done; the pixels are identical, or within the bounds of a renderer that rounds
  ${exitCodes.CHECK_FAILED}    a check failed: pixels differ, or this program has a bug
  ${exitCodes.BAD_INPUT}    the arguments or the input are wrong
  ${exitCodes.UNAVAILABLE}    the machine lacks something, such as room on the disk
  ${exitCodes.INTERRUPTED}  ended by Ctrl-C`;

/** Commander with the verbs; those that the arguments name have their options. */
async function program(args: readonly string[], ended: (code: ExitCode) => void): Promise<Command> {
  const made = new Command('doorbell')
    .description('One GPU, every way that a virtual machine can reach it, every cost counted.')
    .version(version())
    .addHelpText('after', exitCodeHelp)
    // Options behind the name of a verb are that verb's, as with trace export.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  const act: Act =
    (run) =>
    async (...given) => {
      ended(await run(...given));
    };
  const asked = args.find((arg) => !arg.startsWith('-') && arg !== 'help');
  for (const verb of verbs) {
    const command = made.command(verb.name).description(verb.summary);
    if (verb.name === asked) {
      await complete(command, verb, args, act);
    }
  }
  return made;
}

/** Gives a verb its options. */
async function complete(
  command: Command,
  { load }: VerbEntry,
  args: readonly string[],
  act: Act,
): Promise<void> {
  const { define, run } = await load(args);
  define(command, act);
  if (run !== undefined) {
    command.action(act(() => run(command.opts<never>())));
  }
}

/** All verbs with their options, to be looked at: nothing of it is to be run. */
export async function wholeProgram(): Promise<Command> {
  const whole = await program([], () => {});
  const act: Act = () => async () => {};
  for (const verb of verbs) {
    const command = whole.commands.find((each) => each.name() === verb.name);
    await complete(command!, verb, [], act);
  }
  return whole;
}

/** Where to look, for arguments that are refused. */
function helpHint(args: readonly string[]): string {
  const verb = verbs.find(({ name }) => name === args[0]);
  if (verb !== undefined) {
    return `See 'doorbell ${verb.name} --help'.`;
  }
  return `The verbs are ${verbs.map(({ name }) => name).join(', ')}.`;
}

/** Runs what the arguments say. Never throws: what goes wrong is said on stderr. */
export async function runCommand(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCodes.DONE;
  try {
    const command = await program(args, (ended) => {
      code = ended;
    });
    await command.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' });
    return code;
  } catch (error) {
    const { exitCode, text } = verdict(error, helpHint(args));
    if (text !== '') {
      process.stderr.write(`${text}\n`);
    }
    return exitCode;
  }
}
