/** What a command of the lessons runs, as a link of the page. */
import {
  findBug,
  InputError,
  parseGuest,
  parseStacks,
  sharingOptions,
  stackKinds,
} from '@doorbell/lab';
import { firstState, mixed, writeLink } from '../src/link.ts';
import { shellWords } from '../src/shell-words.ts';

/** What a verb runs when it is not told: see the command's own defaults. */
const small = { scene: 'triangle', frames: 1, width: 64, height: 64 } as const;
const verbs: ReadonlyMap<string, Partial<typeof firstState>> = new Map<
  string,
  Partial<typeof firstState>
>([
  ['step', { stacks: ['native'], ...small }],
  ['trace', { stacks: ['native'], ...small }],
  ['explain', { stacks: ['native'], ...small, pane: 'why' }],
  ['compare', { scene: 'bunny', frames: 1, width: 160, height: 120 }],
]);

/** A page is looked at, not waited for. */
const MOST_FRAMES = 8;

/** Undefined: the page cannot show what the command does. */
export function commandLink(line: string): string | undefined {
  const [npx, doorbell, verb = '', ...rest] = shellWords(line);
  const usual = verbs.get(verb);
  if (npx !== 'npx' || doorbell !== 'doorbell' || usual === undefined) {
    return undefined;
  }
  try {
    return linkOf({ ...firstState, source: false, ...usual }, verb, flagsOf(rest));
  } catch (error) {
    if (error instanceof InputError) {
      return undefined; // an input that is wrong on purpose
    }
    throw error;
  }
}

/** Whether the page's terminal knows it. */
export function isTyped(line: string): boolean {
  const [npx, doorbell, verb = ''] = shellWords(line);
  return npx === 'npx' && doorbell === 'doorbell' && ['vfio', 'sensitive', 'lspci'].includes(verb);
}

type Flags = ReadonlyMap<string, string>;

/** Undefined where there is something beside flags, or the same one twice. Guests are one flag. */
function flagsOf(words: readonly string[]): Flags | undefined {
  const flags = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const name = words[at].startsWith('--') ? words[at].slice(2) : undefined;
    if (name === undefined || (name !== 'guest' && flags.has(name))) {
      return undefined;
    }
    const hasValue = at + 1 < words.length && !words[at + 1].startsWith('--');
    const value = hasValue ? words[++at] : '';
    flags.set(name, flags.has(name) ? `${flags.get(name)} ${value}` : value);
  }
  return flags;
}

/** @throws InputError */
function linkOf(
  usual: typeof firstState,
  verb: string,
  flags: Flags | undefined,
): string | undefined {
  if (flags === undefined || ['out', 'model', 'texture'].some((name) => flags.has(name))) {
    return undefined;
  }
  const bug = flags.get('bug');
  const named = flags.get('stacks') ?? flags.get('stack');
  const stacks = named ?? (bug === undefined ? usual.stacks.join(',') : findBug(bug).stacks[0]);
  const [width, height] = flags.get('size')?.split('x').map(Number) ?? [usual.width, usual.height];
  const script = flags.get('script');
  if (verb === 'step' && script === undefined) {
    return undefined;
  }
  return writeLink({
    ...usual,
    stacks: parseStacks(stacks, stackOptions(flags))
      .slice(0, 2)
      .map(({ id }) => id),
    scene: flags.get('scene') ?? usual.scene,
    frames: Math.min(MOST_FRAMES, Number(flags.get('frames') ?? usual.frames)),
    ...{ width: Math.min(width, 320), height: Math.min(height, 240), bug },
    seed: Number(flags.get('seed') ?? usual.seed),
    guests: Number(flags.get('guests') ?? usual.guests),
    ...(flags.has('guest') ? mixOf(flags.get('guest')!) : {}),
    profile: flags.get('profile') ?? usual.profile,
    step: flags.get('granularity') ?? usual.step,
    source: flags.has('source'),
    script: script ?? '',
  });
}

/** @throws InputError */
function mixOf(guests: string): Pick<typeof firstState, 'guests' | 'mix'> {
  const texts = guests.split(' ');
  texts.forEach((text) => parseGuest(text));
  return mixed(texts);
}

/** Bare flags that are options of stacks: `--scheduler credit`. */
function stackOptions(flags: Flags): Readonly<Record<string, string>> {
  const known = new Set([
    ...Object.keys(sharingOptions),
    ...[...stackKinds.values()].flatMap(({ options }) => Object.keys(options)),
  ]);
  return Object.fromEntries([...flags].filter(([name]) => known.has(name)));
}
