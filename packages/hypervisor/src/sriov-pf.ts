/**
 * A physical function in the hands of its host driver: the files that sysfs has for it
 * (drivers/pci/iov.c: sriov_totalvfs, sriov_numvfs, sriov_drivers_autoprobe), and the quotas that
 * bell's driver sets before its virtual functions are there.
 */
import {
  accessors,
  bellBars,
  type Bdf,
  CHANNELS,
  type Display,
  formatBdf,
  type PciDevice,
  sriovCapability,
  sriovRegisters,
  sriovWindow,
  type0Header,
} from '@doorbell/abi';
import type { Bell } from '@doorbell/device-model';
import { VfioError } from './errno.ts';
import type { Host } from './host.ts';
import { sriovOffset, totalVfs, vfRoutingId } from './virtual-function.ts';

const { CONTROL, NUM_VFS } = sriovCapability.rows;
const { VF_ENABLE, VF_MSE, ARI } = CONTROL.bits;
const COMMAND = type0Header.rows.COMMAND;
/** What software waits after VF Enable was set, before it looks at a virtual function (§9.3.3.3.1). */
const VF_ENABLE_NS = 100_000_000;

/** A virtual function's share of the part. */
export interface VfQuota {
  readonly channels: number;
  /** Pages of 4 KiB. */
  readonly vramPages: number;
  /** How long the engines run for it while others want them, too. */
  readonly quantumUs: number;
}

export interface SriovPfOptions {
  /** Where virtual function `index`'s pixels go. */
  readonly display: (index: number) => Display;
}

const DEFAULT_QUANTUM_US = 1000;
const MOST_US = 2 ** 20 - 1;

export class SriovPf {
  /** sriov_drivers_autoprobe: whether the host's drivers bind virtual functions as they come. */
  driversAutoprobe = true;
  private readonly host: Host;
  private readonly at: Bdf;
  private readonly bell: Bell;
  private readonly options: SriovPfOptions;
  private readonly capability: number;
  private readonly quotas = new Map<number, VfQuota>();
  private vfs: readonly Bdf[] = [];

  /** @throws VfioError EINVAL when the function has no virtual ones. */
  constructor(host: Host, at: Bdf, bell: Bell, options: SriovPfOptions) {
    this.host = host;
    this.at = at;
    this.bell = bell;
    this.options = options;
    this.capability = sriovOffset(bell);
    if (this.capability === 0) {
      throw new VfioError('EINVAL', `${formatBdf(at)} has no SR-IOV capability.`);
    }
  }

  /** sriov_totalvfs. */
  get totalVfs(): number {
    return totalVfs(this.bell);
  }

  /** sriov_numvfs, as it reads. */
  get numVfs(): number {
    return this.vfs.length;
  }

  /** Where the virtual functions are, VF 1 first. */
  get virtualFunctions(): readonly Bdf[] {
    return this.vfs;
  }

  /**
   * Sets what virtual function `index` gets of the part; those that nothing was said of get equal
   * shares of the whole, with one more for the physical function.
   * @throws VfioError ENOENT no driver; EBUSY virtual functions are there; EINVAL no such function,
   * or a quota that no part has.
   */
  setQuota(index: number, quota: VfQuota): void {
    this.checkDriver();
    if (this.numVfs > 0) {
      throw new VfioError(
        'EBUSY',
        `${this.numVfs} VFs of ${formatBdf(this.at)} are enabled, so quotas do not change: disable them first.`,
      );
    }
    if (!isWhole(index, 1, this.totalVfs)) {
      throw new VfioError('EINVAL', `${formatBdf(this.at)} has no VF ${index}.`);
    }
    const { channels, vramPages, quantumUs } = quota;
    const fits =
      isWhole(channels, 1, CHANNELS) &&
      isWhole(vramPages, 1, this.vramPages) &&
      isWhole(quantumUs, 1, MOST_US);
    if (!fits) {
      throw new VfioError(
        'EINVAL',
        `A VF has 1 to ${CHANNELS} channels, 1 to ${this.vramPages} pages of VRAM and a quantum of 1 to ${MOST_US} µs, not ${channels}, ${vramPages} and ${quantumUs}.`,
      );
    }
    this.quotas.set(index, quota);
  }

