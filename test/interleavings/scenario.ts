/** A queue of some kind, its two halves from their very sources, and the threads that use them. */
import type { QueueSetup, RingOptions } from '@doorbell/abi';
import { Explorer, type Exploration, type Model } from './explorer.ts';
import { loadInstrumented, type InstrumentedModule } from './module.ts';
import { mutants } from './mutants.ts';
import { restore, stateKey } from './private-state.ts';
import { device, driver, type DeviceHalf, type DriverHalf, type Work } from './programs.ts';
import { BASE, planRing, type Ring, type RingPlan } from './ring-memory.ts';
import { runInTurns } from './run-in-turns.ts';
import { SharedMemory } from './shared-memory.ts';
import type { Checkpoint, Program } from './step.ts';
import { Thread } from './thread.ts';

export interface Scenario {
  readonly ring: Ring;
  readonly eventIdx: boolean;
  readonly inOrder: boolean;
  readonly model: Model;
  /** Descriptors. */
  readonly size: number;
  readonly chains: number;
  /** Buffers of each chain. */
  readonly buffers: number;
  readonly batch: number;
  /** Chains that were passed before, one by one. */
  readonly before: number;
  readonly mutant: string | undefined;
}

export interface Explored extends Exploration {
  readonly plan: RingPlan;
  readonly memory: SharedMemory;
  readonly threads: readonly [Thread, Thread];
}

const sources: Readonly<Record<'driver' | 'device', (ring: Ring) => URL>> = {
  driver: (ring) => new URL(`../../packages/pv-frontend/src/ring/${ring}.ts`, import.meta.url),
  device: (ring) => new URL(`../../packages/pv-backend/src/ring/${ring}.ts`, import.meta.url),
};

/** What the halves are constructed with: every access that was not turned into a `yield` throws. */
const unturned = (): never => {
  throw new TypeError('A ring half touches memory where that is not seen.');
};
const port = {
  load16: unturned,
  load32: unturned,
  store16: unturned,
  store32: unturned,
  acquire16: unturned,
  release16: unturned,
  fence: unturned,
  reaches: () => true,
};

/** @throws SyntaxError when a mutant's patch does not fit. @throws RangeError at `most` states. */
export async function exploreRing(scenario: Scenario, most: number): Promise<Explored> {
  const plan = planRing(scenario.ring === 'packed', scenario.size);
  const halves = await loadHalves(scenario, scenario.mutant, plan.setup);
  const { start, cells } = await startOf(scenario, plan);
  const work = workOf(scenario, plan);
  const threads = [
    thread('driver', driver, halves.driver, start.driver, work),
    thread('device', device, halves.device, start.device, work),
  ] as const;
  const memory = new SharedMemory(BASE, cells);
  const exploration = new Explorer(memory, threads, scenario.model).explore(most);
  return { ...exploration, plan, memory, threads };
}

/** A ring half's source, and how to construct it. */
interface Half<T> {
  readonly code: InstrumentedModule;
  readonly make: () => T;
}

interface Halves {
  readonly driver: Half<DriverHalf>;
  readonly device: Half<DeviceHalf>;
}

async function loadHalves(
  scenario: Scenario,
  mutant: string | undefined,
  setup: QueueSetup,
): Promise<Halves> {
  const { ring } = scenario;
  const found = mutants[ring].find(({ name }) => name === mutant);
  const driverCode = await loadInstrumented(sources.driver(ring), found?.driver);
  const deviceCode = await loadInstrumented(sources.device(ring), found?.device);
  return {
    driver: { code: driverCode, make: maker(driverCode, 'DriverQueue', scenario, setup) },
    device: { code: deviceCode, make: maker(deviceCode, 'DeviceQueue', scenario, setup) },
  };
}

function workOf({ chains, buffers, batch }: Scenario, { kick, interrupt }: RingPlan): Work {
  return { chains, buffers, batch, kick, interrupt };
}

type HalfClass<T> = new (memory: typeof port, setup: QueueSetup, options: RingOptions) => T;

function maker<T>(
  { exports }: InstrumentedModule,
  suffix: string,
  { ring, eventIdx, inOrder }: Scenario,
  setup: QueueSetup,
): () => T {
  const name = `${ring === 'split' ? 'Split' : 'Packed'}${suffix}`;
  const Half = exports[name] as HalfClass<T>;
  return () => new Half(port, setup, { indirect: false, eventIdx, inOrder });
}

/** Where the threads begin: nobody changes it. */
interface Start {
  readonly start: { readonly driver: DriverHalf; readonly device: DeviceHalf };
  readonly cells: Uint16Array;
}

/** By what they depend on: 2^16 chains take longer to pass than a small queue to explore. */
const starts = new Map<string, Promise<Start>>();

function startOf(scenario: Scenario, plan: RingPlan): Promise<Start> {
  const { ring, eventIdx, inOrder, size, buffers, before } = scenario;
  const key = [ring, eventIdx, inOrder, size, buffers, before].join();
  const known = starts.get(key) ?? passBefore(scenario, plan);
  starts.set(key, known);
  return known;
}

/** Brings new halves and the memory to where an index is about to wrap, say: without a mutant. */
async function passBefore(scenario: Scenario, plan: RingPlan): Promise<Start> {
  const halves = await loadHalves(scenario, undefined, plan.setup);
  const start = { driver: halves.driver.make(), device: halves.device.make() };
  const cells = new Uint16Array(plan.bytes / 2);
  const work = { ...workOf(scenario, plan), chains: scenario.before, batch: 1 };
  const silent = () => ({ kind: 'checkpoint', state: '' }) as const;
  const programs = [driver(start.driver, work, silent), device(start.device, work, silent)];
  runInTurns(programs, cells, BASE);
  // Both are awake now: a wake-up that nobody needed is not kept for later.
  cells.fill(0, (plan.kick - BASE) / 2);
  return { start, cells };
}

function thread<T extends object>(
  name: string,
  program: (half: T, work: Work, key: (state: object) => Checkpoint) => Program,
  { code, make }: Half<T>,
  start: T,
  work: Work,
): Thread {
  return new Thread(name, () => {
    const half = make();
    restore(half, start);
    return program(half, work, (state) => ({
      kind: 'checkpoint',
      state: stateKey(half, code.counters) + JSON.stringify(state),
    }));
  });
}
