/** What a mediated device is given, and how it is mediated. */
import type { VramRange } from '@doorbell/abi';

/** What it has of the GPU. */
export interface MdevShare {
  readonly uuid: string;
  readonly type: string;
  /** Its shares: the first, and how many. */
  readonly slot: number;
  readonly units: number;
  readonly channels: number;
  readonly vram: VramRange;
  /** Pages of VRAM that the host may spend on shadow page tables for it. */
  readonly tablePages: number;
}

/** How it is mediated. */
export interface MediationOptions {
  /** Whether the VRAM aperture is mapped into the guest; else it traps. */
  readonly barRemap: boolean;
  /** When shadow page tables follow: at each store (the tables trap), or at flush and submit. */
  readonly shadow: 'strict' | 'lazy';
}
