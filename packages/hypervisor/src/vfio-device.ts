/**
 * A function in a user's hands: its regions, its interrupts, its reset
 * (drivers/vfio/pci/vfio_pci_core.c).
 */
import {
  allOnes,
  capabilityIds,
  CONFIG_BYTES,
  PAGE_BYTES,
  pcieCapability,
  type AccessWidth,
  type BarShape,
  type PciEndpoint,
  type0Header,
} from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { EventFd } from './event-fd.ts';
import type { HostIrq } from './message-router.ts';
import { barShapes, findCapability, savedConfig } from './pci-function.ts';
import type { GroupFile, HotResetInfo, ResetScope } from './reset-scope.ts';
import { vfBarShapes, vfIds, type VirtualFunctionOf } from './virtual-function.ts';
import { VfioConfig } from './vfio-config.ts';
import {
  irqIndexes,
  VfioInterrupts,
  type IrqInfo,
  type VfioInterruptsState,
} from './vfio-interrupts.ts';
import { setIrqs, type IrqSet } from './vfio-irq-set.ts';

/** VFIO_PCI_CONFIG_REGION_INDEX; BARs are regions 0 to 5, the ROM is 6. */
const CONFIG_REGION = 7;
/** VFIO_PCI_NUM_REGIONS: with the VGA region. */
const REGIONS = 9;

export interface RegionInfo {
  /** 0: not there. */
  readonly size: number;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  /** Parts that may be mapped into the user: all of a BAR but the pages of the MSI-X table. */
  readonly mappable: readonly { readonly offset: number; readonly size: number }[];
}

export interface VfioDeviceInfo {
  readonly regions: number;
  readonly irqs: number;
  /** VFIO_DEVICE_FLAGS_RESET. */
  readonly canReset: boolean;
}

/** A function that is being used; every open handle counts. */
export interface OpenFunction {
  readonly name: string;
  readonly endpoint: PciEndpoint;
  readonly virtualOf?: VirtualFunctionOf | undefined;
  handles: number;
}

export interface VfioDeviceState {
  readonly config: Uint8Array;
  readonly interrupts: VfioInterruptsState;
}

const COMMAND = type0Header.rows.COMMAND;
const { DEVICE_CAPABILITIES, DEVICE_CONTROL } = pcieCapability.rows;

export class VfioDevice {
  readonly interrupts: VfioInterrupts;
  private readonly member: OpenFunction;
  private readonly config: VfioConfig;
  private readonly shapes: ReadonlyMap<number, BarShape>;
  private readonly onClose: () => void;
  private readonly scope: ResetScope;
  private onReset: () => void = () => {};

  /** Enables and resets the function. `onClose` is run when a handle is closed. */
  constructor(member: OpenFunction, host: HostIrq, scope: ResetScope, onClose: () => void) {
    this.member = member;
    this.scope = scope;
    this.onClose = onClose;
    this.interrupts = new VfioInterrupts(member.endpoint, host);
    const { endpoint, virtualOf } = member;
    this.shapes = virtualOf === undefined ? barShapes(endpoint) : vfBarShapes(virtualOf.physical);
    this.setCommand(COMMAND.bits.MEMORY.mask, COMMAND.bits.BUS_MASTER.mask);
    if (this.canReset) {
      this.functionReset();
    }
    const reset = (): void => {
      if (this.canReset) {
        this.reset();
      }
    };
    const ids = virtualOf === undefined ? undefined : vfIds(virtualOf);
    this.config = new VfioConfig(endpoint, this.shapes, reset, ids);
  }

  /** VFIO_DEVICE_GET_REGION_INFO. There is no VGA region. @throws VfioError EINVAL. */
  regionInfo(region: number): RegionInfo {
    if (region === CONFIG_REGION) {
      return { size: CONFIG_BYTES, canRead: true, canWrite: true, mappable: [] };
    }
    if (!Number.isInteger(region) || !(region >= 0 && region < CONFIG_REGION)) {
      throw new VfioError('EINVAL', `There is no region ${region}.`);
    }
    const size = this.shapes.get(region)?.size ?? 0;
    const mappable = size < PAGE_BYTES ? [] : this.withoutTable(region, size);
    return { size, canRead: size > 0, canWrite: size > 0, mappable };
  }

  /** What the MSI-X table holds is the host's: it reads all ones. @throws VfioError EBADF, EINVAL. */
  read(region: number, offset: number, width: AccessWidth): number {
    this.checkAccess(region, offset, width);
    if (region === CONFIG_REGION) {
      return this.config.read(offset, width);
    }
    if (this.isTable(region, offset, width)) {
      return allOnes(width);
    }
    return this.member.endpoint.barRead(region, offset, width);
  }

  /** Writes to the MSI-X table are dropped. @throws VfioError EBADF, EINVAL. */
  write(region: number, offset: number, width: AccessWidth, value: number): void {
    this.checkAccess(region, offset, width);
    if (region === CONFIG_REGION) {
      this.config.write(offset, width, value);
    } else if (!this.isTable(region, offset, width)) {
      this.member.endpoint.barWrite(region, offset, width, value);
    }
  }

  /** VFIO_DEVICE_GET_INFO. @throws VfioError EBADF. */
  info(): VfioDeviceInfo {
    this.checkOpen();
    return { regions: REGIONS, irqs: Object.keys(irqIndexes).length, canReset: this.canReset };
  }

