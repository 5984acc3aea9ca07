/** The command of the lesson: explores one queue, and prints what it covered or what it found. */
import { parseArgs } from 'node:util';
import { flushEarly } from './flush-early.ts';
import { history } from './history.ts';
import { listing } from './listing.ts';
import { mutants } from './mutants.ts';
import type { Ring } from './ring-memory.ts';
import { exploreRing, type Explored, type Scenario } from './scenario.ts';

const HELP = `Explores every order in which the two halves of a virtqueue can touch its memory.

  node --import tsx test/interleavings/run.ts [options]

  --ring split|packed      layout of the queue (default split)
  --event-idx on|off       VIRTIO_F_EVENT_IDX (default off)
  --in-order on|off        VIRTIO_F_IN_ORDER (default off; not with a mutant)
  --model sc|tso           memory model: sequential consistency, or x86's total store order (default tso)
  --size N                 descriptors (default 2)
  --chains N               chains that the driver passes (default 2)
  --buffers N              buffers of each chain (default 1)
  --batch N                chains that are published at once (default 1)
  --before N               chains that were passed before, so that an index wraps, say (default 0)
  --mutant NAME            breaks the ring first; NAME is one of
${mutants.split.map(({ name, fault }) => `      ${name}: ${fault}`).join('\n')}
  --no-source              leaves the source line of each access out
  --most N                 states to explore at most (default 2000000)
  --help                   this text

Exit code: 0 no violation, 1 a violation was found (its interleaving is printed), 2 bad arguments.
`;

export interface Answer {
  readonly exitCode: 0 | 1 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

export async function command(args: readonly string[]): Promise<Answer> {
  try {
    const request = parse(args);
    if (request === undefined) {
      return { exitCode: 0, stdout: HELP, stderr: '' };
    }
    const explored = await exploreRing(request.scenario, request.most);
    const text = report(request.scenario, explored, request.source);
    return { exitCode: explored.violation === undefined ? 0 : 1, stdout: `${text}\n`, stderr: '' };
  } catch (error) {
    if (error instanceof RangeError || (error instanceof TypeError && 'code' in error)) {
      return { exitCode: 2, stdout: '', stderr: `interleavings: ${error.message}\n` };
    }
    throw error;
  }
}

/** In words: what was explored, and the violation with its interleaving. */
function report(scenario: Scenario, explored: Explored, source: boolean): string {
  const { states, transitions, violation, plan, memory, threads } = explored;
  const covered = `${states} states, ${transitions} transitions`;
  if (violation === undefined) {
    const harmless = scenario.mutant === undefined ? '' : ', as this fault does no harm here';
    return `${title(scenario)}\nno violation in any order${harmless}: ${covered}`;
  }
  const moves = flushEarly(memory, threads, scenario.model, violation.moves);
  const events = history(memory, threads, scenario.model, moves);
  return [
    title(scenario),
    `violation: ${violation.reason}`,
    `a shortest interleaving that shows it (found after ${covered}):`,
    '',
    listing(events, { names: plan.names, titles: ['driver', 'device'], source }),
  ].join('\n');
}

function title(scenario: Scenario): string {
  const { ring, eventIdx, inOrder, model, size, chains, buffers, batch, before, mutant } = scenario;
  const words = [
    `${ring}, size ${size}, ${chains} ${chains === 1 ? 'chain' : 'chains'}`,
    buffers > 1 ? ` of ${buffers} buffers` : '',
    batch > 1 ? `, published by ${batch}` : '',
    before > 0 ? ` after ${before} ${before === 1 ? 'other' : 'others'}` : '',
    `, event index ${eventIdx ? 'on' : 'off'}${inOrder ? ', in order' : ''}, ${model}`,
    mutant === undefined ? '' : `, broken by ${mutant}`,
  ];
  return words.join('');
}

// ----------------------------------------------------------------------------------- arguments

const options = {
  ring: { type: 'string', default: 'split' },
  'event-idx': { type: 'string', default: 'off' },
  'in-order': { type: 'string', default: 'off' },
  model: { type: 'string', default: 'tso' },
  size: { type: 'string', default: '2' },
  chains: { type: 'string', default: '2' },
  buffers: { type: 'string', default: '1' },
  batch: { type: 'string', default: '1' },
  before: { type: 'string', default: '0' },
  mutant: { type: 'string' },
  'no-source': { type: 'boolean', default: false },
  most: { type: 'string', default: '2000000' },
  help: { type: 'boolean', default: false },
} as const;

interface Request {
  readonly scenario: Scenario;
  readonly source: boolean;
  readonly most: number;
}

/** Undefined: help was asked for. @throws RangeError | TypeError  with the mistake in words. */
function parse(args: readonly string[]): Request | undefined {
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) {
    return undefined;
  }
  const ring = oneOf<Ring>('ring', values.ring, ['split', 'packed']);
  const scenario: Scenario = {
    ring,
    eventIdx: oneOf('event-idx', values['event-idx'], ['on', 'off']) === 'on',
    inOrder: oneOf('in-order', values['in-order'], ['on', 'off']) === 'on',
    model: oneOf('model', values.model, ['sc', 'tso']),
    size: whole('size', values.size, 1, 64),
    chains: whole('chains', values.chains, 1, 64),
    buffers: whole('buffers', values.buffers, 1, 64),
    batch: whole('batch', values.batch, 1, 64),
    before: whole('before', values.before, 0, 200_000),
    mutant: mutantName(ring, values.mutant),
  };
  checkTogether(scenario);
  const source = !values['no-source'];
  return { scenario, source, most: whole('most', values.most, 1, 100_000_000) };
}

function checkTogether({ ring, size, buffers, inOrder, mutant }: Scenario): void {
  if (ring === 'split' && (size & (size - 1)) !== 0) {
    throw new RangeError(`--size ${size}: a split queue's size is a power of two.`);
  }
  if (buffers > size) {
    throw new RangeError(`--buffers ${buffers}: a chain has at most as many as --size, ${size}.`);
  }
  if (inOrder && mutant !== undefined) {
    throw new RangeError('--mutant: the broken rings are for --in-order off.');
  }
}

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found === undefined) {
    throw new RangeError(`--${name} is ${known.join(' or ')}, not ${value}.`);
  }
  return found;
}

function whole(name: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < least || number > most) {
    throw new RangeError(`--${name} is a whole number from ${least} to ${most}, not ${value}.`);
  }
  return number;
}

function mutantName(ring: Ring, name: string | undefined): string | undefined {
  return name === undefined
    ? undefined
    : oneOf(
        'mutant',
        name,
        mutants[ring].map((mutant) => mutant.name),
      );
}
