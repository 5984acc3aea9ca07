/** What the page asks of the thread in which machines run, and what comes back: plain data. */
import type {
  AddressMap,
  CompareReport,
  ConfigView,
  CostName,
  DumpRow,
  EnginesView,
  EngineTimeline,
  EventColumns,
  Explanation,
  IotlbEntry,
  LoggedTlp,
  Ownership,
  PageWalk,
  QueueView,
  RegisterGroup,
  RingView,
  SchedulerView,
  SourceLine,
  StackReport,
  TlpSummary,
  VramQuery,
  Walkable,
  WalkQuery,
} from '@doorbell/lab';
import type { Track } from '../timeline/lanes.ts';

/** What can be chosen. */
export interface Catalogue {
  readonly stacks: readonly StackChoice[];
  readonly scenes: readonly Named[];
  readonly profiles: readonly ProfileChoice[];
  readonly granularities: readonly Named[];
  readonly bugs: readonly BugChoice[];
  /** By the numbers that events have. */
  readonly kinds: readonly KindRow[];
  /** What each price is the price of. */
  readonly costs: Readonly<Record<CostName, string>>;
}

interface Named {
  readonly name: string;
  readonly doc: string;
}

interface StackChoice extends Named {
  readonly term: string;
  readonly options: readonly OptionChoice[];
}

export interface OptionChoice extends Named {
  /** Empty: a whole number from `least` to `most`. */
  readonly values: readonly string[];
  readonly least: number;
  readonly most: number;
  readonly default: string;
}

interface ProfileChoice extends Named {
  /** In nanoseconds. */
  readonly prices: Readonly<Record<CostName, number>>;
}

interface BugChoice {
  readonly id: string;
  readonly title: string;
  readonly stacks: readonly string[];
}

export interface KindRow {
  readonly name: string;
  readonly actor: 'app' | 'driver' | 'hypervisor' | 'iommu' | 'device';
  readonly doc: string;
}

/** A driver's source, with its colours. */
export interface SourceFile {
  readonly text: string;
  /** In threes: characters without a colour before it, with it, and which of `markKinds` it is. */
  readonly marks: readonly number[];
}

/** The text is undefined where the page does not have the file. */
export interface Source {
  readonly file: string;
  readonly text: SourceFile | undefined;
}

/** A file of the user's. */
export interface OwnFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface RunOptions {
  /** With their options: `pv:ring=packed`. */
  readonly stacks: readonly string[];
  readonly scene: string;
  readonly frames: number;
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  /** How many share the GPU. */
  readonly guests: number;
  /** What each of several guests draws and is due, as `--guest` says it; empty: all draw the scene. */
  readonly mix: readonly string[];
  readonly profile: string;
  /** Prices that are not the profile's, in nanoseconds. */
  readonly prices: Readonly<Partial<Record<CostName, number>>>;
  /** Whether the lines of the drivers' sources are recorded. */
  readonly source: boolean;
  readonly bug?: string;
  readonly model?: OwnFile;
  readonly texture?: OwnFile;
  /** What a step goes by, and nothing else; absent: it can be chosen. */
  readonly granularity?: string;
  /** Of the backend of `pv:transport=websocket`, with its token. */
  readonly backend?: string;
}

/** Of a backend in another process: `away` is one that was lost and is tried for again. */
export type BackendState = 'connecting' | 'connected' | 'away';

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** R, G, B, A. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** One recorded run. */
export interface Side {
  /** The stack with its options. */
  readonly name: string;
  readonly term: string;
  readonly scene: string;
  readonly guests: number;
  /** None where the backend was in another thread or process. */
  readonly columns: EventColumns;
  /** The same, laid out for the timeline. */
  readonly track: Track;
  /** By the numbers that events have; empty where no lines were recorded. */
  readonly lines: readonly SourceLine[];
  readonly report: StackReport | undefined;
  readonly error: string | undefined;
  readonly explanation: Explanation;
  /** What a recorded machine was asked to draw, as a link says it. */
  readonly asked?: Asked;
  /** Of a real peer, of which there are events but no states: what can be said of it. */
  readonly account?: readonly string[];
}