  /** VFIO_DEVICE_GET_IRQ_INFO. @throws VfioError EBADF, EINVAL. */
  irqInfo(index: number): IrqInfo {
    this.checkOpen();
    return this.interrupts.info(index);
  }

  /** VFIO_DEVICE_SET_IRQS. @throws VfioError EBADF; EINVAL; ENOTTY an action that the index does not have. */
  setIrqs(set: IrqSet): void {
    this.checkOpen();
    setIrqs(this.interrupts, set);
  }

  /** The host wants the device back (vfio_pci_core_request). False: the user has not asked to be told. */
  request(): boolean {
    const fd = this.interrupts.single(irqIndexes.REQ);
    fd?.signal();
    return fd !== undefined;
  }

  /** VFIO_DEVICE_RESET. @throws VfioError EBADF; EINVAL when the function has no reset of its own. */
  reset(): void {
    this.checkOpen();
    if (!this.canReset) {
      throw new VfioError('EINVAL', `${this.member.name} has no function-level reset.`);
    }
    this.functionReset();
    this.onReset();
  }

  /** VFIO_DEVICE_GET_PCI_HOT_RESET_INFO. @throws VfioError EBADF; ENODEV there is no bus to reset. */
  hotResetInfo(): HotResetInfo {
    this.checkOpen();
    return this.scope.info();
  }

  /**
   * VFIO_DEVICE_PCI_HOT_RESET, shown by group files; by none when it was opened by its own file.
   * @throws VfioError EBADF; ENODEV there is no bus to reset; EINVAL others would be reset.
   */
  hotReset(groups: readonly GroupFile[]): void {
    this.checkOpen();
    this.scope.reset(groups);
  }

  /** A reset of its bus is about to happen. What is returned is run afterwards, and makes it usable again. */
  beginReset(): () => void {
    const restore = savedConfig(this.member.endpoint);
    return () => {
      restore();
      this.interrupts.restore();
      this.onReset();
    };
  }

  /** `listener` is run after each reset that the user asks for, by whichever of the two ways. */
  whenReset(listener: () => void): void {
    this.onReset = listener;
  }

  /** Gives what is virtual of configuration space its reset values, BARs without addresses. */
  clearConfig(): void {
    this.config.clear();
  }

  /** Closes one handle; with the last one the function is silenced and reset. @throws VfioError EBADF. */
  close(): void {
    this.checkOpen();
    this.member.handles--;
    if (this.member.handles === 0) {
      this.setCommand(0, COMMAND.bits.BUS_MASTER.mask);
      this.interrupts.disable();
      if (this.canReset) {
        this.functionReset();
      } else {
        this.scope.resetUnused();
      }
      this.setCommand(0, COMMAND.bits.MEMORY.mask);
    }
    this.onClose();
  }

  private get pcie(): number {
    return findCapability(this.member.endpoint, capabilityIds.PCIE);
  }

  private get canReset(): boolean {
    const { endpoint } = this.member;
    const { mask } = DEVICE_CAPABILITIES.bits.FLR;
    return (
      this.pcie !== 0 &&
      (endpoint.configRead(this.pcie + DEVICE_CAPABILITIES.offset, 4) & mask) !== 0
    );
  }

  /** pci_try_reset_function: what the reset clears of configuration space is put back. */
  private functionReset(): void {
    const { endpoint } = this.member;
    const restore = savedConfig(endpoint);
    const at = this.pcie + DEVICE_CONTROL.offset;
    endpoint.configWrite(at, 2, endpoint.configRead(at, 2) | DEVICE_CONTROL.bits.FLR.mask);
    restore();
    this.interrupts.restore();
  }

  private setCommand(set: number, clear: number): void {
    const { endpoint } = this.member;
    const command = endpoint.configRead(COMMAND.offset, COMMAND.width);
    endpoint.configWrite(COMMAND.offset, COMMAND.width, (command & ~clear) | set);
  }

  private withoutTable(bar: number, size: number): RegionInfo['mappable'] {
    const { table } = this.interrupts;
    if (table?.bar !== bar) {
      return [{ offset: 0, size }];
    }
    const from = table.offset - (table.offset % PAGE_BYTES);
    const to = Math.ceil((table.offset + table.size) / PAGE_BYTES) * PAGE_BYTES;
    return [
      { offset: 0, size: from },
      { offset: to, size: Math.max(0, size - to) },
    ].filter((part) => part.size > 0);
  }

  private isTable(bar: number, offset: number, width: number): boolean {
    const { table } = this.interrupts;
    return (
      table?.bar === bar && offset + width > table.offset && offset < table.offset + table.size
    );
  }

  private checkAccess(region: number, offset: number, width: number): void {
    this.checkOpen();
    const { size } = this.regionInfo(region);
    if (!(offset >= 0 && offset + width <= size) || offset % width !== 0) {
      throw new VfioError(
        'EINVAL',
        `Offset ${offset} (${width} bytes) is not within region ${region} of ${this.member.name}.`,
      );
    }
  }

  private checkOpen(): void {
    if (this.member.handles === 0) {
      throw new VfioError('EBADF', `The device handle of ${this.member.name} is closed.`);
    }
  }

  save(): VfioDeviceState {
    return { config: this.config.save(), interrupts: this.interrupts.save() };
  }

  /** The function and the host's interrupts are loaded first. `triggerOf` makes the triggers again. */
  load(state: VfioDeviceState, triggerOf: (vector: number) => EventFd): void {
    this.config.load(state.config);
    this.interrupts.load(state.interrupts, triggerOf);
  }
}
