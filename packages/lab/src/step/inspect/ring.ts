/** The ring of a channel: its packets by name, between head and tail. */
import {
  channelRegisters,
  computePackets,
  drawPackets,
  headerOpcode,
  headerWords,
  ringPackets,
  type Bdf,
} from '@doorbell/abi';
import { channelHome, type BellState } from '@doorbell/device-model';
import type { StackState } from '../../stacks/stack.ts';
import { readWord } from './pages.ts';
import { functionsOf, hostOf, partOf, vmOf, type SavedFunction } from './saved.ts';
import { walkGpu, walkIommu } from './walks.ts';

interface PacketView {
  /** GPU virtual address. */
  readonly address: number;
  /** As the datasheet names it; undefined: no packet has this opcode. */
  readonly name: string | undefined;
  readonly opcode: number;
  /** Header included. */
  readonly words: readonly number[];
  /** Names of the words behind the header, as far as the datasheet has them. */
  readonly fields: readonly string[];
}

export interface RingView {
  readonly channel: number;
  readonly state: string;
  /** GPU virtual address of its first byte. */
  readonly base: number;
  /** In bytes, of the ring. */
  readonly head: number;
  readonly tail: number;
  readonly size: number;
  /** Between the two. */
  readonly packets: readonly PacketView[];
  /** Why not all of them can be read; '' when they can. */
  readonly unread: string;
}

const names = new Map<number, string>([
  ...Object.entries({ ...ringPackets, ...computePackets }).map(
    ([name, { opcode }]): [number, string] => [opcode, name],
  ),
  ...Object.entries(drawPackets).map(([name, { opcode }]): [number, string] => [opcode, name]),
]);

const fieldNames = new Map<number, readonly string[]>([
  ...Object.values(ringPackets).map(({ opcode, fields }): [number, readonly string[]] => [
    opcode,
    fields,
  ]),
  ...Object.values(drawPackets).map(({ opcode, at }): [number, readonly string[]] => [
    opcode,
    Object.keys(at),
  ]),
]);

export const packetNames: readonly string[] = [...names.values()];

export function packetName(opcode: number): string | undefined {
  return names.get(opcode);
}

/** Packets that are read of a ring, at most. */
const MOST = 64;
/** Words that are read of a packet, at most: none of the datasheet's is longer. */
const MOST_WORDS = 64;
function register({ registers }: BellState['channels'][number], name: string): number {
  return registers[channelRegisters.names.findIndex((each) => each === name)];
}

/** A channel's ring, and the function that has it. */
export interface FunctionRing extends RingView {
  readonly guest: number;
  readonly bdf: Bdf;
  /** Whom the channel is on the bus: the function, or a virtual one of it. */
  readonly requester: Bdf;
}

type Place = Pick<SavedFunction, 'guest' | 'bdf'>;

/** Those of all channels that are on. */
export function ringsOf(state: StackState): readonly FunctionRing[] {
  return functionsOf(state).flatMap((each) => {
    const part = partOf(each);
    return (part?.channels ?? []).flatMap(({ state: own, registers }, channel) =>
      part === undefined || (own === 'IDLE' && registers[0] === 0)
        ? []
        : [functionRing(state, each, part, channel)],
    );
  });
}

function functionRing(
  state: StackState,
  { guest, bdf }: SavedFunction,
  part: BellState,
  channel: number,
): FunctionRing {
  const requester = bdf + channelHome(part, channel).routingOffset;
  const at = { guest, bdf: requester };
  return { guest, bdf, requester, ...ringOf(state, at, part, channel) };
}

/** @param at  whose bus its addresses are on, and whom it is there. */
function ringOf(state: StackState, at: Place, part: BellState, channel: number): RingView {
  const saved = part.channels[channel];
  const [head, tail, size, ring] = ['HEAD', 'TAIL', 'RING_SIZE', 'RING'].map((name) =>
    register(saved, name),
  );
  const packets: PacketView[] = [];
  const word = (offset: number): number =>
    gpuWord(state, at, part, channel, ring + (offset % size));
  const unread = readUpTo(tail, head, size, word, (offset, words) => {
    const opcode = headerOpcode(words[0]);
    const fields = fieldNames.get(opcode) ?? [];
    packets.push({ address: ring + offset, name: packetName(opcode), opcode, words, fields });
  });
  return { channel, state: saved.state, base: ring, head, tail, size, packets, unread };
}

/** Gives each packet from `head` on; returns why not all could be read, '' when all were. */
function readUpTo(
  tail: number,
  head: number,
  size: number,
  word: (offset: number) => number,
  packet: (offset: number, words: readonly number[]) => void,
): string {
  let offset = head;
  try {
    for (let count = 0; offset !== tail; count++) {
      if (count === MOST) {
        return `more than ${MOST} packets`;
      }
      const start = offset;
      const length = Math.max(1, Math.min(headerWords(word(start)), MOST_WORDS));
      packet(
        start,
        Array.from({ length }, (_, index) => word(start + 4 * index)),
      );
      offset = (offset + 4 * length) % size;
    }
    return '';
  } catch (error) {
    if (error instanceof RangeError) {
      return error.message;
    }
    throw error;
  }
}

/** A word at a GPU virtual address. @throws RangeError when nothing is there. */
function gpuWord(
  state: StackState,
  { guest, bdf }: Place,
  part: BellState,
  channel: number,
  va: number,
): number {
  const { address, end } = walkGpu(part, channel, va);
  if (address === undefined) {
    throw new RangeError(`GPU address 0x${va.toString(16)}: ${end}`);
  }
  return end === 'VRAM'
    ? readWord(part.vram, address)
    : readWord(hostOf(state).memory, busAddress(state, guest, bdf, address));
}

/** Where a function's bus address lies in the machine's memory. @throws RangeError */
function busAddress(state: StackState, guest: number, bdf: Bdf, address: number): number {
  const vm = guest < 0 ? undefined : vmOf(state, guest);
  if (vm !== undefined) {
    return vm.ramBase + address;
  }
  const walk = walkIommu(hostOf(state), bdf, address);
  if (walk.address === undefined) {
    throw new RangeError(`IOVA 0x${address.toString(16)}: ${walk.end}`);
  }
  return walk.address;
}
