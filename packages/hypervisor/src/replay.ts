/**
 * Feeds recorded traffic to a machine whose state was loaded: the devices do again what they
 * did, without a driver. Every value that a port returns is compared with the recorded one.
 */
import type { AccessWidth, PciDevice } from '@doorbell/abi';
import type { Computer } from './computer.ts';
import { directions } from './dma-port.ts';
import { cost } from './profile.ts';
import type { Crossing, Recorder } from './recorder.ts';

/** The machine did not do again what it did: its state at the start was another one. */
export class ReplayDivergence extends Error {
  override readonly name = 'ReplayDivergence';
}

export class Replay {
  private readonly computer: Computer;
  private readonly devices = new Map<number, PciDevice>();
  /** What a handler that runs has interrupted. */
  private interrupted = { request: 0, cause: 0 };

  /** @param computer  as it was when the recording began: after `load`. */
  constructor(computer: Computer) {
    this.computer = computer;
    const { machine, cpu } = computer.parts;
    machine.manual = true;
    machine.tasks.occupy(machine.tasks.replaysWait ? undefined : cpu);
  }

  /** Replays the crossings from `from` up to, not including, `to`. */
  run(recorder: Recorder, from = 0, to = recorder.length): void {
    for (let index = from; index < to; index++) {
      const crossing = recorder.at(index);
      const seen = this.step(crossing);
      this.compare(index, crossing, seen);
    }
  }

  private compare(index: number, { op, result, bytes }: Crossing, seen: Seen): void {
    const same =
      typeof seen === 'object'
        ? bytes?.length === seen.length && bytes.every((byte, at) => byte === seen[at])
        : seen === undefined || seen === result;
    if (!same) {
      throw new ReplayDivergence(
        `Crossing ${index} (${op}) returned something else than recorded.`,
      );
    }
  }

  private step({ op, args, bytes = new Uint8Array(0) }: Crossing): Seen {
    const { computer } = this;
    const { mmio, ram, clock } = computer;
    const { machine, cpu, interrupts } = computer.parts;
    const [a = 0, b = 0, c = 0, d = 0] = args;
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
        computer.request(a);
        return undefined;
      case 'beginHandler':
        if (machine.tasks.running !== undefined) {
          machine.pay();
        }
        machine.catchUp(cpu, a, b);
        this.interrupted = { request: machine.tracer.request, cause: machine.tracer.cause };
        machine.beginInterrupt(cpu);
        return undefined;
      case 'endHandler':
        machine.endInterrupt(cpu);
        cpu.time = machine.now;
        Object.assign(machine.tracer, this.interrupted);
        return undefined;
      case 'wait':
        machine.pay();
        machine.tasks.beginWait(cpu, a);
        return undefined;
      case 'resume':
        machine.catchUp(cpu, a, b);
        machine.tasks.endWait(cpu);
        if (c >= 0) {
          machine.byCost[cost['driver.poll']] += machine.now - c;
        }
        machine.charge(cost[c >= 0 ? 'driver.poll' : 'driver.wakeup']);
        return undefined;
    }
  }

  private device(at: number): PciDevice {
    const device = this.devices.get(at) ?? this.computer.device(at);
    this.devices.set(at, device);
    return device;
  }
}

type Seen = number | Uint8Array | undefined;

const nothing = (): void => undefined;

function read(expected: Uint8Array, from: (into: Uint8Array) => void): Uint8Array {
  const into = new Uint8Array(expected.length);
  from(into);
  return into;
}