export type Asked = Pick<
  RunOptions,
  'scene' | 'frames' | 'width' | 'height' | 'seed' | 'guests' | 'profile'
> & { readonly bug: string | undefined };

/** Hears how a run goes on. */
export interface RunListener {
  progress(stack: string, frame: number, frames: number): void;
  shown(stack: string, frame: Frame): void;
  backend(state: BackendState): void;
}

/** Where one stands in both recordings. */
export interface Standing {
  /** Which one is stepped. */
  readonly side: number;
  readonly granularity: string;
  readonly places: readonly Place[];
  readonly breakpoints: readonly string[];
}

export interface Place {
  /** The event that happened last; 0: none did. */
  readonly at: number;
  readonly text: string;
  readonly request: number;
  /** Virtual nanoseconds. */
  readonly time: number;
  readonly line: SourceLine | undefined;
  /** The one that ran last, where none runs now. */
  readonly lastLine: SourceLine | undefined;
  readonly locals: string;
  /** From the event back to its first. */
  readonly causes: readonly { readonly id: number; readonly text: string }[];
}

export interface Answer {
  readonly standing: Standing;
  /** What the command says, as the terminal's session does. */
  readonly lines: readonly string[];
}

/** What a line of the terminal said. */
export interface Said {
  readonly text: string;
  /** It was refused and should not have been, or is none that is known. */
  readonly isWrong: boolean;
  /** Before the next line. */
  readonly prompt: string;
}

/** Of the terminal, before anything was said. */
export const FIRST_PROMPT = '$';

/** What the inspector shows, one at a time. */
export const paneNames = [
  ...(['why', 'causes', 'registers', 'config', 'rings', 'pages', 'vram'] as const),
  ...(['iotlb', 'ownership', 'scheduler', 'packets', 'counters', 'session'] as const),
] as const;

export type PaneName = (typeof paneNames)[number];

/** What there is of a real peer beside its events. */
export const panesOfPeers: ReadonlySet<PaneName> = new Set<PaneName>(['why', 'causes', 'rings']);

/** As an address names it; the registers where it names none that there is. */
export function paneOf(text: string): PaneName {
  return paneNames.find((name) => name === text) ?? 'registers';
}

/** Of a state: what every pane may need, and what only one does. */
export interface Inspection {
  /** The event after which it is so. */
  readonly event: number;
  readonly registers: readonly RegisterGroup[];
  readonly engines: readonly EnginesView[];
  readonly counters: readonly (readonly [string, number])[];
  readonly rings?: readonly RingPlace[];
  readonly queues?: readonly QueueView[];
  readonly iotlb?: readonly IotlbEntry[];
  readonly config?: ConfigInspection;
  readonly ownership?: Ownership;
  readonly schedulers?: readonly SchedulerView[];
  readonly packets?: PacketInspection;
  readonly walks?: WalkInspection;
  readonly vram?: readonly VramPlace[];
}

/** A GPU that has VRAM of its own. */
interface VramPlace {
  readonly guest: number;
  readonly bdf: number;
  /** How much it has. */
  readonly bytes: number;
}

export type RingPlace = RingView & { readonly guest: number; readonly bdf: number };

export interface ConfigInspection {
  readonly functions: readonly ConfigView[];
  readonly maps: readonly AddressMap[];
}

/** Packets that are shown at once. */
export const PACKETS_SHOWN = 200;

export interface PacketInspection {
  /** Those around the event. */
  readonly packets: readonly LoggedTlp[];
  /** Of the whole run. */
  readonly summary: TlpSummary;
}

export interface WalkInspection {
  readonly walkable: Walkable;
  /** What is meant by the event, each with its walk. */
  readonly proposed: readonly ProposedWalk[];
}

export interface ProposedWalk {
  readonly query: WalkQuery;
  /** What the address is of. */
  readonly what: string;
  readonly walk: PageWalk | undefined;
}

export type { DumpRow, EngineTimeline, LoggedTlp, PageWalk, VramQuery, WalkQuery };

export type Prices = RunOptions['prices'];

/** The same run through many stacks, for its figures alone. */
export type Comparison = CompareReport;
