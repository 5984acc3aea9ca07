/**
 * The reset of a whole bus by its users (vfio_pci_dev_set_hot_reset and its neighbours in
 * drivers/vfio/pci/vfio_pci_core.c): only for one who has every function that it affects.
 */
import { formatBdf, type Bdf } from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { GroupMember } from './iommu-group.ts';
import type { Iommufd } from './iommufd.ts';
import { savedConfig } from './pci-function.ts';
import type {
  AffectedFunction,
  GroupFile,
  HotResetInfo,
  ResetBuses,
  ResetScope,
} from './reset-scope.ts';
import type { VfioDevice } from './vfio-device.ts';

export interface HotResetParts {
  readonly buses: ResetBuses;
  /** Undefined: in no group. */
  readonly member: (at: Bdf) => GroupMember | undefined;
  /** The device, while it is open. */
  readonly openDevice: (member: GroupMember) => VfioDevice | undefined;
}

export class HotReset {
  private readonly parts: HotResetParts;

  constructor(parts: HotResetParts) {
    this.parts = parts;
  }

  /** `context`: the iommufd that the device is bound to, when it was opened by its own file. */
  scopeOf(member: GroupMember, context?: Iommufd): ResetScope {
    return {
      info: () => this.info(member, context),
      reset: (groups) => {
        this.reset(member, context, groups);
      },
      resetUnused: () => {
        this.resetUnused(member);
      },
    };
  }

  private info(member: GroupMember, context: Iommufd | undefined): HotResetInfo {
    const functions = this.affected(member).map(([bdf, each]): AffectedFunction => {
      if (each === undefined) {
        throw new VfioError('EPERM', `${formatBdf(bdf)} is in no group.`);
      }
      const group = each.group.id;
      return context === undefined ? { bdf, group } : { bdf, group, devId: devId(each, context) };
    });
    return { functions };
  }

  private reset(
    member: GroupMember,
    context: Iommufd | undefined,
    groups: readonly GroupFile[],
  ): void {
    const affected = this.affected(member);
    if (groups.length > affected.length || (groups.length > 0 && context !== undefined)) {
      throw new VfioError(
        'EINVAL',
        context === undefined
          ? `${affected.length} functions are not in ${groups.length} groups.`
          : 'A device that was opened by its own file is not reset by groups.',
      );
    }
    const numbers = groups.map(({ openGroup }) => openGroup);
    if (numbers.includes(undefined)) {
      throw new VfioError('EBADF', 'The handle of a group is closed.');
    }
    const members = this.resettable(member);
    const foreign = members.find((each) =>
      context === undefined
        ? !numbers.includes(each.group.id)
        : devId(each, context) === 'not-owned',
    );
    if (foreign !== undefined) {
      throw new VfioError(
        'EINVAL',
        `The reset would also reset ${foreign.name} of group ${foreign.group.id}, which was not shown to be the caller's.`,
      );
    }
    this.resetBus(member, members);
  }

  private resetUnused(member: GroupMember): void {
    const affected = this.parts.buses.affected(member.bdf);
    const members = affected?.map((at) => this.parts.member(at)) ?? [undefined];
    if (members.every((each) => each?.driver?.kind === 'vfio' && each.handles === 0)) {
      this.resetBus(member, members as readonly GroupMember[]);
    }
  }

  /** pci_reset_bus: what it clears of configuration space is put back. */
  private resetBus(member: GroupMember, members: readonly GroupMember[]): void {
    const restores = members.map((each) => {
      const device = this.parts.openDevice(each);
      return device === undefined ? savedConfig(each.endpoint) : device.beginReset();
    });
    this.parts.buses.reset(member.bdf);
    restores.forEach((restore) => {
      restore();
    });
  }

  private affected({
    bdf,
    name,
  }: GroupMember): readonly (readonly [Bdf, GroupMember | undefined])[] {
    const affected = this.parts.buses.affected(bdf);
    if (affected === undefined) {
      throw new VfioError('ENODEV', `${name} is on the root bus, which cannot be reset.`);
    }
    return affected.map((at) => [at, this.parts.member(at)] as const);
  }

  /** Only a VFIO driver takes part: any other would not know of the reset. */
  private resettable(member: GroupMember): readonly GroupMember[] {
    return this.affected(member).map(([bdf, each]) => {
      if (each?.driver?.kind !== 'vfio') {
        const has = each?.driver === undefined ? 'no driver' : `the driver ${each.driver.name}`;
        throw new VfioError(
          'EINVAL',
          `The reset would also reset ${formatBdf(bdf)}, which is bound to ${has} and not to vfio-pci.`,
        );
      }
      return each;
    });
  }
}

/** vfio_iommufd_get_dev_id. */
function devId(member: GroupMember, context: Iommufd): number | 'owned' | 'not-owned' {
  return context.deviceId(member) ?? (context.hasGroup(member.group) ? 'owned' : 'not-owned');
}
