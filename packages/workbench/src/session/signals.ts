/** What the page knows. */
import { signal } from '@preact/signals';
import { firstState, type PageState } from '../link.ts';
import type {
  BackendState,
  Catalogue,
  Comparison,
  Frame,
  Inspection,
  OwnFile,
  Side,
  Source,
  Standing,
} from '../machine/contract.ts';
import type { View } from '../timeline/view.ts';

export const state = signal<PageState>(firstState);
export const catalogue = signal<Catalogue | undefined>(undefined);
export const sides = signal<readonly Side[]>([]);
export const standing = signal<Standing | undefined>(undefined);
/** The part of the axis of virtual time that the timeline shows. */
export const seen = signal<View | undefined>(undefined);
/** What each side's screen shows: of the run while it goes on, then of the state. */
export const screens = signal<readonly (Frame | undefined)[]>([]);
/** What the shown pane needs of each side's state, and of the one where it stood before. */
export const inspections = signal<readonly (Inspection | undefined)[]>([]);
export const inspectedBefore = signal<readonly (Inspection | undefined)[]>([]);
export const source = signal<Source | undefined>(undefined);
/** The run that goes on. */
export const running = signal<
  { readonly stack: string; readonly frame: number; readonly frames: number } | undefined
>(undefined);
/** How it is with the backend in another process that the run has; undefined: it has none. */
export const backend = signal<BackendState | undefined>(undefined);
/** The address of a backend that a run waits for: nobody has said yet that the page may connect there. */
export const askedBackend = signal('');
/** What went wrong, and how to mend it. */
export const complaint = signal<string | undefined>(undefined);
/** What the last command said. */
export const said = signal<readonly string[]>([]);
/** All stacks under each profile, with the prices as they are now. */
export const ranking = signal<readonly Comparison[]>([]);
/** Files of the user's that are drawn with. */
export const own = signal<{ readonly model?: OwnFile; readonly texture?: OwnFile }>({});
/** The name of the file that is shown; '' for a run. */
export const openedFile = signal('');
/** Runs that were begun, and files that were opened: a new one supersedes those before it. */
export const runs = signal(0);
