/**
 * What a run is to stop at, from a line of text: a register, a field of it, an address range, an exit,
 * a fault, a command, a packet, a kind of event, or a count that passes a threshold.
 */
import { eventKinds, extract, faults, gpuCommands, type EventKind } from '@doorbell/abi';
import { exitReasons, type TraceEvent, type Tracer } from '@doorbell/hypervisor';
import { InputError } from '../input-error.ts';
import { packetName, packetNames } from './inspect/ring.ts';
import { findRegisters, type NamedRegisters, type RegisterQuery } from './named-registers.ts';
import { nearest } from '../nearest.ts';
import { deviceWrites } from './device-writes.ts';

export interface Watch {
  readonly text: string;
  readonly hits: (event: TraceEvent) => boolean;
}

/** What an event counts towards, and how much. */
const counters: Readonly<Record<string, (event: TraceEvent) => number>> = {
  exits: ({ kind }) => Number(kind === 'exit'),
  interrupts: ({ kind }) => Number(kind === 'interrupt' || kind === 'queueInterrupt'),
  injections: ({ kind }) => Number(kind === 'injection' || kind === 'posted'),
  packets: ({ kind }) => Number(kind === 'packet'),
  fences: ({ kind }) => Number(kind === 'fence'),
  doorbells: ({ kind }) => Number(kind === 'doorbell'),
  flips: ({ kind }) => Number(kind === 'flip'),
  faults: ({ kind }) => Number(kind === 'fault' || kind === 'iommuFault'),
  iotlbMisses: ({ kind }) => Number(kind === 'iotlbMiss'),
  kicks: ({ kind }) => Number(kind === 'kick'),
  commands: ({ kind }) => Number(kind === 'command'),
  accesses: ({ kind }) => Number(kind === 'mmioRead' || kind === 'mmioWrite'),
  bytesDma: ({ kind, b }) => (kind === 'dmaRead' || kind === 'dmaWrite' ? b : 0),
};

export interface WatchContext {
  readonly events: Tracer;
  readonly registers: NamedRegisters;
}

/** @throws InputError */
export function parseWatch(text: string, context: WatchContext): Watch {
  const trimmed = text.trim();
  return { text: trimmed, hits: hitsOf(trimmed, context) };
}

function hitsOf(text: string, context: WatchContext): Watch['hits'] {
  const threshold = /^(\w+)\s*>\s*(\d+)$/.exec(text);
  if (threshold !== null) {
    return passes(threshold[1], Number(threshold[2]), context.events);
  }
  const range = /^(0x[0-9a-f]+)(?:\.\.(0x[0-9a-f]+))?$/i.exec(text);
  if (range !== null) {
    return touches(Number(range[1]), Number(range[2] ?? range[1]));
  }
  const [, word, rest] = /^(exit|fault|command|packet)(?::(\S+))?$/.exec(text) ?? [];
  if (word !== undefined) {
    return ofKind(word, rest);
  }
  return eventKinds.some((kind) => kind === text)
    ? ({ kind }) => kind === text
    : register(text, context);
}

/** The events at which a count goes past a threshold: there is one at most. */
function passes(name: string, most: number, recorded: Tracer): Watch['hits'] {
  if (!Object.hasOwn(counters, name)) {
    throw unknown('counter', name, Object.keys(counters));
  }
  let sum = 0;
  let at = 0;
  for (const event of recorded) {
    sum += counters[name](event);
    if (sum > most) {
      at = event.id;
      break;
    }
  }
  return ({ id }) => id === at;
}

const touching: ReadonlySet<EventKind> = new Set<EventKind>([
  ...(['mmioRead', 'mmioWrite', 'memoryWrite', 'mmioBlock', 'dmaRead', 'dmaWrite'] as const),
]);

function touches(from: number, to: number): Watch['hits'] {
  return ({ kind, a, b }) => {
    const bytes = kind === 'mmioRead' || kind === 'mmioWrite' ? 4 : b;
    return touching.has(kind) && a <= to && a + bytes > from;
  };
}

const faultKinds: ReadonlySet<EventKind> = new Set<EventKind>([
  ...(['fault', 'iommuFault', 'dmaRefused', 'needsReset'] as const),
]);

function ofKind(word: string, rest: string | undefined): Watch['hits'] {
  if (rest === undefined) {
    return word === 'fault'
      ? (event) => faultKinds.has(event.kind)
      : (event) => event.kind === word;
  }
  if (word === 'exit') {
    const reason = exitReasons.findIndex((each) => each === rest);
    return reason < 0
      ? refuse('exit reason', rest, exitReasons)
      : (event) => event.kind === 'exit' && event.a === reason;
  }
  if (word === 'fault') {
    const fault = Object.entries(faults).find(([name]) => name === rest);
    return fault === undefined
      ? refuse('fault', rest, Object.keys(faults))
      : (event) => event.kind === 'fault' && event.b === fault[1].code;
  }
  if (word === 'command') {
    const command = Object.entries(gpuCommands).find(([name]) => name === rest);
    return command === undefined
      ? refuse('command', rest, Object.keys(gpuCommands))
      : (event) => event.kind === 'command' && event.a === command[1];
  }
  return packetNames.includes(rest)
    ? (event) => event.kind === 'packet' && packetName(event.b) === rest
    : refuse('packet', rest, packetNames);
}

