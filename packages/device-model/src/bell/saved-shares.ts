/** How a saved part was divided: which function had a channel, and what of the VRAM was that function's. */
import { PAGE_BYTES, sriovCapability, type RegisterRow } from '@doorbell/abi';
import { GROUP_PAGES } from '../paged-memory.ts';
import { bellCapabilities, type BellState } from './bell.ts';
import { wholePart } from './part.ts';
import type { Share } from './part-function.ts';
import { Quotas } from './quotas.ts';

const { CONTROL, NUM_VFS, FIRST_VF_OFFSET, VF_STRIDE } = sriovCapability.rows;

export interface ChannelHome {
  /** Where the function's VRAM begins in the part's, and its size, in bytes. */
  readonly window: { readonly base: number; readonly size: number };
  /** From the physical function's routing ID to the function's (PCIe 6.0 §9.2.1.2). */
  readonly routingOffset: number;
}

/** @throws RangeError when there is no such channel. */
export function channelHome(state: BellState, channel: number): ChannelHome {
  const shares = savedShares(state);
  const index = shares.findIndex(
    ({ firstChannel, channels }) => channel >= firstChannel && channel < firstChannel + channels,
  );
  if (index < 0) {
    throw new RangeError(`A bell has no channel ${channel}.`);
  }
  const { firstPage, pages } = shares[index];
  const first = read(state, FIRST_VF_OFFSET);
  return {
    window: { base: firstPage * PAGE_BYTES, size: pages * PAGE_BYTES },
    routingOffset: index === 0 ? 0 : first + (index - 1) * read(state, VF_STRIDE),
  };
}

/** Of the physical function, then of each virtual one that was there. */
function savedShares(state: BellState): readonly Share[] {
  const vramPages = state.vram.length * GROUP_PAGES;
  const whole = wholePart(vramPages * PAGE_BYTES);
  if ((read(state, CONTROL) & CONTROL.bits.VF_ENABLE.mask) === 0) {
    return [whole];
  }
  const quotas = new Quotas({ vramPages, frozen: () => true, physical: () => whole });
  quotas.load(state.quotas);
  return quotas.shares(read(state, NUM_VFS)) ?? [whole];
}

/** A register of the SR-IOV capability; 0 in a bell that has none. */
function read({ pci: { config } }: BellState, { offset, width }: RegisterRow): number {
  const at = bellCapabilities.SRIOV + offset;
  return config.subarray(at, at + width).reduceRight((value, byte) => value * 256 + byte, 0);
}
