/** What the page knows and what it does: signals, and the actions that change them. */
import { batch, signal } from '@preact/signals';
import { proxy } from 'comlink';
import {
  backend as checkedBackend,
  firstState,
  LinkError,
  readLink,
  writeLink,
  type PageState,
} from './link.ts';
import {
  paneOf,
  type Answer,
  type BackendState,
  type Catalogue,
  type Comparison,
  type Frame,
  type Inspection,
  type OwnFile,
  type PageWalk,
  type PaneName,
  type RunOptions,
  type Side,
  type Standing,
  type WalkQuery,
} from './machine/contract.ts';
import { startMachines, type Machines } from './machines.ts';

export const state = signal<PageState>(firstState);
export const catalogue = signal<Catalogue | undefined>(undefined);
export const sides = signal<readonly Side[]>([]);
export const standing = signal<Standing | undefined>(undefined);
/** What each side's screen shows: of the run while it goes on, then of the state. */
export const screens = signal<readonly (Frame | undefined)[]>([]);
/** What the shown pane needs of each side's state, and of the one where it stood before. */
export const inspections = signal<readonly (Inspection | undefined)[]>([]);
export const inspectedBefore = signal<readonly (Inspection | undefined)[]>([]);
export const source = signal<{ readonly file: string; readonly text: string } | undefined>(
  undefined,
);
/** The run that goes on. */
export const running = signal<
  { readonly stack: string; readonly frame: number; readonly frames: number } | undefined
>(undefined);
/** How it is with the backend in another process that the run has; undefined: it has none. */
export const backend = signal<BackendState | undefined>(undefined);
/** What went wrong, and how to mend it. */
export const complaint = signal<string | undefined>(undefined);
/** What the last command said. */
export const said = signal<readonly string[]>([]);
/** All stacks under each profile, with the prices as they are now. */
export const ranking = signal<readonly Comparison[]>([]);
const own = signal<{ readonly model?: OwnFile; readonly texture?: OwnFile }>({});
/** The name of the file that is shown; '' for a run. */
export const openedFile = signal('');

let machines: Machines;

/** Begins with what the address says. */
export async function start(): Promise<void> {
  try {
    state.value = readLink(location.search);
  } catch (error) {
    complaint.value = wordsOf(error);
  }
  machines = startMachines((words) => {
    complaint.value = words;
  });
  await trying(async () => {
    catalogue.value = await machines.bench.catalogue();
    await (state.value.trace === '' ? run(true) : openGiven(state.value.trace));
  });
}

/** What goes wrong becomes a message; what was there stays. Says whether nothing did. */
async function trying(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (!isAborted(error)) {
      complaint.value = wordsOf(error);
    }
    return false;
  }
}

function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === 'Aborted';
}

/** Errors whose message is for the user. */
const plain = new Set(['BackendFailed', 'InputError', 'LinkError']);

function wordsOf(error: unknown): string {
  if (error instanceof Error && plain.has(error.name)) {
    return error.message;
  }
  return `Something is wrong with the page itself: ${error instanceof Error ? error.message : String(error)}`;
}

// ---------------------------------------------------------------------------------- the address

/** Changes what the address says, and it. */
export function change(part: Partial<PageState>): void {
  state.value = { ...state.value, ...part };
  history.replaceState(null, '', writeLink(state.value));
  if (part.beside === 'prices') {
    void rank();
  }
}

/** The whole address, to be shared; the token of a backend is not. */
export function link(): string {
  return new URL(writeLink({ ...state.value, backend: '' }), location.href).href;
}

/** As a lesson's button, or a link within the page, says. */
export async function follow(query: string): Promise<void> {
  await trying(async () => {
    const { beside, isPresentation, step, isFixed } = state.value;
    const wanted = readLink(query);
    change({ ...wanted, beside, isPresentation, ...(isFixed ? { step, isFixed } : {}) });
    await run();
  });
}

// ---------------------------------------------------------------------------------- running

function runOptions(): RunOptions {
  const {
    stacks,
    scene,
    frames,
    width,
    height,
    seed,
    guests,
    profile,
    prices,
    source: lines,
    bug,
    backend: address,
    step,
    isFixed,
  } = state.value;
  return {
    ...{ stacks, scene, frames, width, height, seed, guests, profile, prices },
    ...{ source: lines, ...own.value },
    ...(bug === undefined ? {} : { bug }),
    ...(address === '' ? {} : { backend: address }),
    ...(isFixed ? { granularity: step } : {}),
  };
}

let runs = 0;

