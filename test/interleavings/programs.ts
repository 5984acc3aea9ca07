/**
 * What the two halves of a queue are used for here: a driver that passes a number of chains, and
 * a device that returns each. Both follow the notification protocol of a real one: take everything;
 * ask to be notified; look again; only then sleep.
 *
 * A program names its whole private state at each checkpoint: that of its ring half, and `State`,
 * which also says where in the program it is.
 */
import { Chain } from '@doorbell/abi';
import { steps, Violation, type Checkpoint, type Part, type Program, type Site } from './step.ts';

/** The driver half with its methods as generators, as far as a program uses it. */
export interface DriverHalf {
  readonly usedLength: number;
  add(chain: Chain): Part<number>;
  publish(): Part<boolean>;
  take(): Part<number>;
  disableNotifications(): Part<void>;
  enableNotifications(): Part<boolean>;
}

export interface DeviceHalf {
  next(chain: Chain): Part<boolean>;
  put(id: number, written: number): Part<void>;
  publish(): Part<boolean>;
  disableNotifications(): Part<void>;
  enableNotifications(): Part<boolean>;
}

export interface Work {
  /** Chains to pass, and buffers of each. */
  readonly chains: number;
  readonly buffers: number;
  /** Chains that are published at once: by the driver, and by the device, in reverse order. */
  readonly batch: number;
  /** Addresses of flags: the device was kicked; the driver was interrupted. */
  readonly kick: number;
  readonly interrupt: number;
}

type Key = (state: object) => Checkpoint;

const SLEEP: Site = { line: 0, text: 'sleep until notified' };
const KICK: Site = { line: 0, text: 'publish gave true' };

/** Addresses where the buffers of a chain are said to lie; nothing is there. */
const BUFFERS = 0x100000;
const BUFFER_BYTES = 0x20000;

function fill(chain: Chain, sequence: number, buffers: number): void {
  chain.clear();
  for (let i = 0; i < buffers; i++) {
    chain.push(BUFFERS * (sequence + 1) + BUFFER_BYTES * i, BUFFER_BYTES, i > 0 || buffers === 1);
  }
}

/** Bytes that the device writes to a chain: another number for each. */
function written(sequence: number): number {
  return sequence + 1;
}

// -------------------------------------------------------------------------------------- driver

interface DriverState {
  phase: 'add' | 'publish' | 'take' | 'enable' | 'sleep';
  added: number;
  /** Chains that were added and not published. */
  batch: number;
  returned: number;
  /** By id: which chain it is, or -1. */
  readonly outstanding: number[];
}

export function* driver(half: DriverHalf, work: Work, key: Key): Program {
  const state: DriverState = { phase: 'add', added: 0, batch: 0, returned: 0, outstanding: [] };
  while (state.returned < work.chains) {
    yield key(state);
    yield* driverPhases[state.phase](half, work, state);
  }
  return 'done';
}

type DriverPhase = (half: DriverHalf, work: Work, state: DriverState) => Part<void>;

const driverPhases: Readonly<Record<DriverState['phase'], DriverPhase>> = {
  *add(half, work, state) {
    const chain = new Chain(work.buffers);
    fill(chain, state.added, work.buffers);
    const id = yield* half.add(chain);
    if (id < 0) {
      state.phase = state.batch > 0 ? 'publish' : 'take';
      return;
    }
    if ((state.outstanding[id] ?? -1) >= 0) {
      throw new Violation(`add gave id ${id} to two chains.`);
    }
    state.outstanding[id] = state.added++;
    state.phase = ++state.batch === work.batch || state.added === work.chains ? 'publish' : 'add';
  },
  *publish(half, work, state) {
    state.batch = 0;
    if (yield* half.publish()) {
      yield steps.store16(KICK, work.kick, 1);
    }
    state.phase = state.added < work.chains ? 'add' : 'take';
  },
  *take(half, work, state) {
    const id = yield* half.take();
    if (id < 0) {
      state.phase = 'enable';
      return;
    }
    const sequence = state.outstanding[id] ?? -1;
    if (sequence < 0 || half.usedLength !== written(sequence)) {
      const which = sequence < 0 ? 'which is not outstanding' : `which is chain ${sequence}`;
      throw new Violation(`id ${id} came back, ${which}, with ${half.usedLength} bytes written.`);
    }
    state.outstanding[id] = -1;
    state.returned++;
    state.phase = state.added < work.chains ? 'add' : 'take';
  },
  *enable(half, _work, state) {
    state.phase = (yield* half.enableNotifications()) ? 'sleep' : 'take';
  },
  *sleep(half, work, state) {
    yield { kind: 'wait', address: work.interrupt, site: SLEEP };
    yield* half.disableNotifications();
    state.phase = 'take';
  },
};

// -------------------------------------------------------------------------------------- device

interface DeviceState {
  phase: 'next' | 'return' | 'enable' | 'sleep';
  /** Chains that were taken; they must come in order. */
  taken: number;
  returned: number;
  /** Ids of the chains that it holds, from the first. */
  readonly held: number[];
}

export function* device(half: DeviceHalf, work: Work, key: Key): Program {
  const state: DeviceState = { phase: 'next', taken: 0, returned: 0, held: [] };
  while (state.returned < work.chains) {
    yield key(state);
    yield* devicePhases[state.phase](half, work, state);
  }
  return 'done';
}

type DevicePhase = (half: DeviceHalf, work: Work, state: DeviceState) => Part<void>;

const devicePhases: Readonly<Record<DeviceState['phase'], DevicePhase>> = {
  *next(half, work, state) {
    const chain = new Chain(work.buffers);
    if (!(yield* half.next(chain))) {
      state.phase = state.held.length > 0 ? 'return' : 'enable';
      return;
    }
    check(chain, state.taken, work.buffers);
    state.held.push(chain.id);
    state.taken++;
    const full = state.held.length === work.batch || state.taken === work.chains;
    state.phase = full ? 'return' : 'next';
  },
  *return(half, work, state) {
    while (state.held.length > 0) {
      const sequence = state.returned + state.held.length - 1;
      yield* half.put(state.held.pop()!, written(sequence));
    }
    state.returned = state.taken;
    if (yield* half.publish()) {
      yield steps.store16(KICK, work.interrupt, 1);
    }
    state.phase = 'next';
  },
  *enable(half, _work, state) {
    state.phase = (yield* half.enableNotifications()) ? 'sleep' : 'next';
  },
  *sleep(half, work, state) {
    yield { kind: 'wait', address: work.kick, site: SLEEP };
    yield* half.disableNotifications();
    state.phase = 'next';
  },
};

/** @throws Violation when the device sees another chain than the driver has passed. */
function check(seen: Chain, sequence: number, buffers: number): void {
  const chain = new Chain(buffers);
  fill(chain, sequence, buffers);
  const text = (of: Chain): string => {
    const at = Array.from(of.addresses.subarray(0, of.count), (address) => address.toString(16));
    return `${at.length} of ${of.lengths.join()} bytes at 0x${at.join(', 0x')}, ${of.readable} to read`;
  };
  if (text(seen) !== text(chain)) {
    throw new Violation(
      `chain ${sequence} has these buffers: ${text(seen)}; it should have: ${text(chain)}.`,
    );
  }
}
