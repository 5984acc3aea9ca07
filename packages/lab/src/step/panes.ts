/** What of a state is shown, as lines of text. */
import { formatBdf, type EventId } from '@doorbell/abi';
import { InputError } from '../input-error.ts';
import type { Environment } from '../environment.ts';
import { showOwnership } from './ownership-pane.ts';
import { describe, parseBdfText, parseNumber } from './pane-words.ts';
import { formatConfigSpace } from '../text/config-dump.ts';
import { configSpacesOf } from './inspect/config-space.ts';
import { countersOf, enginesOf } from './inspect/counters.ts';
import { registersOf, type RegisterGroup } from './inspect/registers.ts';
import { ringsOf } from './inspect/ring.ts';
import { functionsOf, hostOf, partOf } from './inspect/saved.ts';
import { scanoutOf } from './inspect/scanout.ts';
import { peerQueues } from './inspect/peer-queues.ts';
import { queuesOf, type QueueView } from './inspect/virtqueue.ts';
import { iotlbEntries, walkGpu, walkIommu, type PageWalk } from './inspect/walks.ts';
import { functionText } from './event-text.ts';
import { stateHash } from './state-hash.ts';
import { showSchedulers } from './scheduler-pane.ts';
import { showVram } from './vram-pane.ts';
import { nearest } from '../nearest.ts';
import type { StackState } from '../stacks/stack.ts';
import type { PeerRecording } from '../trace/recording.ts';

interface PaneContext {
  readonly environment: Environment;
  /** Whether the virtqueues are packed. */
  readonly packed: boolean;
}

