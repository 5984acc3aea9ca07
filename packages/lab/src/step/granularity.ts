/** What one step goes by: which events it stops at. */
import { eventKinds, events, type EventKind, type EventRow } from '@doorbell/abi';
import type { TraceEvent, Tracer } from '@doorbell/hypervisor';
import { InputError } from '../input-error.ts';
import { nearest } from '../nearest.ts';

const kinds = (...names: EventKind[]): ReadonlySet<EventKind> => new Set(names);
const calls = kinds('appCall');
const accesses = kinds(
  ...(['mmioRead', 'mmioWrite', 'mmioBlock', 'configRead', 'configWrite'] as const),
  'memoryWrite',
);
const exits = kinds('exit');
const packets = kinds('packet', 'command', 'kick', 'used');
/** Those whose third argument says how they crossed the bus. */
const crossings = kinds(
  ...eventKinds.filter((kind) => (events[kind] as EventRow).c?.startsWith('crossing') === true),
);

export interface Granularity {
  readonly doc: string;
  readonly stops: (event: TraceEvent) => boolean;
}

export const granularities: ReadonlyMap<string, Granularity> = new Map<string, Granularity>([
  ['call', { doc: 'a call of the application', stops: ({ kind }) => calls.has(kind) }],
  ['access', { doc: "an access of the driver's", stops: ({ kind }) => accesses.has(kind) }],
  ['exit', { doc: 'a trap to the hypervisor', stops: ({ kind }) => exits.has(kind) }],
  [
    'line',
    {
      doc: "a statement of the driver's source, of a recording that has them",
      stops: ({ kind }) => kind === 'statement',
    },
  ],
  [
    'packet',
    { doc: 'a packet, or a command on a virtqueue', stops: ({ kind }) => packets.has(kind) },
  ],
  [
    'tlp',
    {
      doc: 'what crosses the physical bus',
      stops: ({ kind, c }) => c !== 0 && crossings.has(kind),
    },
  ],
  [
    'tick',
    {
      doc: 'whatever the device does',
      stops: ({ kind }) => events[kind].actor === 'device',
    },
  ],
  ['event', { doc: 'any event', stops: () => true }],
]);

/** @throws InputError */
export function granularityOf(name: string): Granularity {
  const found = granularities.get(name);
  if (found === undefined) {
    const known = nearest(name, [...granularities.keys()]);
    throw new InputError(`There is no granularity '${name}'; ${known}.`);
  }
  return found;
}

export type Direction = 1 | -1;

/** The next event in a direction that is wanted; undefined: there is none. */
export function seekEvent(
  recorded: Tracer,
  from: number,
  direction: Direction,
  wanted: (event: TraceEvent) => boolean,
): TraceEvent | undefined {
  for (let id = from + direction; id >= 1 && id <= recorded.count; id += direction) {
    const event = recorded.at(id);
    if (wanted(event)) {
      return event;
    }
  }
  return undefined;
}
