/**
 * The packets of a run, derived from its trace: those that the link of a function carries. Nothing
 * in the run knows of them, so that they cost nothing where nobody asks.
 *
 * The trace has each access and each transfer whole. Here they are cut as the function's limits
 * have it, and reads are answered at once; what a packet takes on the link has no time of its own.
 */
import {
  byteEnablesOf,
  completionStatus,
  crossing,
  crossingOf,
  LOCAL_ROUTING,
  messageCodes,
  tlpTypes,
  type Bdf,
  type ConfigHeader,
  type EventId,
  type EventKind,
  type MemoryHeader,
  type TlpFlow,
  type TlpHeader,
} from '@doorbell/abi';
import type { TraceEvent } from '@doorbell/hypervisor';
import type { BusMap } from './bus-map.ts';
import { completionPieces, requestPieces, type Piece } from './pieces.ts';
import { Tags, TAGS } from './tags.ts';

export interface Tlp {
  readonly header: TlpHeader;
  readonly flow: TlpFlow;
  /** `down`: from the root complex to the function. */
  readonly direction: 'down' | 'up';
  /** Bytes of the payload that are enabled. */
  readonly payload: number;
  /** The address of the first byte, of a memory request or of what is answered; else undefined. */
  readonly address: number | undefined;
  /** Virtual nanoseconds: when the access or the transfer began. */
  readonly time: number;
  readonly event: EventId;
}

/** The CPU's requests and the answers to functions are the root complex's: 00:00.0. */
export const ROOT_COMPLEX: Bdf = 0;

/** What one write-combining buffer holds, in bytes: a store of many words crosses in such parts. */
const COMBINED = 64;
/** A CPU's load waits for the one before; a function sends as many requests as it has tags. */
const ONE_AT_A_TIME = 1;

const MESSAGE_BYTES = 4;
const CONFIG_BYTES = 4;

type Direction = Tlp['direction'];
const opposite = { up: 'down', down: 'up' } as const;

interface Answer {
  readonly completer: Bdf;
  readonly status: number;
  /** The most that one completion carries. */
  readonly payload: number;
}

function tlp(
  { time, id }: TraceEvent,
  direction: Direction,
  header: TlpHeader,
  payload = 0,
  address?: number,
): Tlp {
  return { header, flow: tlpTypes[header.type].flow, direction, payload, address, time, event: id };
}

function memoryHeader(
  type: MemoryHeader['type'],
  requester: Bdf,
  { address, bytes }: Piece,
  tag = 0,
): MemoryHeader {
  return {
    type,
    requester,
    tag,
    address: address - (address % 4),
    ...byteEnablesOf(address, bytes),
  };
}

function* writes(
  event: TraceEvent,
  direction: Direction,
  requester: Bdf,
  pieces: Iterable<Piece>,
): Generator<Tlp> {
  for (const piece of pieces) {
    const header = memoryHeader('MWr', requester, piece);
    yield tlp(event, direction, header, piece.bytes, piece.address);
  }
}

/** Requests, as many as may be outstanding, and the completions of each in order. */
function* reads(
  event: TraceEvent,
  direction: Direction,
  requester: Bdf,
  pieces: Iterable<Piece>,
  answer: Answer,
  most = TAGS,
): Generator<Tlp> {
  // No two transfers overlap in a trace, so each finds all tags free.
  const tags = new Tags();
  const waiting: (Piece & { readonly tag: number })[] = [];
  function* answerOldest(): Generator<Tlp> {
    const { tag, ...piece } = waiting.shift()!;
    yield* completions(event, opposite[direction], requester, piece, tag, answer);
    tags.release(tag);
  }
  for (const piece of pieces) {
    if (tags.outstanding === most) {
      yield* answerOldest();
    }
    const tag = tags.allocate();
    waiting.push({ ...piece, tag });
    const header = memoryHeader('MRd', requester, piece, tag);
    yield tlp(event, direction, header, 0, piece.address);
  }
  while (waiting.length > 0) {
    yield* answerOldest();
  }
}

/** What answers one read: the data, or that there is none. */
function* completions(
  event: TraceEvent,
  direction: Direction,
  requester: Bdf,
  { address, bytes }: Piece,
  tag: number,
  { completer, status, payload }: Answer,
): Generator<Tlp> {
  const common = { completer, status, requester, tag };
  if (status !== completionStatus.SC.code) {
    const header = { byteCount: bytes, lowerAddress: address % 128, length: 0 };
    yield tlp(event, direction, { type: 'Cpl', ...common, ...header }, 0, address);
    return;
  }
  for (const piece of completionPieces(address, bytes, payload)) {
    const byteCount = address + bytes - piece.address;
    const { length } = byteEnablesOf(piece.address, piece.bytes);
    const header = { byteCount, lowerAddress: piece.address % 128, length };
    yield tlp(event, direction, { type: 'CplD', ...common, ...header }, piece.bytes, piece.address);
  }
}

