/**
 * A VFIO container: the groups that are in it, and the IOVA space that they share
 * (drivers/vfio/container.c). It is unprivileged: only a group gives it an IOMMU, and the last
 * group takes that away.
 */
import { VfioError } from './errno.ts';
import type { IoAccess } from './io-page-table.ts';
import type { IommuGroup } from './iommu-group.ts';
import type { UnmapListener } from './pinned-pages.ts';
import { type AdoptedMapping, Type1, type Type1Info, type Type1State } from './type1.ts';
import type { Type1Parts } from './type1-mapping.ts';
import { asVfioError, type VfioUser } from './user-pages.ts';

/** VFIO_API_VERSION. */
const API_VERSION = 0;

/** What VFIO_SET_IOMMU takes of what there is. */
const iommuTypes: Readonly<Record<string, 1 | 2>> = { type1: 1, type1v2: 2 };

/** VFIO_CHECK_EXTENSION (linux/vfio.h), and whether it is there. */
export const vfioExtensions = {
  TYPE1_IOMMU: { number: 1, isSupported: true },
  SPAPR_TCE_IOMMU: { number: 2, isSupported: false },
  TYPE1v2_IOMMU: { number: 3, isSupported: true },
  /** DMA is coherent with the CPU's caches. */
  DMA_CC_IOMMU: { number: 4, isSupported: true },
  TYPE1_NESTING_IOMMU: { number: 6, isSupported: false },
  NOIOMMU_IOMMU: { number: 8, isSupported: false },
  UNMAP_ALL: { number: 9, isSupported: true },
  UPDATE_VADDR: { number: 10, isSupported: false },
} as const;

/** A group as its container sees it. */
export interface ContainedGroup {
  /** Undefined for that of a mediated device, which has no requester (VFIO_EMULATED_IOMMU). */
  readonly group: IommuGroup | undefined;
  /** Its container has an IOMMU now. @throws VfioError */
  iommuSet(): void;
}

/** A container that holds groups, as plain data. */
export interface ContainerState {
  readonly user: string;
  /** What it was given as its IOMMU; undefined: nothing yet. */
  readonly iommu: Type1State | undefined;
}

export class VfioContainer {
  readonly user: VfioUser;
  private readonly parts: Type1Parts;
  private readonly groups: ContainedGroup[] = [];
  private type1: Type1 | undefined;
  private isOpen = true;

  constructor(parts: Type1Parts) {
    this.user = parts.user;
    this.parts = parts;
  }

  get hasIommu(): boolean {
    return this.type1 !== undefined;
  }

  /** Pages that this container holds locked. */
  get pinnedPages(): number {
    return this.type1?.pinnedPages ?? 0;
  }

  describe(): ContainerState {
    return { user: this.user.name, iommu: this.type1?.describe() };
  }

  /** VFIO_GET_API_VERSION. @throws VfioError EBADF. */
  apiVersion(): number {
    this.checkOpen();
    return API_VERSION;
  }

  /** VFIO_CHECK_EXTENSION. @throws VfioError EBADF. */
  checkExtension(number: number): boolean {
    this.checkOpen();
    return Object.values(vfioExtensions).some(
      (extension) => extension.number === number && extension.isSupported,
    );
  }

  /** VFIO_SET_IOMMU: `type1` or `type1v2`. @throws VfioError EBADF, EINVAL, ENODEV; ENOMEM. */
  setIommu(type: string): void {
    this.checkOpen();
    if (this.groups.length === 0 || this.type1 !== undefined) {
      const why = this.type1 === undefined ? 'it holds no group' : 'it has one';
      throw new VfioError(
        'EINVAL',
        `The container of ${this.user.name} cannot be given an IOMMU, because ${why}.`,
      );
    }
    const version = Object.hasOwn(iommuTypes, type) ? iommuTypes[type] : undefined;
    if (version === undefined) {
      throw new VfioError('ENODEV', `There is no IOMMU driver '${type}'.`);
    }
    const type1 = new Type1(version, this.parts);
    const attached: ContainedGroup[] = [];
    try {
      for (const contained of this.groups) {
        attach(type1, contained);
        attached.push(contained);
      }
    } catch (error) {
      attached.forEach((contained) => {
        detach(type1, contained);
      });
      throw error;
    }
    this.type1 = type1;
    this.groups.forEach((contained) => {
      contained.iommuSet();
    });
  }

  /** VFIO_IOMMU_GET_INFO. @throws VfioError EBADF, EINVAL. */
  info(): Type1Info {
    return this.iommu().info();
  }

