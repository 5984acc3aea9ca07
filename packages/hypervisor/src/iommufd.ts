/**
 * An iommufd context, /dev/iommu as a process has it open (drivers/iommu/iommufd/main.c, device.c):
 * objects by id, of which one that another needs cannot be destroyed. Devices are bound to it by
 * their own files, and attached to page tables; a group's devices share one.
 */
import { VfioError } from './errno.ts';
import { IoAddressSpace, type IoasParts } from './io-address-space.ts';
import type { IoAccess } from './io-page-table.ts';
import type { GroupMember, IommuGroup } from './iommu-group.ts';
import type { Domain } from './iommu.ts';
import { asVfioError } from './user-pages.ts';

interface Ioas {
  readonly kind: 'ioas';
  readonly id: number;
  readonly space: IoAddressSpace;
  readonly tables: Set<Hwpt>;
}

/** A page table for hardware. */
interface Hwpt {
  readonly kind: 'hwpt';
  readonly id: number;
  readonly ioas: Ioas;
  readonly domain: Domain;
  /** Made for whoever attaches to the IOAS, and gone with the last device. */
  readonly isAuto: boolean;
  /** Devices that are attached. */
  devices: number;
}

export interface BoundDevice {
  readonly kind: 'device';
  /** What the user calls it: the dev_id. */
  readonly id: number;
  readonly member: GroupMember;
  readonly group: ContextGroup;
}

/** An IOMMU group as a context has it. */
interface ContextGroup {
  readonly group: IommuGroup;
  /** Devices that are bound. */
  bound: number;
  readonly attached: Set<BoundDevice>;
  table: Hwpt | undefined;
}

type IommufdObject = Ioas | Hwpt | BoundDevice;

export class Iommufd {
  private readonly parts: IoasParts;
  private readonly objects = new Map<number, IommufdObject>();
  private readonly groups = new Map<IommuGroup, ContextGroup>();
  private isOpen = true;

  constructor(parts: IoasParts) {
    this.parts = parts;
  }

  get userName(): string {
    return this.parts.user.name;
  }

  /** Pages that it holds locked. */
  get pinnedPages(): number {
    let pages = 0;
    for (const object of this.objects.values()) {
      pages += object.kind === 'ioas' ? object.space.pinnedPages : 0;
    }
    return pages;
  }

  /** IOMMU_IOAS_ALLOC: the id. @throws VfioError EBADF. */
  ioasAlloc(): number {
    this.checkOpen();
    const id = this.freeId();
    const space = new IoAddressSpace(this.parts);
    this.objects.set(id, { kind: 'ioas', id, space, tables: new Set() });
    return id;
  }

  /** IOMMU_IOAS_MAP: the IOVA. @throws VfioError EBADF, ENOENT; and as `IoAddressSpace.map`. */
  ioasMap(ioas: number, vaddr: number, bytes: number, access: IoAccess, iova?: number): number {
    this.checkOpen();
    return this.ioas(ioas).space.map(vaddr, bytes, access, iova);
  }

  /** IOMMU_IOAS_UNMAP: bytes. @throws VfioError EBADF, ENOENT, EINVAL. */
  ioasUnmap(ioas: number, iova: number, bytes: number): number {
    this.checkOpen();
    return this.ioas(ioas).space.unmap(iova, bytes);
  }

  /** The same of everything. @throws VfioError EBADF, ENOENT. */
  ioasUnmapAll(ioas: number): number {
    this.checkOpen();
    return this.ioas(ioas).space.unmapAll();
  }

  /** IOMMU_IOAS_IOVA_RANGES. @throws VfioError EBADF, ENOENT. */
  iovaRanges(ioas: number): ReturnType<IoAddressSpace['ranges']> {
    this.checkOpen();
    return this.ioas(ioas).space.ranges();
  }

  /**
   * IOMMU_HWPT_ALLOC for a device that is bound: the id of a page table that holds an IOAS.
   * @throws VfioError EBADF; ENOENT no such device or IOAS; ENOMEM, EFAULT, EADDRINUSE.
   */
  hwptAlloc(device: number, ioas: number): number {
    this.checkOpen();
    if (this.objects.get(device)?.kind !== 'device') {
      throw new VfioError('ENOENT', `There is no device ${device} in this iommufd.`);
    }
    return this.newTable(this.ioas(ioas), false).id;
  }

  /** IOMMU_DESTROY. @throws VfioError EBADF; ENOENT no such object; EBUSY another needs it, or it is a device. */
  destroy(id: number): void {
    this.checkOpen();
    const object = this.objects.get(id);
    if (object === undefined) {
      throw new VfioError('ENOENT', `There is no object ${id} in this iommufd.`);
    }
    if (this.isUsed(object)) {
      throw new VfioError('EBUSY', `The ${object.kind} ${id} is still used.`);
    }
    this.discard(object);
  }

  /** What bound devices need of it lasts until the last is released. @throws VfioError EBADF. */
  close(): void {
    this.checkOpen();
    this.isOpen = false;
    this.discardIfUnused();
  }

  // ------------------------------------------------------------------------------ for the devices' files

  /** iommufd_device_bind. @throws VfioError EBADF; EPERM a host driver or another user has the group. */
  bind(member: GroupMember): BoundDevice {
    this.checkOpen();
    const { group } = member;
    group.claim(this, this.userName);
    const shared = this.groups.get(group) ?? {
      group,
      bound: 0,
      attached: new Set(),
      table: undefined,
    };
    this.groups.set(group, shared);
    shared.bound++;
    const device: BoundDevice = { kind: 'device', id: this.freeId(), member, group: shared };
    this.objects.set(device.id, device);
    return device;
  }

