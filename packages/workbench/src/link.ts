/**
 * What the page shows as its address says it, so that a state is a link that can be shared:
 * `?stacks=native,pv&scene=bunny&frames=2&size=160x120&event=1:420`.
 *
 * `granularity` fixes what a step goes by, as `doorbell step --granularity` does; `step` only sets it.
 */
import type { CostName } from '@doorbell/lab';

/** Of what the address says; another one is refused, with a message. */
const VERSION = '1';
export const MOST_GUESTS = 64;
/** Characters of all lines in the terminal. */
export const MOST_TYPED = 6000;

export interface PageState {
  readonly stacks: readonly string[];
  readonly scene: string;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly guests: number;
  /** What each guest draws, as `doorbell compare --guest` says it; empty: all draw the scene. */
  readonly mix: readonly string[];
  readonly profile: string;
  readonly prices: Readonly<Partial<Record<CostName, number>>>;
  readonly bug: string | undefined;
  /** Stacks that the prices' panel ranks; empty: each that there is. */
  readonly rank: readonly string[];
  /** What a step goes by. */
  readonly step: string;
  /** And cannot be changed. */
  readonly isFixed: boolean;
  /** Which side is stepped, and the event where it stands. */
  readonly side: number;
  readonly event: number;
  readonly pane: string;
  /** Whether the lines of the driver's source are recorded: they are events of their own. */
  readonly source: boolean;
  /** What stands beside it: a lesson, by its id, or `prices`; '' for nothing. */
  readonly beside: string;
  /** The lines that were typed in the terminal; undefined: it is closed. */
  readonly terminal: readonly string[] | undefined;
  /** Commands of the stepping session that are done once the run is there. */
  readonly script: string;
  /** Of a backend in another process, with its token: `ws://…?token=…`; '' for none. */
  readonly backend: string;
  /** A trace of the site that is opened, by its name; '' for a run. */
  readonly trace: string;
  /** For a lecture room. */
  readonly isPresentation: boolean;
}

export const firstState: PageState = {
  stacks: ['passthrough', 'pv'],
  ...{ scene: 'bunny', frames: 2, width: 160, height: 120, seed: 1, guests: 1, mix: [] },
  ...{ profile: 'kvm-x86', prices: {}, bug: undefined, rank: [] },
  ...{ step: 'access', isFixed: false, side: 0, event: 0 },
  ...{ pane: 'registers', source: true, beside: '', script: '' },
  terminal: undefined,
  ...{ backend: '', trace: '', isPresentation: false },
};

export class LinkError extends Error {
  override readonly name = 'LinkError';
}

/** @param query  with or without its question mark. @throws LinkError in one sentence. */
export function readLink(query: string): PageState {
  const given = new URLSearchParams(query);
  const version = given.get('v') ?? VERSION;
  if (version !== VERSION) {
    throw new LinkError(
      `This link is of version ${version}, and this page reads version ${VERSION}: make the link anew, or open it with the page that made it.`,
    );
  }
  const [width, height] = size(given.get('size'));
  const [side, event] = place(given.get('event'));
  const granularity = given.get('granularity');
  return {
    stacks: (given.get('stacks') ?? firstState.stacks.join(',')).split(','),
    scene: given.get('scene') ?? firstState.scene,
    frames: whole(given, 'frames', 1, 600) ?? firstState.frames,
    ...{ width, height, side, event },
    seed: whole(given, 'seed', 0, 0xffff_ffff) ?? firstState.seed,
    ...guests(given),
    profile: given.get('profile') ?? firstState.profile,
    prices: prices(given.getAll('price')),
    bug: given.get('bug') ?? undefined,
    rank: given.get('rank')?.split(',') ?? [],
    step: granularity ?? given.get('step') ?? firstState.step,
    isFixed: granularity !== null,
    pane: given.get('pane') ?? firstState.pane,
    source: given.get('source') !== 'off',
    beside: given.get('beside') ?? '',
    terminal: terminal(given.get('terminal')),
    script: given.get('script') ?? '',
    backend: backend(given.get('backend')),
    trace: trace(given.get('trace')),
    isPresentation: given.has('present'),
  };
}