/** Runs and records both stacks, and stands where the address says. @param isFirst  what was wrong with the address stays. */
export async function run(isFirst = false): Promise<void> {
  const mine = ++runs;
  const options = runOptions();
  const before = screens.value;
  /** Sides that showed something. */
  const drew = new Set<number>();
  batch(() => {
    if (!isFirst) {
      complaint.value = undefined;
    }
    backend.value = undefined;
    running.value = { stack: options.stacks[0], frame: 0, frames: options.frames };
  });
  const isDone = await trying(async () => {
    const recorded = await machines.bench.run(
      options,
      proxy({
        progress: (stack: string, frame: number, frames: number) => {
          running.value = { stack, frame, frames };
        },
        shown: (stack: string, frame: Frame) => {
          const side = options.stacks.indexOf(stack);
          drew.add(side);
          showFrame(side, frame);
        },
        backend: (how: BackendState) => {
          backend.value = how;
        },
      }),
    );
    if (mine === runs) {
      openedFile.value = '';
      change({ trace: '' });
      await lay(recorded, drew);
    }
  });
  if (mine === runs) {
    batch(() => {
      running.value = undefined;
      if (!isDone) {
        backend.value = undefined;
        screens.value = before;
      }
    });
    void rank();
  }
}

function showFrame(side: number, frame: Frame): void {
  if (side >= 0) {
    screens.value = [0, 1].map((each) => (each === side ? frame : screens.value[each]));
  }
}

/** @param drew  sides whose screen shows the run. */
async function lay(
  recorded: readonly Side[],
  drew: ReadonlySet<number> = new Set(),
): Promise<void> {
  const { step, isFixed, side, event, script } = state.value;
  batch(() => {
    sides.value = recorded;
    inspections.value = [];
    inspectedBefore.value = [];
  });
  if (!isFixed) {
    await machines.bench.command(`g ${step}`);
  }
  await machines.bench.take(side);
  const target = script !== '' || event !== 0 ? event : lastFrame(recorded[side] ?? recorded[0]);
  let answer = await machines.bench.command(`go ${target}`);
  for (const line of script.split(';').filter((each) => each.trim() !== '')) {
    answer = await machines.bench.command(line);
  }
  // A paravirtual driver may show its frames after the call that did: what the run showed stays until one steps.
  await stand(answer, event === 0 && script === '' ? drew : new Set());
}

/** Draws through a backend in another process: the second stack becomes the pair with it. */
export async function runWith(address: string): Promise<void> {
  await trying(async () => {
    const stacks = [state.value.stacks[0], 'pv:transport=websocket'];
    change({ backend: checkedBackend(address.trim()), stacks, side: 0, event: 0, script: '' });
    await run();
  });
}

/** Behind the call that shows the last frame: after it the driver is removed, and the screen is dark. */
function lastFrame({ columns: { kinds, requests } }: Side): number {
  const number = (name: string): number =>
    catalogue.value?.kinds.findIndex((kind) => kind.name === name) ?? -1;
  const flip = kinds.lastIndexOf(number('flip'));
  if (flip < 0) {
    return kinds.length;
  }
  const [request, returned] = [requests[flip], number('appReturn')];
  const end = kinds.findIndex(
    (kind, at) => at > flip && kind === returned && requests[at] === request,
  );
  return (end < 0 ? flip : end) + 1;
}

/** The run whose stacks were ranked last. */
let ranked = 0;

/** All seven stacks, under each profile, while one looks at prices and does other things. */
async function rank(): Promise<void> {
  const all = catalogue.value;
  if (all === undefined || state.value.beside !== 'prices' || ranked === runs) {
    return;
  }
  ranked = runs;
  const { prices } = state.value;
  await trying(async () => {
    const done: Comparison[] = [];
    for (const { name } of all.profiles) {
      const stacks = all.stacks.map((each) => each.name);
      const { bug: _, ...options } = runOptions();
      const small = { ...options, stacks, profile: name, prices, frames: 1 };
      done.push(await machines.background.compare(small));
      ranking.value = [...done];
    }
  });
}

/** Other prices: what is shown runs again, and the ranking. */
export async function price(prices: PageState['prices']): Promise<void> {
  change({ prices, event: 0, script: '' });
  await run();
}

// ---------------------------------------------------------------------------------- files

/** A trace, a model, or a texture, by its name. @param isGiven  by the address, which also says where one stands */
export async function open(file: File, isGiven = false): Promise<void> {
  await trying(async () => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const ending = file.name.slice(file.name.lastIndexOf('.') + 1).toLowerCase();
    const given: OwnFile = { name: file.name, bytes };
    switch (ending) {
      case 'obj':
      case 'ply':
      case 'glb':
        await draw({ model: given });
        return;
      case 'png':
        await draw({ texture: given });
        return;
      default: {
        runs++;
        const recorded = await machines.bench.open(given, runOptions().granularity);
        complaint.value = undefined;
        openedFile.value = file.name;
        change({
          ...(isGiven ? {} : { side: 0, event: 0, script: '', trace: '' }),
          stacks: recorded.map(({ name }) => name),
        });
        await lay(recorded);
      }
    }
  });
}

/** A trace that lies beside the page, by its name. */
async function openGiven(name: string): Promise<void> {
  const response = await fetch(`traces/${encodeURIComponent(name)}`);
  if (!response.ok) {
    throw new LinkError(
      `There is no trace '${name}' here: 'doorbell serve ${name}' serves it, or drop the file on the page.`,
    );
  }
  await open(new File([await response.blob()], name), true);
}

