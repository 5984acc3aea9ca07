/** The GPUs' own memory in a saved state, as bytes. */
import { PAGE_BYTES, type Bdf } from '@doorbell/abi';
import { GROUP_PAGES } from '@doorbell/device-model';
import type { StackState } from '../../stacks/stack.ts';
import { dumpRows, type DumpRow } from './hex-dump.ts';
import { readPages } from './pages.ts';
import { functionsOf, partOf } from './saved.ts';

/** A GPU that has VRAM of its own: a virtual function has a share of its physical function's. */
export interface VramView {
  /** -1: the host's bus; else the guest's. */
  readonly guest: number;
  readonly bdf: Bdf;
  /** How much it has. */
  readonly bytes: number;
  /** @throws RangeError beyond its end. */
  readonly read: (address: number, bytes: number) => Uint8Array;
}

export function vramsOf(state: StackState): readonly VramView[] {
  return functionsOf(state).flatMap((each) => {
    const vram = partOf(each)?.vram;
    return vram === undefined
      ? []
      : {
          ...{ guest: each.guest, bdf: each.bdf, bytes: vram.length * GROUP_PAGES * PAGE_BYTES },
          read: (address: number, bytes: number) => readPages(vram, address, bytes),
        };
  });
}

/** Bytes that are asked for. */
export interface VramQuery {
  /** Which of those that there are. */
  readonly gpu: number;
  readonly address: number;
  readonly bytes: number;
}

/** As far as the VRAM goes; undefined: there is no such GPU, or the address lies beyond its end. */
export function vramRows(
  state: StackState,
  { gpu, address, bytes }: VramQuery,
): readonly DumpRow[] | undefined {
  const found = vramsOf(state).at(gpu);
  return found === undefined || address >= found.bytes
    ? undefined
    : dumpRows(address, found.read(address, Math.min(bytes, found.bytes - address)));
}