/** Only what is not as it is at first. */
export function writeLink(state: PageState): string {
  const link = new URLSearchParams({ v: VERSION });
  const set = (name: string, text: string, usual: string): void => {
    if (text !== usual) {
      link.set(name, text);
    }
  };
  set('stacks', state.stacks.join(','), firstState.stacks.join(','));
  set('scene', state.scene, firstState.scene);
  set('frames', String(state.frames), String(firstState.frames));
  set('size', sizeText(state), sizeText(firstState));
  set('seed', String(state.seed), String(firstState.seed));
  if (state.mix.length === 0) {
    set('guests', String(state.guests), String(firstState.guests));
  }
  for (const guest of state.mix) {
    link.append('guest', guest);
  }
  set('profile', state.profile, firstState.profile);
  for (const [name, ns] of Object.entries(state.prices)) {
    link.append('price', `${name}:${ns}`);
  }
  set('rank', state.rank.join(','), '');
  set('bug', state.bug ?? '', '');
  set(state.isFixed ? 'granularity' : 'step', state.step, state.isFixed ? '' : firstState.step);
  set('event', `${state.side}:${state.event}`, '0:0');
  set('pane', state.pane, firstState.pane);
  set('script', state.script, '');
  if (state.terminal !== undefined) {
    link.set('terminal', state.terminal.join('\n'));
  }
  set('source', state.source ? '' : 'off', '');
  set('beside', state.beside, '');
  set('backend', state.backend, '');
  set('trace', state.trace, '');
  set('present', state.isPresentation ? 'on' : '', '');
  return `?${link.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')}`;
}

/** @throws LinkError */
function terminal(text: string | null): PageState['terminal'] {
  if (text !== null && text.length > MOST_TYPED) {
    throw new LinkError(
      `'terminal' has ${text.length} characters; an address has room for ${MOST_TYPED}.`,
    );
  }
  return text === null ? undefined : text === '' ? [] : text.split('\n');
}

/** @throws LinkError */
export function backend(text: string | null): string {
  const isAddress =
    text === null ||
    text === '' ||
    (URL.canParse(text) &&
      /^wss?:$/.test(new URL(text).protocol) &&
      (new URL(text).searchParams.get('token') ?? '') !== '');
  if (!isAddress) {
    throw new LinkError(
      `'${text}' is no backend: give the whole address that 'doorbell serve --backend' prints, such as ws://127.0.0.1:7640/?token=….`,
    );
  }
  return text ?? '';
}

function trace(name: string | null): string {
  if (name !== null && /[/\\]|^\.*$/.test(name)) {
    throw new LinkError(`'trace=${name}' is no name of a trace: it has no folder.`);
  }
  return name ?? '';
}

function guests(given: URLSearchParams): Pick<PageState, 'guests' | 'mix'> {
  const mix = given.getAll('guest');
  if (mix.length > 0 && given.has('guests')) {
    throw new LinkError(`'guests' and 'guest' exclude each other: write one 'guest=' for each.`);
  }
  return mix.length === 0
    ? { guests: whole(given, 'guests', 1, MOST_GUESTS) ?? firstState.guests, mix }
    : mixed(mix);
}

/** @throws LinkError */
export function mixed(mix: readonly string[]): Pick<PageState, 'guests' | 'mix'> {
  if (mix.length > MOST_GUESTS) {
    throw new LinkError(`There are at most ${MOST_GUESTS} guests, not ${mix.length}.`);
  }
  return { guests: Math.max(1, mix.length), mix };
}

function sizeText({ width, height }: Pick<PageState, 'width' | 'height'>): string {
  return `${width}x${height}`;
}

function size(text: string | null): readonly [number, number] {
  if (text === null) {
    return [firstState.width, firstState.height];
  }
  const [, width = '', height = ''] = /^(\d{1,4})x(\d{1,4})$/.exec(text) ?? [];
  const pair = [Number(width), Number(height)] as const;
  if (pair.some((each) => !(each >= 16 && each <= 1024))) {
    throw new LinkError(`'size=${text}' is no size: write WIDTHxHEIGHT, from 16x16 to 1024x1024.`);
  }
  return pair;
}

function place(text: string | null): readonly [number, number] {
  if (text === null) {
    return [0, 0];
  }
  const [, side = '0', event] = /^(?:([01]):)?(\d{1,9})$/.exec(text) ?? [];
  if (event === undefined) {
    throw new LinkError(`'event=${text}' is no event: write SIDE:NUMBER, such as 1:420.`);
  }
  return [Number(side), Number(event)];
}

function whole(
  given: URLSearchParams,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = given.get(name);
  if (text === null) {
    return undefined;
  }
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) {
    throw new LinkError(`'${name}=${text}': a whole number from ${least} to ${most} is needed.`);
  }
  return value;
}

function prices(texts: readonly string[]): PageState['prices'] {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, ns] = /^([\w.]+):(\d+(?:\.\d+)?)$/.exec(text) ?? [];
      if (name === undefined || !(Number(ns) <= 1e9)) {
        throw new LinkError(`'price=${text}' is no price: write NAME:NANOSECONDS.`);
      }
      return [name, Number(ns)];
    }),
  );
}