function unknown(what: string, name: string, known: readonly string[]): InputError {
  return new InputError(`There is no ${what} '${name}'; ${nearest(name, known)}.`);
}

function refuse(what: string, name: string, known: readonly string[]): never {
  throw unknown(what, name, known);
}

// ------------------------------------------------------------------------------ registers

interface FieldQuery {
  readonly registers: readonly RegisterQuery[];
  /** A field of them, and a value that it, or the register, is to have. */
  readonly field: string | undefined;
  readonly value: number | undefined;
  readonly reads: boolean;
}

const readKinds: ReadonlySet<EventKind> = new Set<EventKind>(['mmioRead', 'configRead']);
const writeKinds: ReadonlySet<EventKind> = new Set<EventKind>(['mmioWrite', 'configWrite']);

function register(text: string, { registers, events }: WatchContext): Watch['hits'] {
  const query = parseRegister(text);
  return (event) => {
    const isAccess = (query.reads ? readKinds : writeKinds).has(event.kind);
    if (!isAccess) {
      return !query.reads && query.value === undefined && byDevice(event, query);
    }
    const isConfig = event.kind === 'configRead' || event.kind === 'configWrite';
    const place = isConfig ? registers.configPlaceAt(event.a) : registers.placeAt(event.a);
    const match = query.registers.find(
      ({ bank, number, name }) =>
        place?.bank === bank && place.name === name && (number ?? place.number) === place.number,
    );
    if (match === undefined) {
      return false;
    }
    return fits(query, match, event, () => before(events, event));
  };
}

/** Whether the value is the one that is asked for; of a field alone, whether it changes. */
function fits(
  { field, value }: FieldQuery,
  { row }: RegisterQuery,
  event: TraceEvent,
  previous: () => number,
): boolean {
  const bits = field === undefined ? undefined : row.bits?.[field];
  const part = (of: number): number => (bits === undefined ? of : extract(bits, of));
  if (value !== undefined) {
    return part(event.b) === value;
  }
  return field === undefined || part(event.b) !== part(previous());
}

/** What was written to the same address before, of configuration space to that of the same function; 0 when nothing was. */
function before(recorded: Tracer, { id, kind, a, c }: TraceEvent): number {
  const isConfig = kind === 'configRead' || kind === 'configWrite';
  for (let at = id - 1; at >= 1; at--) {
    const event = recorded.at(at);
    const isWrite = isConfig
      ? event.kind === 'configWrite' && event.c === c
      : event.kind === 'mmioWrite';
    if (isWrite && event.a === a) {
      return event.b;
    }
  }
  return 0;
}

/** Registers that the device changes by itself. */
function byDevice({ kind, a }: TraceEvent, { registers, field }: FieldQuery): boolean {
  return (
    field === undefined &&
    registers.some(
      ({ bank, number, name }) =>
        deviceWrites[kind]?.[bank]?.includes(name) === true && (number ?? a) === a,
    )
  );
}

/** `channel0.CONTROL.ENABLE=1`, `read STATUS`. @throws InputError */
function parseRegister(text: string): FieldQuery {
  const [, reading, name = '', given] =
    /^(read\s+)?([\w.]+)\s*(?:=\s*(0x[0-9a-f]+|\d+))?$/i.exec(text) ?? [];
  if (name === '') {
    throw new InputError(
      `'${text}' is nothing to stop at: give a register, 0xADDRESS..0xADDRESS, exit, fault, command:NAME, packet:NAME, a kind of event or exits>100.`,
    );
  }
  const rest = {
    value: given === undefined ? undefined : Number(given),
    reads: reading !== undefined,
  };
  const parts = name.split('.');
  const last = parts.at(-1)?.toUpperCase() ?? '';
  if (parts.length > 1) {
    const owner = parts.slice(0, -1).join('.');
    const owners = tryRegisters(owner).filter(({ row }) => Object.hasOwn(row.bits ?? {}, last));
    if (owners.length > 0) {
      return { registers: owners, field: last, ...rest };
    }
  }
  return { registers: findRegisters(name), field: undefined, ...rest };
}

function tryRegisters(name: string): readonly RegisterQuery[] {
  try {
    return findRegisters(name);
  } catch (error) {
    if (error instanceof InputError) {
      return [];
    }
    throw error;
  }
}
