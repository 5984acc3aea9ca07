/**
 * A mediated device, from its creation to its removal: a share of the GPU under a UUID. While a
 * guest has it open, a vGPU stands on it.
 */
import type { DeviceHost } from '@doorbell/abi';
import type { HostBell } from '../host-bell/host-bell.ts';
import { KernelChannel } from '../host-bell/kernel-channel.ts';
import type { VfioContainer } from '../vfio-container.ts';
import type { EmulatedDevice, Mediated } from '../vfio-emulated.ts';
import type { MdevShare, MediationOptions } from './mdev-share.ts';
import { MediatedBell } from './mediated-bell.ts';

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

  get mediated(): Mediated {
    return { parent: this.bell.at, type: this.share.type };
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
