/** What crossed the ports of a computer crosses them again. */
import {
  eventKinds,
  type AccessWidth,
  type Bdf,
  type Clock,
  type Memory,
  type Mmio,
  type PciDevice,
  type RequestId,
} from '@doorbell/abi';
import { directions } from './dma-port.ts';
import type { InterruptController } from './interrupt-controller.ts';
import type { Machine } from './machine.ts';
import type { Player, Seen } from './players.ts';
import type { Crossing } from './recorder.ts';
import { wakeUp } from './task-queue.ts';

/** The ports of a computer. */
interface Ports {
  readonly parts: { readonly machine: Machine; readonly interrupts: InterruptController };
  readonly mmio: Pick<Mmio, 'read' | 'write' | 'writeBlock' | 'readBlock'>;
  readonly ram: Memory;
  readonly clock: Clock;
  device(at: Bdf): PciDevice;
  spend(index: number, times: number): void;
  request(id: RequestId, call: number, bytes: number): void;
}

const NO_BYTES = new Uint8Array(0);
const nothing = (): void => undefined;

export class PortPlayer implements Player {
  private readonly computer: Ports;
  private readonly devices = new Map<number, PciDevice>();

  constructor(computer: Ports) {
    this.computer = computer;
  }

  /** @returns what the port returned. */
  play({ op, args, bytes = NO_BYTES }: Crossing): Seen {
    const { computer } = this;
    const { mmio, ram, clock } = computer;
    const { machine, interrupts } = computer.parts;
    const [a, b, c, d] = args;
    switch (op) {
      case 'mmioRead':
        return mmio.read(a, b as AccessWidth);
      case 'mmioWrite':
        mmio.write(a, b as AccessWidth, c);
        return undefined;
      case 'mmioWriteBlock':
        mmio.writeBlock(a, bytes);
        return undefined;
      case 'mmioReadBlock':
        return read(bytes, (into) => {
          mmio.readBlock(a, into);
        });
      case 'configRead':
        return this.device(a).config.read(b, c as AccessWidth);
      case 'configWrite':
        this.device(a).config.write(b, c as AccessWidth, d);
        return undefined;
      case 'load':
        return b === 2 ? ram.load16(a) : ram.load32(a);
      case 'store':
        if (b === 2) {
          ram.store16(a, c);
        } else {
          ram.store32(a, c);
        }
        return undefined;
      case 'copyIn':
        ram.copyIn(a, bytes);
        return undefined;
      case 'copyOut':
        return read(bytes, (into) => {
          ram.copyOut(a, into);
        });
      case 'allocate':
        return ram.allocate(a);
      case 'free':
        ram.free(a);
        return undefined;
      case 'dmaMap':
        return this.device(a).dma.map(b, c, directions[d]);
      case 'dmaUnmap':
        this.device(a).dma.unmap(b, c);
        return undefined;
      case 'irqRequest':
        return interrupts.request(nothing).data;
      case 'irqRelease':
        interrupts.release({ address: 0, data: a });
        return undefined;
      case 'lineRequest':
        interrupts.handleLine(a, nothing);
        return undefined;
      case 'lineRelease':
        interrupts.handleLine(a, undefined);
        return undefined;
      case 'delay':
        clock.delay(a);
        return undefined;
      case 'spend':
        computer.spend(a, b);
        return undefined;
      case 'request':
        computer.request(a, b, c);
        return undefined;
      case 'trace':
        machine.tracer.event(eventKinds[a], b, c, d);
        return undefined;
      case 'sleep':
        machine.tracer.event('wait', a, 0);
        return undefined;
      case 'wakeUp':
        wakeUp(machine, a, b, c);
        return undefined;
      default:
        throw new RangeError(`No port of a computer does '${op}'.`);
    }
  }

  private device(at: number): PciDevice {
    const device = this.devices.get(at) ?? this.computer.device(at);
    this.devices.set(at, device);
    return device;
  }
}

function read(expected: Uint8Array, from: (into: Uint8Array) => void): Uint8Array {
  const into = new Uint8Array(expected.length);
  from(into);
  return into;
}
