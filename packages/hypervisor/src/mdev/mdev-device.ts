/**
 * A mediated device, from its creation to its removal: a share of the GPU under a UUID. While a
 * guest has it open, a vGPU stands on it.
 */
import type { DeviceHost, VramRange } from '@doorbell/abi';
import type { HostBell } from '../host-bell/host-bell.ts';
import { KernelChannel } from '../host-bell/kernel-channel.ts';
import type { VfioContainer } from '../vfio-container.ts';
import type { EmulatedDevice } from '../vfio-emulated.ts';
import { MediatedBell } from './mediated-bell.ts';

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

export class MdevDevice implements EmulatedDevice {
  readonly share: MdevShare;
  /** Of its VFIO group. */
  groupId = -1;
  private readonly bell: HostBell;
  private container: VfioContainer | undefined;
  private vgpu: MediatedBell | undefined;

  constructor(bell: HostBell, share: MdevShare) {
    this.bell = bell;
    this.share = share;
  }

  get name(): string {
    return this.share.uuid;
  }

  /** By the copy engine: nobody is to see what the last owner left there. */
  clear(): void {
    const kernel = new KernelChannel(this.bell);
    kernel.clearSpinning(this.share.vram.page, this.share.vram.pages);
    kernel.end();
  }

  open(container: VfioContainer): void {
    this.container = container;
  }

  /** The function that the guest is shown. @throws RangeError unless it is open. */
  present(host: DeviceHost, options: MediationOptions): MediatedBell {
    const { bell, share, container } = this;
    if (container === undefined) {
      throw new RangeError(`${share.uuid} is not open.`);
    }
    this.vgpu = new MediatedBell(host, { bell, share, container, options });
    return this.vgpu;
  }

  /** Whatever the guest was doing: its channels are reset, its pages unpinned, its VRAM cleared. */
  close(): void {
    this.vgpu?.end();
    this.vgpu = undefined;
    this.container = undefined;
    this.clear();
  }
}