/** Draws with a file of the user's: what was there before is drawn with again when it is refused. */
async function draw(part: typeof own.value): Promise<void> {
  const before = own.value;
  const { scene, side, event, script } = state.value;
  own.value = { ...before, ...part };
  change({ scene: part.model === undefined ? 'image' : 'bunny', event: 0, script: '' });
  await run();
  if (complaint.value !== undefined) {
    own.value = before;
    change({ scene, side, event, script });
  }
}

/** What a file of this kind holds. */
export async function fileOf(kind: 'trace' | 'perfetto' | 'json' | 'png'): Promise<Blob> {
  switch (kind) {
    case 'trace':
      return new Blob([(await machines.bench.save()) as Uint8Array<ArrayBuffer>]);
    case 'perfetto':
      return new Blob([await machines.bench.perfetto()], { type: 'application/json' });
    case 'json':
      return new Blob([JSON.stringify(await machines.background.compare(runOptions()), null, 2)], {
        type: 'application/json',
      });
    case 'png': {
      const frame = screens.value[state.value.side] ?? screens.value[0];
      if (frame === undefined) {
        throw new LinkError('No screen shows anything yet.');
      }
      return new Blob([(await machines.bench.png(frame)) as Uint8Array<ArrayBuffer>], {
        type: 'image/png',
      });
    }
  }
}

/** Saves it where the browser saves files. */
export async function download(kind: Parameters<typeof fileOf>[0]): Promise<void> {
  await trying(async () => {
    const url = URL.createObjectURL(await fileOf(kind));
    const names = {
      trace: 'run.trace',
      perfetto: 'perfetto.json',
      json: 'compare.json',
      png: 'frame.png',
    };
    const anchor = Object.assign(document.createElement('a'), {
      href: url,
      download: `doorbell-${names[kind]}`,
    });
    anchor.click();
    URL.revokeObjectURL(url);
  });
}

// ---------------------------------------------------------------------------------- stepping

/** A command as `doorbell step` has it. */
export async function command(line: string): Promise<void> {
  if (sides.value.length === 0) {
    return;
  }
  await trying(async () => {
    const answer = await machines.bench.command(line);
    complaint.value = undefined;
    await stand(answer);
  });
}

/** To an event of one side. */
export async function go(side: number, event: number): Promise<void> {
  await trying(async () => {
    await machines.bench.take(side);
    await stand(await machines.bench.command(`go ${event}`));
  });
}

export async function take(side: number): Promise<void> {
  await trying(async () => {
    await stand({ standing: await machines.bench.take(side), lines: [] });
  });
}

let stands = 0;

/** Shows where one stands now; what a state holds comes a little later. @param kept  sides whose screen stays as it is. */
async function stand(
  { standing: now, lines }: Answer,
  kept: ReadonlySet<number> = new Set(),
): Promise<void> {
  const mine = ++stands;
  batch(() => {
    standing.value = now;
    said.value = lines;
  });
  change({
    ...{ side: now.side, event: now.places[now.side].at },
    ...{ step: now.granularity, script: '' },
  });
  await showSource(now.places[now.side].lastLine?.file);
  const pane = paneOf(state.value.pane);
  const shown = await Promise.all(
    now.places.map(async (_, side) => ({
      inspection: await machines.bench.inspect(side, pane),
      screen: await machines.bench.scanout(side),
    })),
  );
  if (mine === stands) {
    batch(() => {
      const before = inspections.value;
      if (shown.some(({ inspection }, side) => before[side]?.event !== inspection?.event)) {
        inspectedBefore.value = before;
      }
      inspections.value = shown.map(({ inspection }) => inspection);
      screens.value = shown.map(({ screen }, side) =>
        kept.has(side) ? screens.value[side] : screen,
      );
    });
    const wanted = paneOf(state.value.pane);
    if (wanted !== pane) {
      await showPane(wanted);
    }
  }
}

/** Another pane of the inspector, of the same states. */
export async function showPane(pane: PaneName): Promise<void> {
  change({ pane });
  const mine = stands;
  const again = (all: typeof inspections.value) =>
    Promise.all(
      all.map(async (one, side) =>
        one === undefined ? undefined : await machines.bench.inspect(side, pane, one.event),
      ),
    );
  await trying(async () => {
    const now = await again(inspections.value);
    const before = await again(inspectedBefore.value);
    if (mine === stands && state.value.pane === pane) {
      batch(() => {
        inspections.value = now;
        inspectedBefore.value = before;
      });
    }
  });
}

/** Page tables of one side's state, walked for an address. */
export function walkPages(side: number, query: WalkQuery): Promise<PageWalk | undefined> {
  return machines.bench.walkPages(side, query);
}

async function showSource(file: string | undefined): Promise<void> {
  if (file !== undefined && source.value?.file !== file) {
    const text = await machines.bench.source(file);
    source.value = text === undefined ? undefined : { file, text };
  }
}
