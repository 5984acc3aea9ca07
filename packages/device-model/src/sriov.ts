/**
 * The SR-IOV capability of a physical function (PCI Express Base 6.0 §9.3.3): what software may
 * change of it, and when. What a virtual function is made of is the device's.
 */
import {
  BAR_COUNT,
  type BarShape,
  sriovCapability,
  systemPageBytes,
  vfBarOffset,
} from '@doorbell/abi';
import type { ConfigSpace } from './config-space.ts';

const { CONTROL, FIRST_VF_OFFSET, NUM_VFS, SUPPORTED_PAGE_SIZES, SYSTEM_PAGE_SIZE } =
  sriovCapability.rows;
const { VF_ENABLE, VF_MSE, ARI } = CONTROL.bits;
/** With ARI, VF 1 is the function behind the PF; without, the first of the next bus. */
const firstVfOffset = { ari: 1, noAri: 0x100 } as const;

export interface SriovShape {
  readonly totalVfs: number;
  readonly deviceId: number;
  /** Of one virtual function, by index. */
  readonly bars: readonly (BarShape & { readonly index: number })[];
}

export interface SriovHooks {
  /** Software wants this many virtual functions. False: they cannot be, and VF_ENABLE stays 0. */
  readonly enable: (count: number) => boolean;
  /** They are gone. */
  readonly disable: () => void;
  /** What they decode has changed. */
  readonly decodeChanged: () => void;
}

export class Sriov {
  private readonly config: ConfigSpace;
  private readonly at: number;
  private readonly shape: SriovShape;
  private readonly hooks: SriovHooks;

  constructor(config: ConfigSpace, at: number, shape: SriovShape, hooks: SriovHooks) {
    this.config = config;
    this.at = at;
    this.shape = shape;
    this.hooks = hooks;
    config.addExtended(sriovCapability, at, {
      INITIAL_VFS: shape.totalVfs,
      TOTAL_VFS: shape.totalVfs,
      VF_DEVICE_ID: shape.deviceId,
      FIRST_VF_OFFSET: firstVfOffset.noAri,
    });
    for (let index = 0; index < BAR_COUNT; index++) {
      config.installBar(index, undefined, at + vfBarOffset(0));
    }
    this.layBars();
    this.watchControl();
    this.watchSizes();
    shape.bars.forEach(({ index }) => {
      config.watch(at + vfBarOffset(index), 4, (value, old) => {
        if (value !== old && this.decodes) {
          hooks.decodeChanged();
        }
      });
    });
  }

  private watchControl(): void {
    const { config, at, hooks } = this;
    config.watch(at + CONTROL.offset, CONTROL.width, (value, old) => {
      const was = (old & VF_ENABLE.mask) !== 0;
      const wanted = (value & VF_ENABLE.mask) !== 0;
      let kept = was ? (value & ~ARI.mask) | (old & ARI.mask) : value;
      if (wanted && !was && !hooks.enable(this.numVfs)) {
        kept &= ~VF_ENABLE.mask;
      }
      config.set(at + CONTROL.offset, CONTROL.width, kept);
      const ari = (kept & ARI.mask) !== 0;
      config.set(
        at + FIRST_VF_OFFSET.offset,
        FIRST_VF_OFFSET.width,
        ari ? firstVfOffset.ari : firstVfOffset.noAri,
      );
      if (was && !wanted) {
        hooks.disable();
      }
      if (((kept ^ old) & (VF_ENABLE.mask | VF_MSE.mask)) !== 0) {
        hooks.decodeChanged();
      }
    });
  }

  private watchSizes(): void {
    const { config, at, shape } = this;
    config.watch(at + NUM_VFS.offset, NUM_VFS.width, (value, old) => {
      if (this.enabled || value > shape.totalVfs) {
        config.set(at + NUM_VFS.offset, NUM_VFS.width, old);
      }
    });
    config.watch(at + SYSTEM_PAGE_SIZE.offset, SYSTEM_PAGE_SIZE.width, (value, old) => {
      const isOneBit = value !== 0 && (value & (value - 1)) === 0;
      if (this.enabled || !isOneBit || (value & SUPPORTED_PAGE_SIZES.reset) === 0) {
        config.set(at + SYSTEM_PAGE_SIZE.offset, SYSTEM_PAGE_SIZE.width, old);
      } else if (value !== old) {
        this.layBars();
      }
    });
  }

  get enabled(): boolean {
    return (this.control & VF_ENABLE.mask) !== 0;
  }

  /** Whether the virtual functions answer at their BARs. */
  get decodes(): boolean {
    const both = VF_ENABLE.mask | VF_MSE.mask;
    return (this.control & both) === both;
  }

  get numVfs(): number {
    return this.config.get(this.at + NUM_VFS.offset, NUM_VFS.width);
  }

  private get control(): number {
    return this.config.get(this.at + CONTROL.offset, CONTROL.width);
  }

  /** A BAR takes whole pages of the system, so that no page belongs to two functions (§9.3.3.13). */
  private layBars(): void {
    const { config, at, shape } = this;
    const value = config.get(at + SYSTEM_PAGE_SIZE.offset, SYSTEM_PAGE_SIZE.width);
    const page = systemPageBytes(value);
    for (const bar of shape.bars) {
      const size = Math.max(bar.size, page);
      config.installBar(bar.index, { ...bar, size }, at + vfBarOffset(0));
    }
  }

  /** Configuration space has its reset values, or others that were loaded. */
  settle(): void {
    const { config, at, shape } = this;
    const held = shape.bars.flatMap(({ index, is64 }) => (is64 ? [index, index + 1] : [index]));
    const values = held.map((index) => config.get(at + vfBarOffset(index), 4));
    this.layBars();
    held.forEach((index, place) => {
      config.set(at + vfBarOffset(index), 4, values[place]);
    });
  }
}
