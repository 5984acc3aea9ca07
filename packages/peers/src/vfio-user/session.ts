/** One client's use of a device: what each command does, and what it is answered. */
import { capabilityIds, capabilityOffset, type Field, type0Header } from '@doorbell/abi';
import type { Picture } from '@doorbell/guest-driver';
import { isEventfd } from '../native/eventfd.ts';
import type { Libc } from '../native/libc.ts';
import type { ModelChoice } from '../pci-device/model.ts';
import { SocketDevice } from '../pci-device/socket-device.ts';
import { requireThat } from '../pci-device/violation.ts';
import type { PeerRecorder } from '../trace/peer-recorder.ts';
import { DmaMap } from './dma-map.ts';
import { Interrupts } from './interrupts.ts';
import type { VfioUserMessage } from './message-stream.ts';
import {
  deviceFlags,
  dmaMapFlags,
  irqSetFlags,
  regionFlags,
  vfioDeviceInfo,
  vfioIrq,
  vfioIrqInfo,
  vfioIrqSet,
  vfioRegion,
  vfioRegionInfo,
  vfioUserCommand,
  vfioUserDmaMap,
  vfioUserDmaUnmap,
  vfioUserRegionAccess,
  vfioUserWriteMulti,
} from './messages.ts';
import { Refusal } from './refusal.ts';
import { Regions, type RegionWrite } from './regions.ts';
import { SharedBar } from './shared-bar.ts';
import { agreeOnVersion } from './version.ts';

export interface Answer {
  readonly payload: Uint8Array;
  /** Sent along; the session keeps it. */
  readonly descriptor?: number;
  /** Done once the reply is out: a client that waits for it answers none of the device's DMA. */
  readonly then?: () => void;
}

export type SessionLibc = Pick<
  Libc,
  'map' | 'mapShared' | 'unmap' | 'release' | 'memfd' | 'signal' | 'close'
>;

type Command = (message: VfioUserMessage) => Answer;

const done: Answer = { payload: new Uint8Array(0) };
const command = vfioUserCommand;
const takesDescriptors: readonly number[] = [command.DMA_MAP, command.DEVICE_SET_IRQS];

export class Session {
  readonly device: SocketDevice;
  readonly dma: DmaMap;
  private readonly libc: SessionLibc;
  private readonly shared: SharedBar | undefined;
  private readonly interrupts: Interrupts;
  private readonly regions: Regions;
  private hasVersion = false;

  private readonly commands: Readonly<Record<number, Command>> = {
    [command.VERSION]: (message) => this.version(message),
    [command.DMA_MAP]: (message) => this.dmaMap(message),
    [command.DMA_UNMAP]: (message) => this.dmaUnmap(message),
    [command.DEVICE_GET_INFO]: (message) => this.deviceInfo(message),
    [command.DEVICE_GET_REGION_INFO]: (message) => this.regionInfo(message),
    [command.DEVICE_GET_IRQ_INFO]: (message) => this.irqInfo(message),
    [command.DEVICE_SET_IRQS]: (message) => this.setIrqs(message),
    [command.REGION_READ]: ({ payload }) => ({ payload: this.regions.read(payload) }),
    [command.REGION_WRITE]: (message) => this.regionWrite(message),
    [command.REGION_WRITE_MULTI]: (message) => this.regionWriteMulti(message),
    [command.DEVICE_RESET]: () => this.reset(),
  };

  /**
   * @param maps  whether memory of the device may be mapped into the guest.
   * @param recorder  see `SocketDeviceOptions`.
   */
  constructor(libc: SessionLibc, choice: ModelChoice, maps: boolean, recorder?: PeerRecorder) {
    this.libc = libc;
    this.dma = new DmaMap(libc);
    this.shared = maps ? SharedBar.of(choice, libc) : undefined;
    const wires = {
      bus: this.dma,
      message: () => this.interrupts.message(),
      line: (high: boolean) => this.interrupts.line(high),
    };
    this.device = new SocketDevice(choice, wires, { memory: this.shared?.memory, recorder });
    this.regions = new Regions(this.device, this.shared?.bar);
    this.interrupts = new Interrupts(libc, this.interruptsOf(this.device));
  }

  private interruptsOf(device: SocketDevice): { readonly intx: boolean; readonly msi: boolean } {
    const { INTERRUPT_PIN } = type0Header.rows;
    const msi = capabilityOffset(
      (at, width) => device.configRegister(at, width),
      capabilityIds.MSI,
    );
    return { intx: device.configRegister(INTERRUPT_PIN.offset, 1) !== 0, msi: msi !== 0 };
  }

  picture(): Picture | undefined {
    return this.device.picture();
  }

  /** @throws Refusal, ProtocolViolation */
  perform(message: VfioUserMessage): Answer {
    requireThat(
      this.hasVersion === (message.command !== command.VERSION),
      'VERSION is the first command, and only that.',
    );
    const found = this.commands[message.command];
    if (found === undefined) {
      throw new Refusal('ENOTSUP', `Command ${message.command} is not done here.`);
    }
    requireThat(
      message.descriptors.length === 0 || takesDescriptors.includes(message.command),
      `Command ${message.command} came with descriptors, and takes none.`,
    );
    return found(message);
  }

