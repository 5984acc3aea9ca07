/** What a mediated device is given, and how it is mediated. */
import type { VramRange } from '@doorbell/abi';
import type { ShadowPolicy } from './mediations.ts';

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
  /** What traps besides, and when shadow page tables follow. */
  readonly shadow: ShadowPolicy;
}
