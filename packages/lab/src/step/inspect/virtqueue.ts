/** The virtqueues of a saved state, decoded: split (VIRTIO 1.3 §2.7) and packed (§2.8). */
import {
  availRing,
  DESC_BYTES,
  descFlags,
  packedDesc,
  splitDesc,
  usedElem,
  usedRing,
} from '@doorbell/abi';
import type { StackState } from '../../stacks/stack.ts';
import { readPages } from './pages.ts';
import { functionsOf, hostOf, vmOf } from './saved.ts';

interface DescriptorView {
  readonly index: number;
  readonly address: number;
  readonly bytes: number;
  /** Of a split queue, the one that follows; of a packed one, its id. */
  readonly next: number;
  readonly flags: readonly string[];
}

export interface QueueView {
  readonly guest: number;
  readonly queue: number;
  readonly size: number;
  readonly packed: boolean;
  /** Of a split queue: what the driver has made available, and what the device has used. */
  readonly availIdx: number;
  readonly usedIdx: number;
  /** Those that hold something. */
  readonly descriptors: readonly DescriptorView[];
  /** Of a split queue: heads that are available and not used yet, and what was used last. */
  readonly pending: readonly number[];
  readonly lastUsed: { readonly id: number; readonly len: number } | undefined;
}

/** Queues that have addresses. @param packed  whether VIRTIO_F_RING_PACKED was negotiated. */
export function queuesOf(state: StackState, packed: boolean): readonly QueueView[] {
  return functionsOf(state).flatMap(({ guest, kind, state: saved }) => {
    const queues = kind === 'virtio' ? registersOf(saved) : undefined;
    return queues === undefined
      ? []
      : [...queues.sizes].flatMap((size, queue) => {
          const at = addresses(queues.halves, queue);
          const place = { guest, queue, size, packed, at };
          return at.descriptors === 0 ? [] : [queueView(guestReader(state, guest), place)];
        });
  });
}

interface QueueRegisters {
  readonly halves: Uint32Array;
  readonly sizes: Uint16Array;
}

function registersOf(saved: unknown): QueueRegisters | undefined {
  const common =
    typeof saved === 'object' && saved !== null && 'common' in saved ? saved.common : undefined;
  const queues =
    typeof common === 'object' && common !== null && 'queues' in common ? common.queues : undefined;
  return isQueues(queues) ? queues : undefined;
}

function isQueues(saved: unknown): saved is QueueRegisters {
  return typeof saved === 'object' && saved !== null && 'halves' in saved && 'sizes' in saved;
}

interface Addresses {
  readonly descriptors: number;
  readonly driver: number;
  readonly device: number;
}

function addresses(halves: Uint32Array, queue: number): Addresses {
  const at = (index: number): number =>
    halves[queue * 6 + 2 * index + 1] * 2 ** 32 + halves[queue * 6 + 2 * index];
  return { descriptors: at(0), driver: at(1), device: at(2) };
}

interface Place {
  readonly guest: number;
  readonly queue: number;
  readonly size: number;
  readonly packed: boolean;
  readonly at: Addresses;
}

/** Bytes at an address of the driver's. */
type Read = (address: number, bytes: number) => Uint8Array;

function guestReader(state: StackState, guest: number): Read {
  const base = vmOf(state, guest)?.ramBase ?? 0;
  const { memory } = hostOf(state);
  return (address, bytes) => readPages(memory, base + address, bytes);
}

export function queueView(read: Read, { guest, queue, size, packed, at }: Place): QueueView {
  const half = (address: number): number => {
    const [low, high] = read(address, 2);
    return low | (high << 8);
  };
  const descriptors = Array.from({ length: size }, (_, index) =>
    descriptor(read(at.descriptors + index * DESC_BYTES, DESC_BYTES), index, packed),
  ).filter(({ address, bytes }) => address !== 0 || bytes !== 0);
  const common = { guest, queue, size, packed, descriptors };
  if (packed) {
    return { ...common, availIdx: 0, usedIdx: 0, pending: [], lastUsed: undefined };
  }
  const [availIdx, usedIdx] = [half(at.driver + availRing.IDX), half(at.device + usedRing.IDX)];
  const open = Math.min((availIdx - usedIdx) & 0xffff, size);
  const entry = (index: number): number =>
    half(at.driver + availRing.RING + (index % size) * availRing.ENTRY_BYTES);
  const last = at.device + usedRing.RING + ((usedIdx - 1) & (size - 1)) * usedRing.ENTRY_BYTES;
  return {
    ...{ ...common, availIdx, usedIdx },
    pending: Array.from({ length: open }, (_, index) => entry(usedIdx + index)),
    lastUsed: usedIdx === 0 ? undefined : usedElem.decode(read(last, usedRing.ENTRY_BYTES)),
  };
}

function descriptor(bytes: Uint8Array, index: number, packed: boolean): DescriptorView {
  const { addr, len, flags } = packed ? packedDesc.decode(bytes) : splitDesc.decode(bytes);
  return {
    ...{ index, address: Number(addr), bytes: len },
    next: packed ? packedDesc.decode(bytes).id : splitDesc.decode(bytes).next,
    flags: Object.entries(descFlags)
      .filter(([name, bit]) => (flags & bit) !== 0 && (packed || !/AVAIL|USED/.test(name)))
      .map(([name]) => name),
  };
}
