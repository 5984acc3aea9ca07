/** What the channels of one bell share: its BARs, its VRAM, its screen, its vectors. */
import type { Accessors, bellRegisters, GpuFeatures, Mmio, PciDevice } from '@doorbell/abi';
import type { Msix } from '../msix.ts';
import type { FirstFit } from './first-fit.ts';
import type { Scanout } from './scanout.ts';

export interface BellDevice {
  readonly port: PciDevice;
  readonly features: GpuFeatures;
  readonly channels: number;
  /** BAR0, and its first part by name. */
  readonly window: Mmio;
  readonly registers: Accessors<typeof bellRegisters.rows>;
  /** BAR1. */
  readonly doorbells: Mmio;
  /** BAR2. */
  readonly aperture: Mmio;
  readonly vram: FirstFit;
  readonly scanout: Scanout;
  readonly msix: Msix;
}