  /** Of a device that is bound. */
  deviceId(member: GroupMember): number | undefined {
    for (const object of this.objects.values()) {
      if (object.kind === 'device' && object.member === member) {
        return object.id;
      }
    }
    return undefined;
  }

  /** iommufd_ctx_has_group: whether a device of the group is bound. */
  hasGroup(group: IommuGroup): boolean {
    return this.groups.has(group);
  }

  /** The device is detached, and the group given back with its last. */
  release(device: BoundDevice): void {
    this.detach(device);
    const shared = device.group;
    this.objects.delete(device.id);
    shared.bound--;
    if (shared.bound === 0) {
      this.groups.delete(shared.group);
    }
    shared.group.release();
    this.discardIfUnused();
  }

  /**
   * iommufd_device_attach, or _replace: to a page table, or to one that is made for an IOAS. Gives
   * the page table's id.
   * @throws VfioError ENOENT no such object; EINVAL it is a device, or the group has another table;
   * EADDRINUSE, ENOMEM, EFAULT.
   */
  attach(device: BoundDevice, id: number): number {
    const object = this.objects.get(id);
    if (object === undefined) {
      throw new VfioError('ENOENT', `There is no object ${id} in this iommufd.`);
    }
    if (object.kind === 'device') {
      throw new VfioError('EINVAL', `Object ${id} is a device, not an IOAS or a page table.`);
    }
    const table = object.kind === 'hwpt' ? object : this.tableFor(object);
    try {
      this.attachTo(device, table);
    } catch (error) {
      this.discardIfAuto(table);
      throw asVfioError(error);
    }
    return table.id;
  }

  /** iommufd_device_detach: without the last of its group, the group's DMA reaches nothing. */
  detach(device: BoundDevice): void {
    const { attached, group, table } = device.group;
    if (table === undefined || !attached.delete(device)) {
      return;
    }
    table.ioas.space.unreserve(1);
    table.devices--;
    if (attached.size === 0) {
      group.detach();
      device.group.table = undefined;
    }
    this.discardIfAuto(table);
  }

  /** Any domain fits any device here, so that one per IOAS will do. */
  private tableFor(ioas: Ioas): Hwpt {
    return [...ioas.tables].find(({ isAuto }) => isAuto) ?? this.newTable(ioas, true);
  }

  private attachTo(device: BoundDevice, table: Hwpt): void {
    const { attached, group, table: old } = device.group;
    if (attached.has(device)) {
      this.replace(device.group, table);
      return;
    }
    if (old !== undefined && old !== table) {
      throw new VfioError('EINVAL', `Group ${group.id} is attached to page table ${old.id}.`);
    }
    table.ioas.space.reserve(1);
    if (old === undefined) {
      try {
        group.attach(table.domain);
      } catch (error) {
        group.detach();
        table.ioas.space.unreserve(1);
        throw error;
      }
    }
    device.group.table = table;
    table.devices++;
    attached.add(device);
  }

  /** All devices of the group go with it. */
  private replace(shared: ContextGroup, table: Hwpt): void {
    const { attached, group, table: old } = shared;
    if (old === undefined || old === table) {
      return;
    }
    table.ioas.space.reserve(attached.size);
    group.attach(table.domain);
    old.ioas.space.unreserve(attached.size);
    old.devices -= attached.size;
    table.devices += attached.size;
    shared.table = table;
    this.discardIfAuto(old);
  }

  // ------------------------------------------------------------------------------ objects

  private newTable(ioas: Ioas, isAuto: boolean): Hwpt {
    const domain = ioas.space.addDomain();
    const table: Hwpt = { kind: 'hwpt', id: this.freeId(), ioas, domain, isAuto, devices: 0 };
    ioas.tables.add(table);
    this.objects.set(table.id, table);
    return table;
  }

  private isUsed(object: IommufdObject): boolean {
    switch (object.kind) {
      case 'ioas':
        return object.tables.size > 0;
      case 'hwpt':
        return object.devices > 0;
      case 'device':
        return true;
    }
  }

  private discard(object: IommufdObject): void {
    this.objects.delete(object.id);
    if (object.kind === 'ioas') {
      object.space.unmapAll();
    } else if (object.kind === 'hwpt') {
      object.ioas.tables.delete(object);
      object.ioas.space.removeDomain(object.domain);
    }
  }

  private discardIfAuto(table: Hwpt): void {
    if (table.isAuto && table.devices === 0 && this.objects.has(table.id)) {
      this.discard(table);
    }
  }

  /** iommufd_fops_release: the file lasts as long as a device is bound. */
  private discardIfUnused(): void {
    if (this.isOpen || this.groups.size > 0) {
      return;
    }
    for (const kind of ['hwpt', 'ioas'] as const) {
      for (const object of [...this.objects.values()]) {
        if (object.kind === kind) {
          this.discard(object);
        }
      }
    }
  }

  private ioas(id: number): Ioas {
    const object = this.objects.get(id);
    if (object?.kind !== 'ioas') {
      throw new VfioError('ENOENT', `There is no IOAS ${id} in this iommufd.`);
    }
    return object;
  }

  /** The lowest that is free, from 1 on. */
  private freeId(): number {
    let id = 1;
    while (this.objects.has(id)) {
      id++;
    }
    return id;
  }

  private checkOpen(): void {
    if (!this.isOpen) {
      throw new VfioError('EBADF', `The iommufd of ${this.userName} is closed.`);
    }
  }
}