  /**
   * Writes sriov_numvfs.
   * @throws VfioError ERANGE more than sriov_totalvfs; ENOENT no driver is bound; EBUSY others are
   * there, or a user has one open; ENOSPC the quotas are more than the part has; EINVAL no number.
   */
  setNumVfs(count: number): void {
    const { totalVfs: most, numVfs } = this;
    const name = formatBdf(this.at);
    if (!isWhole(count, 0, 0xffff)) {
      throw new VfioError(
        'EINVAL',
        `The sriov_numvfs of ${name} takes a whole number, not ${count}.`,
      );
    }
    if (count > most) {
      throw new VfioError('ERANGE', `${name} has at most ${most} VFs, so ${count} are refused.`);
    }
    if (count === numVfs) {
      return;
    }
    this.checkDriver();
    if (count === 0) {
      this.disable();
    } else if (numVfs > 0) {
      throw new VfioError(
        'EBUSY',
        `${numVfs} VFs of ${name} are enabled already: write 0 before ${count}.`,
      );
    } else {
      this.enable(count);
    }
  }

  /** sriov_enable, after the driver has divided the part. */
  private enable(count: number): void {
    const quotas = this.quotasFor(count);
    const port = this.host.computer.device(this.at);
    this.writeQuotas(port, quotas);
    const control = this.capability + CONTROL.offset;
    port.config.write(control, CONTROL.width, ARI.mask);
    port.config.write(this.capability + NUM_VFS.offset, NUM_VFS.width, count);
    port.config.write(control, CONTROL.width, VF_ENABLE.mask | VF_MSE.mask | ARI.mask);
    port.clock.delay(VF_ENABLE_NS);
    this.vfs = quotas.map((_, place) => this.add(place + 1));
  }

  private add(index: number): Bdf {
    const { host, bell } = this;
    const virtualOf = { physical: bell, index };
    const at = vfRoutingId(this.at, virtualOf);
    host.hotAdd(at, (ports) => bell.virtualFunction(index, ports), {
      virtualOf,
      display: this.options.display(index),
      probe: this.driversAutoprobe,
    });
    return at;
  }

  /** sriov_disable. Linux waits for a user to give a function back; here it is refused. */
  private disable(): void {
    const { vfio } = this.host;
    const used = this.vfs.find((at) => vfio.userOf(at) !== undefined);
    if (used !== undefined) {
      throw new VfioError(
        'EBUSY',
        `VF ${formatBdf(used)} is used by ${vfio.userOf(used)}, so the VFs of ${formatBdf(this.at)} cannot be disabled before it is closed.`,
      );
    }
    for (const at of this.vfs) {
      this.host.hotRemove(at);
    }
    this.vfs = [];
    const port = this.host.computer.device(this.at);
    port.config.write(this.capability + CONTROL.offset, CONTROL.width, ARI.mask);
    port.config.write(this.capability + NUM_VFS.offset, NUM_VFS.width, 0);
  }

  /** @throws VfioError ENOSPC. */
  private quotasFor(count: number): readonly VfQuota[] {
    const equal: VfQuota = {
      channels: Math.floor(CHANNELS / (count + 1)),
      vramPages: Math.floor(this.vramPages / (count + 1)),
      quantumUs: DEFAULT_QUANTUM_US,
    };
    const quotas = Array.from({ length: count }, (_, place) => this.quotas.get(place + 1) ?? equal);
    const channels = quotas.reduce((sum, quota) => sum + quota.channels, 0);
    const pages = quotas.reduce((sum, quota) => sum + quota.vramPages, 0);
    if (channels > CHANNELS || pages > this.vramPages) {
      throw new VfioError(
        'ENOSPC',
        `${count} VFs want ${channels} channels and ${pages} pages of VRAM; ${formatBdf(this.at)} has ${CHANNELS} and ${this.vramPages}.`,
      );
    }
    return quotas;
  }

  private writeQuotas(port: PciDevice, quotas: readonly VfQuota[]): void {
    const command = port.config.read(COMMAND.offset, COMMAND.width);
    port.config.write(COMMAND.offset, COMMAND.width, command | COMMAND.bits.MEMORY.mask);
    const window = port.mapBar(bellBars.REGISTERS.index);
    quotas.forEach(({ channels, vramPages, quantumUs }, place) => {
      const base = sriovWindow.base + (place + 1) * sriovWindow.stride;
      const registers = accessors(sriovRegisters, window, base);
      registers.CHANNELS.write(channels);
      registers.VRAM_PAGES.write(vramPages);
      registers.QUANTUM.write(quantumUs);
    });
  }

  /** Of the whole part, while no virtual function has some. */
  private get vramPages(): number {
    return this.bell.vramPages;
  }

  /** @throws VfioError ENOENT. */
  private checkDriver(): void {
    if (this.host.vfio.driverOf(this.at)?.kind !== 'host') {
      throw new VfioError(
        'ENOENT',
        `No host driver is bound to ${formatBdf(this.at)}, so its SR-IOV cannot be configured.`,
      );
    }
  }
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