export interface Pane {
  readonly usage: string;
  readonly doc: string;
  readonly show: (state: StackState, words: readonly string[], context: PaneContext) => string[];
  /** What there is of it of a real peer; absent, or undefined: nothing. */
  readonly showPeer?: (recording: PeerRecording, at: EventId) => string[] | undefined;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

function registerLines(groups: readonly RegisterGroup[]): string[] {
  return groups.flatMap(({ guest, bdf, title, registers }) => [
    `${functionText(guest, bdf)} ${title}`,
    ...registers.map((each) => `  ${describe(each)}`),
  ]);
}

/** Registers that differ from 0, or those of one group or name. */
function showRegisters(state: StackState, [wanted]: readonly string[]): string[] {
  const groups = registersOf(state);
  if (wanted === undefined) {
    const busy = groups.map((group) => ({
      ...group,
      registers: group.registers.filter(({ value }) => value !== 0),
    }));
    return registerLines(busy.filter(({ title }) => !/^(config|vector)/.test(title)));
  }
  const lower = wanted.toLowerCase();
  const found = groups.flatMap((group) => {
    const title = group.title.replace(' ', '');
    const isGroup = title === lower || title.replace(/\d+$/, '') === lower;
    const registers = isGroup
      ? group.registers
      : group.registers.filter(({ name }) =>
          [name.toLowerCase(), `${title}.${name.toLowerCase()}`].includes(lower),
        );
    return registers.length === 0 ? [] : [{ ...group, registers }];
  });
  if (found.length === 0) {
    const known = groups.flatMap(({ title, registers }) => {
      const group = title.replace(' ', '');
      return [group, ...registers.map(({ name }) => `${group}.${name}`)];
    });
    throw new InputError(`There are no registers '${wanted}' now; ${nearest(wanted, known)}.`);
  }
  return registerLines(found);
}

function showRings(state: StackState): string[] {
  const lines = ringsOf(state).flatMap(
    ({ guest, bdf, channel, state: own, head, tail, size, packets, unread }) => [
      `${functionText(guest, bdf)} channel ${channel} ${own}: head ${hex(head)} tail ${hex(tail)} of ${hex(size)}`,
      ...packets.map(
        ({ address, name, opcode, words }) =>
          `  ${hex(address)} ${name ?? `opcode ${hex(opcode)}`} ${words.slice(1).map(hex).join(' ')}`,
      ),
      ...(unread === '' ? [] : [`  ${unread}`]),
    ],
  );
  return lines.length === 0 ? ['No channel is on.'] : lines;
}

function showQueues(
  state: StackState,
  _words: readonly string[],
  { packed }: PaneContext,
): string[] {
  const queues = queuesOf(state, packed);
  return queues.length === 0
    ? ['No virtqueue is set up.']
    : queues.flatMap((queue) => queueLines(queue, ''));
}

function showPeerQueues(recording: PeerRecording, at: EventId): string[] | undefined {
  if (recording.rings.length === 0) {
    return undefined;
  }
  const queues = peerQueues(recording, at);
  return queues.length === 0
    ? ['Virtqueues were recorded at each kick, and there was none before this.']
    : queues.flatMap((queue) => queueLines(queue, ` at kick #${queue.event}`));
}

function queueLines(queue: QueueView, when: string): string[] {
  return [
    `guest${queue.guest} queue ${queue.queue}${when}, ${queue.packed ? 'packed' : 'split'}, size ${queue.size}${
      queue.packed ? '' : `: avail ${queue.availIdx} used ${queue.usedIdx}`
    }`,
    ...(queue.pending.length === 0 ? [] : [`  not used yet: ${queue.pending.join(' ')}`]),
    ...queue.descriptors.map(
      ({ index, address, bytes, next, flags }) =>
        `  ${index}: ${hex(address)} ${bytes} bytes ${flags.join('|')} ${queue.packed ? 'id' : 'next'} ${next}`,
    ),
  ];
}

function walkLines({ steps, address, end, write }: PageWalk): string[] {
  return [
    ...steps.map(
      ({ table, at, low, high }) => `  ${table} entry at ${hex(at)}: ${hex(high * 2 ** 32 + low)}`,
    ),
    address === undefined ? `  ${end}` : `  ${hex(address)} in ${end}${write ? '' : ', read-only'}`,
  ];
}

function showWalk(state: StackState, [which, first, second]: readonly string[]): string[] {
  if (which === 'gpu') {
    const channel = parseNumber(first, 'channel');
    const va = parseNumber(second, 'GPU address');
    const part = functionsOf(state)
      .map(partOf)
      .find((each) => each !== undefined);
    if (part?.channels[channel] === undefined) {
      throw new InputError(`There is no channel ${channel}.`);
    }
    return [`channel ${channel}, GPU address ${hex(va)}`, ...walkLines(walkGpu(part, channel, va))];
  }
  if (which === 'iommu') {
    const bdf = parseBdfText(first ?? '');
    const iova = parseNumber(second, 'IOVA');
    return [`${first ?? ''}, IOVA ${hex(iova)}`, ...walkLines(walkIommu(hostOf(state), bdf, iova))];
  }
  throw new InputError(`Walk what? 'walk gpu CHANNEL ADDRESS' or 'walk iommu BB:DD.F IOVA'.`);
}

function showIotlb(state: StackState): string[] {
  const entries = iotlbEntries(state);
  return entries.length === 0
    ? ['The IOTLB is empty.']
    : entries.map(
        ({ domain, iova, bytes, address, read, write }) =>
          `domain ${domain}: ${hex(iova)} -> ${hex(address)}, ${bytes / 1024} KiB ${read ? 'r' : '-'}${write ? 'w' : '-'}`,
      );
}

function showConfigSpaces(state: StackState, [wanted]: readonly string[]): string[] {
  const all = configSpacesOf(state);
  const at = wanted === undefined ? undefined : parseBdfText(wanted);
  const found = all.filter(({ bdf }) => at === undefined || bdf === at);
  if (found.length === 0) {
    const known = [...new Set(all.map(({ bdf }) => formatBdf(bdf)))].join(', ');
    throw new InputError(`There is no function ${wanted ?? ''}; there is ${known}.`);
  }
  return found.flatMap(({ guest, bdf, bytes }) =>
    formatConfigSpace(functionText(guest, bdf), bytes).split('\n'),
  );
}

function showEngines(state: StackState): string[] {
  return enginesOf(state).map(({ running, engine, leftNs, wanting }) => {
    const runs =
      running === undefined ? 'idle' : `channel ${running} on ${engine}, ${leftNs} ns left`;
    const wants = wanting.map(({ channel, tenant }) => `channel ${channel} (tenant ${tenant})`);
    return `GPU: ${runs}; ready: ${wants.length === 0 ? 'none' : wants.join(', ')}`;
  });
}

function showScanout(
  state: StackState,
  _words: readonly string[],
  { environment }: PaneContext,
): string[] {
  const picture = scanoutOf(state);
  if (picture === undefined) {
    return ['No scanout is on.'];
  }
  const hash = environment.sha256();
  hash.update(picture.pixels);
  return [`${picture.width}x${picture.height}, sha256 ${hash.digest()}`];
}

export const panes: ReadonlyMap<string, Pane> = new Map([
  [
    'registers',
    {
      usage: 'registers [NAME]',
      doc: 'registers that are not 0; or channel0, config, vector, CONTROL',
      show: showRegisters,
    },
  ],
  ['rings', { usage: 'rings', doc: "channels' rings, decoded", show: showRings }],
  [
    'queues',
    { usage: 'queues', doc: 'virtqueues, decoded', show: showQueues, showPeer: showPeerQueues },
  ],
  [
    'walk',
    { usage: 'walk gpu CH VA', doc: "or 'walk iommu BB:DD.F IOVA': page tables", show: showWalk },
  ],
  [
    'lspci',
    {
      usage: 'lspci [BB:DD.F]',
      doc: 'configuration space of every function, or of one, as lspci -xxxx',
      show: showConfigSpaces,
    },
  ],
  ['iotlb', { usage: 'iotlb', doc: 'what the IOTLB holds', show: showIotlb }],
  [
    'vram',
    {
      usage: 'vram [A [BYTES]]',
      doc: "the GPU's VRAM from an address on; of several GPUs 'vram gpu1 A'",
      show: showVram,
    },
  ],
  ['ownership', { usage: 'ownership', doc: 'who has each device', show: showOwnership }],
  ['engines', { usage: 'engines', doc: 'what runs, and who is ready', show: showEngines }],
  [
    'scheduler',
    { usage: 'scheduler', doc: 'whose turn it is, and who waits', show: showSchedulers },
  ],
  [
    'counters',
    {
      usage: 'counters',
      doc: 'what was counted until here',
      show: (state) =>
        [...countersOf(state)]
          .filter(([, count]) => count > 0)
          .map(([name, count]) => `${name} ${count}`),
    },
  ],
  ['scanout', { usage: 'scanout', doc: 'what the screen shows', show: showScanout }],
  [
    'hash',
    {
      usage: 'hash',
      doc: "over all of the machine's state",
      show: (state, _words, { environment }) => [stateHash(state, environment)],
    },
  ],
]);
