/** How much of the host's GPU one guest of several may keep: what one hoards, the others would lack. */
import { CHANNELS, PAGE_BYTES } from '@doorbell/abi';
import type { Limits } from '@doorbell/pv-backend';
import { VRAM_BYTES } from '../stacks/stack.ts';

/** For page tables, and for what the host's own channel needs. */
const KEPT_BYTES = 16 << 20;
const KEPT_CHANNELS = 8;
const MOST_CHANNELS = 16;
/** Of all guests together; but each may have some. */
const RESOURCES = 4096;
const LEAST_RESOURCES = 128;

/** Of each, in equal parts. Alone, a guest has what the device allows by itself. */
export function shareLimits(guests: number): Partial<Limits> {
  if (guests === 1) {
    return {};
  }
  const resources = Math.max(LEAST_RESOURCES, Math.floor(RESOURCES / guests));
  const bytes = Math.floor((VRAM_BYTES - KEPT_BYTES) / guests);
  return {
    resources,
    // Each resource takes whole pages, whatever its size.
    hostBytes: bytes - resources * PAGE_BYTES,
    vramPages: Math.floor(bytes / PAGE_BYTES),
    channels: Math.max(1, Math.min(MOST_CHANNELS, Math.floor((CHANNELS - KEPT_CHANNELS) / guests))),
  };
}
