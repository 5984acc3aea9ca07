/** Deliberately broken rings: changes of the sources, each of which must be caught. */
import type { Model } from './explorer.ts';
import type { Patch } from './module.ts';
import type { Ring } from './ring-memory.ts';

interface Mutant {
  readonly name: string;
  /** What is wrong with it. */
  readonly fault: string;
  readonly driver?: readonly Patch[];
  readonly device?: readonly Patch[];
  /** Where it does harm; elsewhere it does none. */
  readonly eventIdx: readonly boolean[];
  readonly models: readonly Model[];
}

/** What is wrong, and where it does harm, whatever the layout; `of-used`: in the other direction. */
const faults = {
  'index-before-descriptor': {
    fault: 'the driver publishes a chain before it has written its descriptors',
    eventIdx: [false, true],
    models: ['sc', 'tso'],
  },
  'index-before-descriptor-of-used': {
    fault: 'the device publishes a used chain before it has written its id and length',
    eventIdx: [false, true],
    models: ['sc', 'tso'],
  },
  'event-before-publication': {
    fault: 'the driver looks whether the device wants a kick while its publication is not visible',
    eventIdx: [false, true],
    models: ['tso'],
  },
  'event-before-publication-of-used': {
    fault:
      'the device looks whether the driver wants an interrupt while its publication is not visible',
    eventIdx: [false, true],
    models: ['tso'],
  },
  'no-recheck': {
    fault: 'the device asks for kicks and sleeps without looking for chains again',
    eventIdx: [false, true],
    models: ['sc', 'tso'],
  },
  'no-recheck-of-used': {
    fault: 'the driver asks for interrupts and sleeps without looking for used chains again',
    eventIdx: [false, true],
    models: ['sc', 'tso'],
  },
  'recheck-before-event': {
    fault: 'the device looks for chains again while its wish for kicks is not visible',
    eventIdx: [false, true],
    models: ['tso'],
  },
  'recheck-before-event-of-used': {
    fault: 'the driver looks for used chains again while its wish for interrupts is not visible',
    eventIdx: [false, true],
    models: ['tso'],
  },
  'event-not-updated': {
    fault: 'the device asks for kicks, but leaves its event index where it was',
    eventIdx: [true],
    models: ['sc', 'tso'],
  },
  'event-not-updated-of-used': {
    fault: 'the driver asks for interrupts, but leaves its event index where it was',
    eventIdx: [true],
    models: ['sc', 'tso'],
  },
} as const satisfies Readonly<Record<string, Omit<Mutant, 'name' | 'driver' | 'device'>>>;

type Name = keyof typeof faults;

function driver(name: Name, find: string, replace: string): Mutant {
  return { name, ...faults[name], driver: [{ find, replace }] };
}

function device(name: Name, find: string, replace: string): Mutant {
  return { name, ...faults[name], device: [{ find, replace }] };
}

/** The access that comes too early, in front of what should be before it and on the same line. */
function early(access: string, find: string): readonly [string, string] {
  return [find, `${access} ${find}`];
}

const split = [
  driver(
    'index-before-descriptor',
    ...early(
      'this.memory.release16(this.avail + availRing.IDX, (this.availIdx + 1) & 0xffff);',
      'const last = indirect',
    ),
  ),
  device(
    'index-before-descriptor-of-used',
    ...early(
      'this.memory.release16(this.used + usedRing.IDX, (this.usedIdx + 1) & 0xffff);',
      'this.writeEntry(this.usedIdx, id, written);',
    ),
  ),
  driver(
    'event-before-publication',
    'this.memory.fence();\n    const wanted',
    '\n    const wanted',
  ),
  device(
    'event-before-publication-of-used',
    'this.memory.fence();\n    const wanted',
    '\n    const wanted',
  ),
  device(
    'no-recheck',
    'return this.memory.acquire16(this.avail + availRing.IDX) === this.lastAvail;',
    'return true;',
  ),
  driver(
    'no-recheck-of-used',
    'return this.memory.acquire16(this.used + usedRing.IDX) === this.lastUsed;',
    'return true;',
  ),
  device('recheck-before-event', 'this.memory.fence();\n    return', '\n    return'),
  driver('recheck-before-event-of-used', 'this.memory.fence();\n    return', '\n    return'),
  device(
    'event-not-updated',
    'this.memory.release16(this.used + usedRing.availEvent(this.size), this.lastAvail);',
    '',
  ),
  driver(
    'event-not-updated-of-used',
    'this.memory.release16(this.avail + availRing.usedEvent(this.size), this.lastUsed);',
    '',
  ),
];

const packed = [
  driver(
    'index-before-descriptor',
    ...early(
      'this.memory.store32(at + ID, (id | ((kind | this.availFlags) << 16)) >>> 0);',
      'const flags = kind | this.availFlags;',
    ),
  ),
  device(
    'index-before-descriptor-of-used',
    ...early(
      'this.memory.store32(at + ID, (id | (flags << 16)) >>> 0);',
      'this.memory.store32(at + LEN, this.batchLength);',
    ),
  ),
  driver(
    'event-before-publication',
    'this.memory.fence();\n    const wanted',
    '\n    const wanted',
  ),
  device(
    'event-before-publication-of-used',
    'this.memory.fence();\n    const wanted',
    '\n    const wanted',
  ),
  device(
    'no-recheck',
    'const flags = this.memory.acquire16(this.desc + DESC_BYTES * this.nextAvail + FLAGS);',
    'const flags = ~this.availFlags;',
  ),
  driver(
    'no-recheck-of-used',
    'const flags = this.memory.acquire16(this.desc + DESC_BYTES * this.nextUsed + FLAGS);',
    'const flags = ~this.usedFlags;',
  ),
  device('recheck-before-event', 'this.memory.fence();\n    const flags', '\n    const flags'),
  driver(
    'recheck-before-event-of-used',
    'this.memory.fence();\n    if (this.taken',
    '\n    if (this.taken',
  ),
  device('event-not-updated', 'this.memory.store16(this.deviceEvent + EVENT_DESC, event);', ''),
  driver(
    'event-not-updated-of-used',
    'this.memory.store16(this.driverEvent + EVENT_DESC, event);',
    '',
  ),
];

export const mutants: Readonly<Record<Ring, readonly Mutant[]>> = { split, packed };
