/** Registers of a saved state, by name, with their fields. */
import {
  bellRegisters,
  channelRegisters,
  channelStates,
  eduRegisters,
  extract,
  msixEntry,
  place,
  type0Header,
  type1Header,
  virtioCommonConfig,
  type RegisterRow,
  type RegisterRows,
} from '@doorbell/abi';
import { GROUP_PAGES, type BellState } from '@doorbell/device-model';
import type { MediatedBellState } from '@doorbell/hypervisor';
import type { StackState } from '../../stacks/stack.ts';
import { functionsOf, hostOf, partOf, type SavedFunction } from './saved.ts';

export interface RegisterView {
  readonly name: string;
  readonly value: number;
  /** In bytes. */
  readonly width: number;
  readonly bits: readonly FieldView[];
  readonly doc: string;
}

export interface FieldView {
  readonly name: string;
  readonly value: number;
  /** Its lowest bit, and how many it has. */
  readonly lsb: number;
  readonly width: number;
  readonly doc: string;
}

/** Registers that stand together, such as a channel's. */
export interface RegisterGroup {
  readonly guest: number;
  readonly bdf: number;
  /** `bell`, `channel 0`, `config`, `vector 3`, `virtio`, `edu`. */
  readonly title: string;
  readonly registers: readonly RegisterView[];
}

interface Rows {
  readonly names: readonly string[];
  readonly rows: RegisterRows;
}

/** A register of a map, with its fields. */
export function view(name: string, row: RegisterRow, value: number): RegisterView {
  const bits = Object.entries(row.bits ?? {}).map(([part, field]) => ({
    ...{ name: part, value: extract(field, value), doc: field.doc },
    ...{ lsb: field.lsb, width: field.width },
  }));
  return { name, value, width: row.width, bits, doc: row.doc };
}

function views(
  { names, rows }: Rows,
  valueOf: (name: string, index: number) => number,
): RegisterView[] {
  return names.map((name, index) => view(name, rows[name], valueOf(name, index)));
}

/** All that are there: a channel that was never used, and a vector that is masked, are left out. */
export function registersOf(state: StackState): readonly RegisterGroup[] {
  const { now } = hostOf(state).machine;
  const functions = functionsOf(state);
  const part = functions.map(partOf).find((each) => each !== undefined);
  return functions.flatMap((each) => [
    ...groupsOf(each, now),
    ...(part === undefined ? [] : mediatedGroups(each, part)),
  ]);
}

function groupsOf(each: SavedFunction, now: number): RegisterGroup[] {
  const { guest, bdf, kind, config, msix, registers, state } = each;
  const group = (title: string, shown: RegisterView[]): RegisterGroup[] =>
    shown.length === 0 ? [] : [{ guest, bdf, title, registers: shown }];
  const part = partOf(each);
  const rows: Rows = kind === 'bridge' ? type1Header : type0Header;
  const header = views(rows, (name) => configValue(config, rows.rows[name]));
  return [
    ...group('config', header),
    ...(kind === 'bell' && registers !== undefined
      ? group('bell', bellViews(registers, part, now))
      : []),
    ...(part?.channels ?? []).flatMap((channel, number) =>
      isUsed(channel) ? group(`channel ${number}`, channelViews(channel)) : [],
    ),
    ...(kind === 'edu' && registers !== undefined
      ? group(
          'edu',
          views(eduRegisters, (_, index) => registers[index]),
        )
      : []),
    ...(kind === 'virtio' ? group('virtio', virtioViews(state)) : []),
    ...vectors(msix?.table).flatMap(({ number, entry }) =>
      group(
        `vector ${number}`,
        views(msixEntry, (_, index) => entry[index]),
      ),
    ),
  ];
}

function configValue(config: Uint8Array, { offset, width }: RegisterRow): number {
  let value = 0;
  for (let at = width - 1; at >= 0; at--) {
    value = value * 256 + config[offset + at];
  }
  return value;
}

/** What a function shows is what it keeps, but for a few that say what goes on now. */
function bellViews(
  registers: Uint32Array,
  part: BellState | undefined,
  now: number,
): RegisterView[] {
  const { STATUS } = bellRegisters.rows;
  const current: Readonly<Record<string, number>> = {
    TIME_LO: Math.floor(now) % 2 ** 32,
    ...(part === undefined
      ? {}
      : {
          STATUS: part.scheduler.running === undefined ? 0 : STATUS.bits.BUSY.mask,
          VRAM_PAGES: part.vram.length * GROUP_PAGES,
        }),
  };
  return views(bellRegisters, (name, index) => current[name] ?? registers[index]);
}

type SavedChannel = BellState['channels'][number];

function isUsed({ registers, state }: SavedChannel): boolean {
  return state !== 'IDLE' || registers[0] !== 0;
}

function channelViews({ registers, state }: SavedChannel): RegisterView[] {
  const { STATE } = channelRegisters.rows.STATUS.bits;
  return views(channelRegisters, (name, index) =>
    name === 'STATUS' ? place(STATE, channelStates[state]) : registers[index],
  );
}

/** A guest's channels of a mediated device, as the guest reads them: on channels of the host's part. */
function mediatedGroups({ guest, bdf, state }: SavedFunction, part: BellState): RegisterGroup[] {
  return mediatedChannels(state).flatMap(({ physical, values }, number) => {
    const channel = part.channels[physical];
    // What the host keeps from the physical channel, and answers by itself.
    const kept: Readonly<Record<string, number>> = {
      CONTROL: values.control,
      PAGE_ROOT: values.pageRoot,
      VECTOR: values.vector,
    };
    const registers = channelViews(channel).map(({ name, value }) =>
      view(name, channelRows[name], kept[name] ?? value),
    );
    return isUsed(channel) ? [{ guest, bdf, title: `channel ${number}`, registers }] : [];
  });
}

const channelRows: RegisterRows = channelRegisters.rows;

type MediatedChannels = MediatedBellState['channels'];

function mediatedChannels(state: unknown): MediatedChannels {
  return isMediated(state) ? state.channels : [];
}

function isMediated(saved: unknown): saved is Pick<MediatedBellState, 'channels'> {
  const has = typeof saved === 'object' && saved !== null && 'channels' in saved;
  const channels: readonly unknown[] = has && Array.isArray(saved.channels) ? saved.channels : [];
  const first = channels.at(0);
  return typeof first === 'object' && first !== null && 'physical' in first && 'values' in first;
}

/** The entries of a table that are not masked. */
function vectors(words: Uint32Array = new Uint32Array(0)) {
  const size = msixEntry.names.length;
  const mask = msixEntry.rows.CONTROL.bits.MASK.mask;
  return Array.from({ length: Math.floor(words.length / size) }, (_, number) => ({
    number,
    entry: words.subarray(number * size, (number + 1) * size),
  })).filter(({ entry }) => (entry[size - 1] & mask) === 0);
}

function virtioViews(state: unknown): RegisterView[] {
  const saved = virtioRegisters(state);
  return saved === undefined ? [] : views(virtioCommonConfig, (_, index) => saved[index]);
}

function virtioRegisters(state: unknown): Uint32Array | undefined {
  const common =
    typeof state === 'object' && state !== null && 'common' in state ? state.common : undefined;
  const has = typeof common === 'object' && common !== null && 'registers' in common;
  return has && common.registers instanceof Uint32Array ? common.registers : undefined;
}
