/** Where one stands in the recorded runs, and what is shown of it. */
import { batch } from '@preact/signals';
import {
  paneOf,
  type Answer,
  type DumpRow,
  type EngineTimeline,
  type LoggedTlp,
  type PageWalk,
  type PaneName,
  type VramQuery,
  type WalkQuery,
} from '../machine/contract.ts';
import { change } from './address.ts';
import {
  complaint,
  inspectedBefore,
  inspections,
  said,
  screens,
  sides,
  source,
  standing,
  state,
} from './signals.ts';
import { machines, trying } from './threads.ts';

/** A command as `doorbell step` has it. */
export async function command(line: string): Promise<void> {
  if (sides.value.length === 0) {
    return;
  }
  await trying(async () => {
    const answer = await machines().bench.command(line);
    complaint.value = undefined;
    await stand(answer);
  });
}

/** To an event of one side. */
export async function go(side: number, event: number): Promise<void> {
  await trying(async () => {
    await machines().bench.take(side);
    await stand(await machines().bench.command(`go ${event}`));
  });
}

export async function take(side: number): Promise<void> {
  await trying(async () => {
    await stand({ standing: await machines().bench.take(side), lines: [] });
  });
}

let stands = 0;

/** Shows where one stands now; what a state holds comes a little later. @param kept  sides whose screen stays as it is. */
export async function stand(
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
  await showSource(now.places[now.side].lastLine?.file, mine);
  const pane = paneOf(state.value.pane);
  const shown = await Promise.all(
    now.places.map(async (_, side) => ({
      inspection: await machines().bench.inspect(side, pane),
      screen: await machines().bench.scanout(side),
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
        one === undefined ? undefined : await machines().bench.inspect(side, pane, one.event),
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
  return machines().bench.walkPages(side, query);
}

/** Bytes of a GPU's memory, of one side's state. */
export function vramBytes(side: number, query: VramQuery): Promise<readonly DumpRow[] | undefined> {
  return machines().bench.vram(side, query);
}

/** Who had one side's engines, and who waited, over the whole run. */
export async function engineTimelines(side: number): Promise<readonly EngineTimeline[]> {
  let found: readonly EngineTimeline[] = [];
  await trying(async () => {
    found = await machines().bench.engineTimelines(side);
  });
  return found;
}

/** PCI Express packets of one side's run, from one's number on. */
export function packetsFrom(side: number, first: number): Promise<readonly LoggedTlp[]> {
  return machines().bench.packetsFrom(side, first);
}

async function showSource(file: string | undefined, mine: number): Promise<void> {
  if (file !== undefined && source.value?.file !== file) {
    const text = await machines().bench.source(file);
    if (mine === stands) {
      source.value = { file, text };
    }
  }
}