  /** VFIO_IOMMU_MAP_DMA. @throws VfioError EBADF; and as `Type1.map`. */
  map(vaddr: number, iova: number, bytes: number, access: IoAccess): void {
    this.iommu().map(vaddr, iova, bytes, access);
  }

  /** VFIO_IOMMU_UNMAP_DMA; bytes that are unmapped. @throws VfioError EBADF; and as `Type1.unmap`. */
  unmap(iova: number, bytes: number, bitmap?: Uint8Array): number {
    return this.iommu().unmap(iova, bytes, bitmap);
  }

  /** VFIO_DMA_UNMAP_FLAG_ALL; bytes that are unmapped. @throws VfioError EBADF, EINVAL. */
  unmapAll(): number {
    return this.iommu().unmapAll();
  }

  /** VFIO_IOMMU_DIRTY_PAGES with START. @throws VfioError EBADF, EINVAL, EACCES. */
  startDirtyTracking(): void {
    this.iommu().dirty.start();
  }

  /** VFIO_IOMMU_DIRTY_PAGES with STOP. @throws VfioError EBADF, EINVAL, EACCES. */
  stopDirtyTracking(): void {
    this.iommu().dirty.stop();
  }

  /** VFIO_IOMMU_DIRTY_PAGES with GET_BITMAP. @throws VfioError EBADF; and as `DirtyTracking.get`. */
  dirtyPages(iova: number, bytes: number, bitmap: Uint8Array): void {
    this.iommu().dirty.get(iova, bytes, bitmap);
  }

  /** As `Type1.adopt`. */
  adopt(mappings: readonly AdoptedMapping[]): void {
    this.checkIommu().adopt(mappings);
  }

  // For drivers of mediated devices, which use it for as long as a device of theirs is open.

  /** As `PinnedPages.pin`; by default to read and write. */
  pinPage(iova: number, access: IoAccess = { read: true, write: true }): number {
    return this.checkIommu().pins.pin(iova, access);
  }

  /** As `PinnedPages.adopt`. */
  adoptPin(iova: number): number {
    return this.checkIommu().pins.adopt(iova);
  }

  /** As `PinnedPages.unpin`. */
  unpinPage(iova: number): void {
    this.checkIommu().pins.unpin(iova);
  }

  /** As `PinnedPages.onUnmap`. */
  onUnmap(listener: UnmapListener): () => void {
    return this.checkIommu().pins.onUnmap(listener);
  }

  /** The handle goes; what groups hold of the container lasts until they leave it. @throws VfioError EBADF. */
  close(): void {
    this.checkOpen();
    this.isOpen = false;
  }

  /** For VFIO_GROUP_SET_CONTAINER. @throws VfioError EBADF; EPERM not viable; and as `Type1.attachGroup`. */
  addGroup(contained: ContainedGroup): void {
    this.checkOpen();
    contained.group?.claim(this, this.user.name);
    try {
      if (this.type1 !== undefined) {
        attach(this.type1, contained);
      }
    } catch (error) {
      contained.group?.release();
      throw asVfioError(error);
    }
    this.groups.push(contained);
  }

  /** For VFIO_GROUP_UNSET_CONTAINER and closes. The last group takes the IOMMU and all mappings with it. */
  removeGroup(contained: ContainedGroup): void {
    this.groups.splice(this.groups.indexOf(contained), 1);
    if (this.type1 !== undefined) {
      detach(this.type1, contained);
    }
    if (this.groups.length === 0) {
      this.type1 = undefined;
    }
    contained.group?.release();
  }

  private checkOpen(): void {
    if (!this.isOpen) {
      throw new VfioError('EBADF', `The container of ${this.user.name} is closed.`);
    }
  }

  /** Of an open handle. */
  private iommu(): Type1 {
    this.checkOpen();
    return this.checkIommu();
  }

  private checkIommu(): Type1 {
    if (this.type1 === undefined) {
      throw new VfioError('EINVAL', `The container of ${this.user.name} has no IOMMU set.`);
    }
    return this.type1;
  }
}

function attach(type1: Type1, { group }: ContainedGroup): void {
  if (group === undefined) {
    type1.attachEmulated();
  } else {
    type1.attachGroup(group);
  }
}

function detach(type1: Type1, { group }: ContainedGroup): void {
  if (group === undefined) {
    type1.detachEmulated();
  } else {
    type1.detachGroup(group);
  }
}