/** Who answers the CPU at an address of the bus: the root complex itself, where nothing is. */
function answerAt(bus: BusMap, address: number): Answer {
  const completer = bus.place(address)?.completer;
  return completer === undefined
    ? { completer: ROOT_COMPLEX, status: completionStatus.UR.code, payload: COMBINED }
    : { completer, status: completionStatus.SC.code, payload: bus.limits(completer).payload };
}

function* config(event: TraceEvent, write: boolean): Generator<Tlp> {
  const completer = crossing.where(event.c);
  const register = Math.floor(event.a / 4);
  const { firstBe } = byteEnablesOf(event.a, crossing.how(event.c));
  const request = { requester: ROOT_COMPLEX, tag: new Tags().allocate() };
  const enables = { length: 1, firstBe, lastBe: 0 };
  // On the function's own link: a bridge above it has made a Type 0 of a Type 1.
  const type: ConfigHeader['type'] = write ? 'CfgWr0' : 'CfgRd0';
  const header: ConfigHeader = { type, ...request, completer, register, ...enables };
  yield tlp(event, 'down', header, write ? crossing.how(event.c) : 0);
  const answer = { completer, status: completionStatus.SC.code, byteCount: CONFIG_BYTES };
  const rest = { ...request, ...answer, lowerAddress: 0 };
  yield write
    ? tlp(event, 'up', { type: 'Cpl', ...rest, length: 0 })
    : tlp(event, 'up', { type: 'CplD', ...rest, length: 1 }, CONFIG_BYTES);
}

type Derivation = (event: TraceEvent, bus: BusMap) => Iterable<Tlp>;

/** By the kind of event; all other kinds cross no link. */
const derivations: Partial<Record<EventKind, Derivation>> = {
  mmioRead: (event, bus) => {
    const piece = { address: crossing.where(event.c), bytes: crossing.how(event.c) };
    return reads(event, 'down', ROOT_COMPLEX, [piece], answerAt(bus, piece.address));
  },
  mmioWrite: (event) => {
    const piece = { address: crossing.where(event.c), bytes: crossing.how(event.c) };
    return writes(event, 'down', ROOT_COMPLEX, [piece]);
  },
  mmioBlock: (event, bus) => {
    const address = crossing.where(event.c);
    const pieces = requestPieces(address, event.b, COMBINED);
    return crossing.how(event.c) === crossingOf.WRITE
      ? writes(event, 'down', ROOT_COMPLEX, pieces)
      : reads(event, 'down', ROOT_COMPLEX, pieces, answerAt(bus, address), ONE_AT_A_TIME);
  },
  configRead: (event) => config(event, false),
  configWrite: (event) => config(event, true),
  dmaRead: (event, bus) => {
    const requester = crossing.where(event.c);
    const { payload, readRequest } = bus.limits(requester);
    const answer = { completer: ROOT_COMPLEX, status: completionStatus.SC.code, payload };
    return reads(event, 'up', requester, requestPieces(event.a, event.b, readRequest), answer);
  },
  dmaWrite: (event, bus) => dmaWrites(event, bus),
  /** A write that is refused is simply gone: nobody answers it. */
  dmaRefused: (event, bus) => {
    const requester = crossing.where(event.c);
    if (crossing.how(event.c) === crossingOf.WRITE) {
      return dmaWrites(event, bus);
    }
    const { payload, readRequest } = bus.limits(requester);
    const answer = { completer: ROOT_COMPLEX, status: completionStatus.UR.code, payload };
    return reads(event, 'up', requester, requestPieces(event.a, event.b, readRequest), answer);
  },
  message: (event) => {
    const piece = { address: event.a, bytes: MESSAGE_BYTES };
    return writes(event, 'up', crossing.where(event.c), [piece]);
  },
  line: (event) => {
    const code = event.a === 1 ? messageCodes.ASSERT_INTA : messageCodes.DEASSERT_INTA;
    const header = { requester: crossing.where(event.c), tag: 0, routing: LOCAL_ROUTING, code };
    return [tlp(event, 'up', { type: 'Msg', ...header, length: 0 })];
  },
};

function dmaWrites(event: TraceEvent, bus: BusMap): Iterable<Tlp> {
  const requester = crossing.where(event.c);
  const { payload } = bus.limits(requester);
  return writes(event, 'up', requester, requestPieces(event.a, event.b, payload));
}

/** In the order of the trace. */
export function* tlpsOf(trace: Iterable<TraceEvent>, bus: BusMap): Generator<Tlp> {
  for (const event of trace) {
    if (event.c !== crossing.none) {
      yield* derivations[event.kind]?.(event, bus) ?? [];
    }
  }
}
