/** What the device keeps for one driver, from DRIVER_OK to its reset. */
import { type Fence, type FeatureSet, type Gpu, hasFeature } from '@doorbell/abi';
import type { GuestMemory } from '../guest-memory.ts';
import { Contexts } from './context.ts';
import type { CursorSink } from './cursor.ts';
import type { DisplayConfig } from './display-config.ts';
import type { Limits } from './limits.ts';
import { Resources } from './resource.ts';
import { Scanouts } from './scanout.ts';
import type { Turns } from './turns.ts';

export interface SessionParts {
  readonly renderer: Gpu;
  readonly memory: GuestMemory;
  readonly limits: Limits;
  readonly display: DisplayConfig;
  readonly onCursor: CursorSink | undefined;
  /** Of what is random about it. */
  readonly seed: number;
  /** As negotiated. */
  readonly features: FeatureSet;
}

export class Session {
  readonly parts: SessionParts;
  readonly resources: Resources;
  readonly contexts: Contexts;
  readonly scanouts: Scanouts;
  /** The renderer's last work for this driver; 0: none. */
  lastWork: Fence = 0;
  /** UUIDs that were given out. */
  uuids = 0;

  constructor(parts: SessionParts) {
    const { renderer, limits, display } = parts;
    this.parts = parts;
    this.resources = new Resources(renderer, limits);
    this.contexts = new Contexts(limits);
    this.scanouts = new Scanouts(display.scanouts, this.resources);
  }

  has(feature: number): boolean {
    return hasFeature(this.parts.features, feature);
  }

  /** Gives all that it holds back to the renderer. */
  async free(turns?: Turns): Promise<void> {
    await this.scanouts.disableAll();
    await this.resources.removeAll(turns);
  }
}
