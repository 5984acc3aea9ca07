/** What a command of the lessons runs, as a link of the page. */
import {
  findBug,
  InputError,
  parseGuest,
  parseStacks,
  sharingOptions,
  stackKinds,
  type StackSpec,
} from '@doorbell/lab';
import { firstState, mixed, writeLink } from '../src/link.ts';
import { isElsewhere } from '../src/machine/request.ts';
import { shellWords } from '../src/shell-words.ts';

/** What a verb runs when it is not told: see the command's own defaults. */
const small = { scene: 'triangle', frames: 1, width: 64, height: 64 } as const;
const verbs: ReadonlyMap<string, Partial<typeof firstState>> = new Map<
  string,
  Partial<typeof firstState>
>([
  ['step', { stacks: ['native'], ...small, pane: 'session' }],
  ['explain', { stacks: ['native'], ...small, pane: 'why' }],
  [
    'compare',
    { stacks: [...stackKinds.keys()], scene: 'bunny', frames: 60, width: 640, height: 480 },
  ],
]);

/** A page is looked at, not waited for. */
const MOST_FRAMES = 60;

export interface CommandLink {
  readonly query: string;
  /** What of the command the page does not show, in a sentence; '' for nothing. */
  readonly note: string;
}

/** Undefined: the page cannot show what the command does. */
export function commandLink(line: string): CommandLink | undefined {
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
): CommandLink | undefined {
  if (flags === undefined || ['out', 'model', 'texture'].some((name) => flags.has(name))) {
    return undefined;
  }
  const bug = flags.get('bug');
  const named = flags.get('stacks') ?? flags.get('stack');
  const text = named ?? (bug === undefined ? usual.stacks.join(',') : findBug(bug).stacks[0]);
  const specs = parseStacks(text, stackOptions(flags));
  const [width, height] = flags.get('size')?.split('x').map(Number) ?? [usual.width, usual.height];
  const script = flags.get('script');
  if (verb === 'step' && script === undefined) {
    return undefined;
  }
  const frames = Number(flags.get('frames') ?? usual.frames);
  const stacks = specs.map(({ id }) => id);
  const rank = stacks.length < 3 || named === undefined ? [] : ranked(specs);
  const guests = flags.has('guest')
    ? mixOf(flags.get('guest')!)
    : { guests: Number(flags.get('guests') ?? usual.guests), mix: [] };
  const query = writeLink({
    ...usual,
    ...guests,
    ...{ stacks: stacks.slice(0, 2), rank, bug },
    scene: flags.get('scene') ?? usual.scene,
    frames: Math.min(MOST_FRAMES, frames),
    ...{ width: Math.min(width, 640), height: Math.min(height, 480) },
    seed: Number(flags.get('seed') ?? usual.seed),
    profile: flags.get('profile') ?? usual.profile,
    step: flags.get('granularity') ?? usual.step,
    pane: guests.guests > 1 ? 'scheduler' : usual.pane,
    source: flags.has('source'),
    script: script ?? '',
  });
  return { query, note: noteOf(specs, flags) };
}

/** Those that the page can run without another process. */
function ranked(specs: readonly StackSpec[]): readonly string[] {
  return specs.filter((spec) => !isElsewhere(spec)).map(({ id }) => id);
}

function noteOf(specs: readonly StackSpec[], flags: Flags): string {
  const [first, second, ...more] = specs;
  const parts: string[] = [];
  if (more.length > 0) {
    const others = specs.filter(isElsewhere).map(({ id }) => id);
    const but = others.length === 0 ? '' : ` but ${others.join(', ')}`;
    parts.push(`It shows ${first.id} and ${second.id}; Prices ranks all ${specs.length}${but}.`);
  }
  if (flags.has('guests') || flags.has('guest')) {
    parts.push('The pane Scheduler tells how long each guest ran and waited.');
  }
  if (flags.has('json')) {
    parts.push('It writes no file.');
  }
  return parts.join(' ');
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
