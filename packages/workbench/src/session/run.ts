/** Runs that are recorded and shown. */
import { batch } from '@preact/signals';
import { proxy } from 'comlink';
import { backend as checkedBackend, readLink, type PageState } from '../link.ts';
import {
  paneOf,
  type Answer,
  type BackendState,
  type Frame,
  type RunOptions,
  type Side,
} from '../machine/contract.ts';
import { change } from './address.ts';
import { runOptions } from './options.ts';
import {
  askedBackend,
  backend,
  catalogue,
  complaint,
  inspectedBefore,
  inspections,
  openedFile,
  running,
  runs,
  screens,
  sides,
  state,
} from './signals.ts';
import { stand } from './stepping.ts';
import { machines, trying, wordsOf } from './threads.ts';
import { note } from './transcript.ts';

/** The backend that the user wants: a link may name one, and does not speak for who opens it. */
let allowed = '';

/** Whether it may be run: if it connects elsewhere, only once that is allowed. */
function mayRun({ stacks, backend: address = '' }: RunOptions): boolean {
  const isFar = stacks.some((stack) => stack.includes('transport=websocket'));
  askedBackend.value = isFar && address !== allowed ? address : '';
  return askedBackend.value === '';
}

/** The backend that the link names is what the user wants. */
export async function allowBackend(): Promise<void> {
  allowed = askedBackend.value;
  await run();
}

/** Runs and records both stacks, and stands where the address says. @param isFirst  what was wrong with the address stays. */
export async function run(isFirst = false): Promise<void> {
  const options = runOptions();
  if (!mayRun(options)) {
    return;
  }
  const mine = ++runs.value;
  /** A run that was superseded goes on for a while, and is not heard. */
  const ifLatest = (act: () => void): void => {
    if (mine === runs.value) {
      act();
    }
  };
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
    const recorded = await machines().bench.run(
      options,
      proxy({
        progress: (stack: string, frame: number, frames: number) => {
          ifLatest(() => {
            running.value = { stack, frame, frames };
          });
        },
        shown: (stack: string, frame: Frame) => {
          ifLatest(() => {
            const side = options.stacks.indexOf(stack);
            drew.add(side);
            showFrame(side, frame);
          });
        },
        backend: (how: BackendState) => {
          ifLatest(() => {
            backend.value = how;
          });
        },
      }),
    );
    if (mine === runs.value) {
      openedFile.value = '';
      change({ trace: '' });
      await lay(recorded, drew);
    }
  });
  if (mine === runs.value) {
    batch(() => {
      running.value = undefined;
      if (!isDone) {
        backend.value = undefined;
        screens.value = before;
      }
    });
  }
}

function showFrame(side: number, frame: Frame): void {
  if (side >= 0) {
    screens.value = [0, 1].map((each) => (each === side ? frame : screens.value[each]));
  }
}

/** @param drew  sides whose screen shows the run. */
export async function lay(
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
    await machines().bench.command(`g ${step}`);
  }
  await machines().bench.take(side);
  const target = script !== '' || event !== 0 ? event : lastFrame(recorded[side] ?? recorded[0]);
  let answer = await machines().bench.command(`go ${target}`);
  answer = (await runScript(script)) ?? answer;
  // A paravirtual driver may show its frames after the call that did: what the run showed stays until one steps.
  await stand(answer, event === 0 && script === '' ? drew : new Set());
}

/** Undefined: there is none. A command that is refused ends it, and is said where all are. */
async function runScript(script: string): Promise<Answer | undefined> {
  let answer: Answer | undefined;
  for (const line of script.split(';').map((each) => each.trim())) {
    if (line === '') {
      continue;
    }
    try {
      answer = await machines().bench.command(line);
      note({ line, lines: answer.lines, isRefused: false });
    } catch (error) {
      if (paneOf(state.value.pane) !== 'session') {
        throw error;
      }
      note({ line, lines: [wordsOf(error)], isRefused: true });
      return answer;
    }
  }
  return answer;
}

/** Draws through a backend in another process: the second stack becomes the pair with it. */
export async function runWith(address: string): Promise<void> {
  await trying(async () => {
    const stacks = [state.value.stacks[0], 'pv:transport=websocket'];
    allowed = checkedBackend(address.trim());
    change({ backend: allowed, stacks, side: 0, event: 0, script: '' });
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

/** Other prices: what is shown runs again, and the ranking. */
export async function price(prices: PageState['prices']): Promise<void> {
  change({ prices, event: 0, script: '' });
  await run();
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
