/** Files that are opened, and files that are saved. */
import { LinkError, type PageState } from '../link.ts';
import {
  type OwnFile,
  type PaneName,
  paneOf,
  panesOfPeers,
  type Side,
} from '../machine/contract.ts';
import { change } from './address.ts';
import { runOptions } from './options.ts';
import { lay, run } from './run.ts';
import { backend, complaint, openedFile, own, running, runs, screens, state } from './signals.ts';
import { machines, trying } from './threads.ts';

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
        const recorded = await machines().bench.open(given, runOptions().granularity);
        // A run that went on has ended: nothing more is heard of it.
        runs.value++;
        running.value = undefined;
        backend.value = undefined;
        complaint.value = undefined;
        openedFile.value = file.name;
        change({
          ...(isGiven ? {} : { side: 0, event: 0, script: '', trace: '' }),
          ...askedBy(recorded),
          pane: paneFor(recorded),
        });
        await lay(recorded);
      }
    }
  });
}

/** What the form and a link say: the same run. A real machine is none of ours. */
function askedBy(recorded: readonly Side[]): Partial<PageState> {
  const asked = recorded[0]?.asked;
  return asked === undefined
    ? {}
    : { ...asked, mix: [], prices: {}, stacks: recorded.map(({ name }) => name) };
}

/** The one that is shown, where it has something of them. */
function paneFor([first]: readonly Side[]): PaneName {
  const pane = paneOf(state.value.pane);
  return first?.account === undefined || panesOfPeers.has(pane) || pane === 'session'
    ? pane
    : 'rings';
}

/** A trace that lies beside the page, by its name. */
export async function openGiven(name: string): Promise<void> {
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
  const { scene, guests, mix, side, event, script } = state.value;
  own.value = { ...before, ...part };
  const drawn = part.model === undefined ? 'image' : 'bunny';
  change({ scene: drawn, mix: [], event: 0, script: '' });
  await run();
  if (complaint.value !== undefined) {
    own.value = before;
    change({ scene, guests, mix, side, event, script });
  }
}

/** What a file of this kind holds. */
async function fileOf(kind: 'trace' | 'perfetto' | 'json' | 'png'): Promise<Blob> {
  switch (kind) {
    case 'trace':
      return new Blob([(await machines().bench.save()) as Uint8Array<ArrayBuffer>]);
    case 'perfetto':
      return new Blob([await machines().bench.perfetto()], { type: 'application/json' });
    case 'json':
      return new Blob(
        [JSON.stringify(await machines().background.compare(runOptions()), null, 2)],
        {
          type: 'application/json',
        },
      );
    case 'png': {
      const frame = screens.value[state.value.side] ?? screens.value[0];
      if (frame === undefined) {
        throw new LinkError('No screen shows anything yet.');
      }
      return new Blob([(await machines().bench.png(frame)) as Uint8Array<ArrayBuffer>], {
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
