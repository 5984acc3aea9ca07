/**
 * A bell that the host keeps and divides into mediated devices (drivers/vfio/mdev/mdev_sysfs.c and
 * mdev_core.c): types with instances left, devices created and removed by UUID. What a guest is
 * given is cleared before it is.
 */
import type { Stateful } from '@doorbell/abi';
import { VfioError } from '../errno.ts';
import type { HostBell, HostBellState } from '../host-bell/host-bell.ts';
import { MdevDevice } from './mdev-device.ts';
import { mdevTypes, UNITS, type MdevType } from './mdev-types.ts';

/** Of 16 pages of VRAM, how many are divided: the rest holds the host's own page tables. */
const DIVIDED_SIXTEENTHS = 15;
/** Channels that the host keeps. */
const KEPT_CHANNELS = 8;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A type as sysfs shows it. */
export interface MdevTypeEntry {
  readonly name: string;
  readonly description: string;
  readonly device_api: 'vfio-pci';
  readonly available_instances: number;
}

export class MdevParent implements Stateful<HostBellState> {
  private readonly bell: HostBell;
  /** Of one share: channels, pages of VRAM, and pages of the host's part for its page tables. */
  private readonly unit: { readonly channels: number; readonly pages: number };
  private readonly tablePages: number;
  /** The first page of what is divided. */
  private readonly firstPage: number;
  private readonly devices = new Map<string, MdevDevice>();

  /** @throws VfioError EINVAL without an IOMMU: nothing would tell a guest's memory from the host's. ENOMEM. */
  constructor(bell: HostBell) {
    if (!bell.host.iommu.enabled) {
      throw new VfioError('EINVAL', 'A mediated bell needs the IOMMU, which is off.');
    }
    const divided = Math.floor((bell.vramPages * DIVIDED_SIXTEENTHS) / 16);
    this.bell = bell;
    this.unit = {
      channels: Math.floor((bell.channels - KEPT_CHANNELS) / UNITS),
      pages: Math.floor(divided / UNITS),
    };
    this.tablePages = Math.floor((bell.vramPages - divided) / (UNITS + 1));
    this.firstPage = bell.allocateVram(this.unit.pages * UNITS);
    if (this.firstPage < 0) {
      throw new VfioError('ENOMEM', 'The bell has no VRAM left to divide.');
    }
  }

  /** What mdev_supported_types holds. */
  types(): readonly MdevTypeEntry[] {
    return mdevTypes.map((type) => ({
      name: type.name,
      description: type.description,
      device_api: 'vfio-pci',
      available_instances: this.freeSlots(type).length,
    }));
  }

  /** UUIDs of what was created, in that order. */
  list(): readonly string[] {
    return [...this.devices.keys()];
  }

  /**
   * Writes a UUID to the `create` of a type. @throws VfioError ENOENT no such type; EINVAL no UUID;
   * EEXIST; ENOSPC no instance is left (as drivers with get_available have it; the core's own
   * count gives EUSERS).
   */
  create(typeName: string, text: string): MdevDevice {
    const type = mdevTypes.find(({ name }) => name === typeName);
    const uuid = text.toLowerCase();
    if (type === undefined) {
      throw new VfioError('ENOENT', `The bell supports no type '${typeName}'.`);
    }
    if (!UUID.test(uuid)) {
      throw new VfioError('EINVAL', `'${text}' is not a UUID.`);
    }
    if (this.devices.has(uuid)) {
      throw new VfioError('EEXIST', `The mediated device ${uuid} is there already.`);
    }
    const slot = this.freeSlots(type).at(0);
    if (slot === undefined) {
      throw new VfioError('ENOSPC', `No instance of ${typeName} is left.`);
    }
    const device = this.device(type, uuid, slot);
    this.devices.set(uuid, device);
    return device;
  }

  private device(type: MdevType, uuid: string, slot: number): MdevDevice {
    const { bell, unit, tablePages, firstPage } = this;
    const { units } = type;
    const device = new MdevDevice(bell, {
      uuid,
      type: type.name,
      slot,
      units,
      channels: unit.channels * units,
      vram: { page: firstPage + slot * unit.pages, pages: unit.pages * units },
      tablePages: tablePages * units,
    });
    device.clear();
    device.groupId = bell.host.vfio.addEmulated(device);
    return device;
  }

  /** Writes 1 to the `remove` of a device. @throws VfioError ENOENT; EBUSY a guest has it open (Linux waits). */
  remove(text: string): void {
    const uuid = text.toLowerCase();
    const device = this.devices.get(uuid);
    if (device === undefined) {
      throw new VfioError('ENOENT', `There is no mediated device ${text}.`);
    }
    this.bell.host.vfio.removeEmulated(device.groupId);
    this.devices.delete(uuid);
  }

  /** Where an instance of the type fits: on a multiple of its size, so that shares do not scatter. */
  private freeSlots({ units }: MdevType): readonly number[] {
    const taken = [...this.devices.values()].map(({ share }) => share);
    return Array.from({ length: UNITS / units }, (_, index) => index * units).filter((slot) =>
      taken.every((other) => slot + units <= other.slot || other.slot + other.units <= slot),
    );
  }

  save(): HostBellState {
    return this.bell.save();
  }

  /** The host is loaded first; devices of the same types were created in the same order. */
  load(state: HostBellState): void {
    this.bell.load(state);
  }
}