  private version({ payload }: VfioUserMessage): Answer {
    this.hasVersion = true;
    return { payload: agreeOnVersion(payload) };
  }

  // ------------------------------------------------------------------------------ DMA

  private dmaMap({ payload, descriptors }: VfioUserMessage): Answer {
    const { flags, offset, address, size } = decodeAll(vfioUserDmaMap, payload, 'DMA_MAP');
    requireThat(descriptors.length <= 1, `DMA_MAP has ${descriptors.length} descriptors.`);
    const isReadable = (flags & dmaMapFlags.READABLE) !== 0;
    const isWritable = (flags & dmaMapFlags.WRITABLE) !== 0;
    const [descriptor] = descriptors;
    const file = descriptor === undefined ? undefined : { descriptor, offset };
    this.dma.add({ address, size, isReadable, isWritable }, file);
    if (descriptor !== undefined) {
      this.libc.close(descriptor); // the mapping outlives it
    }
    return done;
  }

  private dmaUnmap({ payload }: VfioUserMessage): Answer {
    const { address, size } = decodeAll(vfioUserDmaUnmap, payload, 'DMA_UNMAP');
    this.dma.remove(address, size);
    return { payload };
  }

  // ------------------------------------------------------------------------------ what it is

  private deviceInfo({ payload }: VfioUserMessage): Answer {
    decodeAll(vfioDeviceInfo, payload, 'DEVICE_GET_INFO');
    return {
      payload: vfioDeviceInfo.encode({
        argsz: vfioDeviceInfo.size,
        flags: deviceFlags.RESET | deviceFlags.PCI,
        regions: vfioRegion.COUNT,
        irqs: vfioIrq.COUNT,
      }),
    };
  }

  private regionInfo({ payload }: VfioUserMessage): Answer {
    const { index } = decodeAll(vfioRegionInfo, payload, 'DEVICE_GET_REGION_INFO');
    const { flags, size } = this.regions.shape(index);
    const argsz = vfioRegionInfo.size;
    const info = { argsz, flags, index, capOffset: 0, size, offset: 0 };
    const answer = { payload: vfioRegionInfo.encode(info) };
    const isMapped = (flags & regionFlags.MMAP) !== 0 && this.shared !== undefined;
    return isMapped ? { ...answer, descriptor: this.shared.file } : answer;
  }

  private irqInfo({ payload }: VfioUserMessage): Answer {
    const { index } = decodeAll(vfioIrqInfo, payload, 'DEVICE_GET_IRQ_INFO');
    const info = { argsz: vfioIrqInfo.size, index, ...this.interrupts.info(index) };
    return { payload: vfioIrqInfo.encode(info) };
  }

  private setIrqs({ payload, descriptors }: VfioUserMessage): Answer {
    requireThat(payload.length >= vfioIrqSet.size, `DEVICE_SET_IRQS has ${payload.length} bytes.`);
    const data = payload.subarray(vfioIrqSet.size);
    const request = vfioIrqSet.decode(payload);
    const bytes = (request.flags & irqSetFlags.DATA_BOOL) !== 0 ? request.count : 0;
    requireThat(
      data.length === bytes,
      `DEVICE_SET_IRQS has ${data.length} bytes of data, not ${bytes}.`,
    );
    const isTaken = (request.flags & irqSetFlags.DATA_EVENTFD) !== 0;
    requireThat(
      descriptors.every((each) => isTaken && isEventfd(each)),
      'DEVICE_SET_IRQS came with a descriptor that is no eventfd, or for nothing.',
    );
    this.interrupts.set({ ...request, data, descriptors });
    return done;
  }

  // ------------------------------------------------------------------------------ regions

  private regionWrite({ payload }: VfioUserMessage): Answer {
    const write = this.regions.single(payload);
    return {
      payload: payload.subarray(0, vfioUserRegionAccess.size),
      then: () => this.regions.perform(write),
    };
  }

  private regionWriteMulti({ payload }: VfioUserMessage): Answer {
    const writes = this.regions.multiple(payload);
    const perform = (write: RegionWrite): void => this.regions.perform(write);
    return {
      payload: vfioUserWriteMulti.encode({ count: writes.length }),
      then: () => writes.forEach(perform),
    };
  }

  private reset(): Answer {
    this.device.reset();
    return done;
  }

  close(): void {
    this.dma.clear();
    this.interrupts.clear();
    this.shared?.close();
  }
}

interface Layout<T> extends Field<T> {
  decode(from: Uint8Array): T;
}

/** A payload that is one structure. @throws ProtocolViolation */
function decodeAll<T>(layout: Layout<T>, payload: Uint8Array, name: string): T {
  requireThat(
    payload.length === layout.size,
    `${name} has ${payload.length} bytes, not ${layout.size}.`,
  );
  return layout.decode(payload);
}
