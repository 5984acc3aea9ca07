/** Commands that print a report: as `doorbell` has them. */
import {
  functionDumps,
  InputError,
  parseStacks,
  runLeak,
  sensitivity,
  stackKinds,
  type Environment,
} from '@doorbell/lab';
import { leakText, lspciText, plainColors, sensitiveText } from '@doorbell/lab/text';
import { profileOf } from '../request.ts';
import { parseFlags, stackFlags, stackOptions, type Takes } from './flags.ts';

const layout = { columns: 80, colors: plainColors };

const ofStacks = (): Readonly<Record<string, Takes>> =>
  Object.fromEntries([...stackFlags().keys()].map((flag) => [flag, 'value'] as const));

export const sensitiveFlags = (): Readonly<Record<string, Takes>> => ({
  ...{ stacks: 'value', with: 'value', registers: 'nothing', profile: 'value', seed: 'value' },
  ...ofStacks(),
});

export const lspciFlags = (): Readonly<Record<string, Takes>> => ({
  ...{ stack: 'value', host: 'nothing', tree: 'nothing' },
  ...ofStacks(),
});

/** @throws InputError */
export async function sensitiveReport(
  words: readonly string[],
  environment: Environment,
): Promise<string> {
  const flags = parseFlags('sensitive', words, sensitiveFlags());
  const [stacks = [...stackKinds.keys()].join(',')] = flags.get('stacks') ?? [];
  const leaky = isLeaky(flags.get('with')?.[0]);
  const profile = profileOf(flags.get('profile')?.[0] ?? 'kvm-x86');
  const seed = seedOf(flags.get('seed')?.[0] ?? '1');
  const found = await sensitivity(
    { stacks: parseStacks(stacks, stackOptions(flags)), profile, leaky },
    environment,
  );
  const text = sensitiveText(found, { registers: flags.has('registers') }, layout);
  if (!leaky) {
    return text;
  }
  const leak = await runLeak({ profile, seed, leaky: true });
  const without = await runLeak({ profile, seed, leaky: false });
  return `${text}\n\n${leakText(leak, without, layout)}`;
}

function isLeaky(text: string | undefined): boolean {
  if (text !== undefined && text !== 'leaky-register') {
    throw new InputError(`There is no '--with ${text}'; there is leaky-register.`);
  }
  return text !== undefined;
}

function seedOf(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffff_ffff) {
    throw new InputError(`'--seed ${text}': a whole number from 0 to 4294967295 is needed.`);
  }
  return Number(text);
}

/** @throws InputError */
export function lspciReport(words: readonly string[]): string {
  const flags = parseFlags('lspci', words, lspciFlags());
  const [text = 'native'] = flags.get('stack') ?? [];
  const [spec, ...more] = parseStacks(text, stackOptions(flags));
  if (more.length > 0) {
    throw new InputError(`'${text}' is more than one stack.`);
  }
  const where = flags.has('host') ? 'host' : 'drivers';
  return lspciText(functionDumps(spec, profileOf('free'), where), flags.has('tree')).trimEnd();
}
