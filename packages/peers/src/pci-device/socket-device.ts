/** One device model behind a socket: what it is handed, and what was done to it. */
import type { AccessWidth, BarShape, BusMaster, DeviceHost, PciEndpoint } from '@doorbell/abi';
import type { Picture } from '@doorbell/guest-driver';
import { FollowedEndpoint } from '../trace/followed-endpoint.ts';
import type { PeerRecorder } from '../trace/peer-recorder.ts';
import { readParts, writeParts } from './access.ts';
import { barAt, type BarPlace, barShapes } from './bars.ts';
import { Deadlines } from './deadlines.ts';
import { makeModel, type Model, type ModelChoice } from './model.ts';

/** Where its DMA and its interrupts go. */
export interface Wires {
  readonly bus: BusMaster;
  /** A message-signalled interrupt. */
  message(address: number, data: number): void;
  /** The INTx line. */
  line(high: boolean): void;
}

/** A function of which nobody hears but by its registers: no memory, no interrupts. */
export const unwired: Wires = {
  bus: { read: () => false, write: () => false, takeLatency: () => 0 },
  message: () => {},
  line: () => {},
};

/** What the other end did. */
export interface AccessCounts {
  configReads: number;
  configWrites: number;
  mmioReads: number;
  mmioReadBytes: number;
  mmioWrites: number;
  mmioWriteBytes: number;
  interrupts: number;
  resets: number;
}

/** What a device may be given. */
export interface SocketDeviceOptions {
  /** See `makeModel`. */
  readonly memory?: ArrayBufferLike | undefined;
  /** See `Deadlines`. */
  readonly onArmed?: () => void;
  /** Records the accesses, and what the device does. Absent: nobody does. */
  readonly recorder?: PeerRecorder | undefined;
}

export class SocketDevice {
  readonly bars: readonly (BarShape | undefined)[];
  readonly deadlines: Deadlines;
  readonly counts: AccessCounts = {
    ...{ configReads: 0, configWrites: 0, interrupts: 0, resets: 0 },
    ...{ mmioReads: 0, mmioReadBytes: 0, mmioWrites: 0, mmioWriteBytes: 0 },
  };
  private readonly model: Model;
  /** As the other end reaches it. */
  private readonly outer: PciEndpoint;
  private readonly wires: Wires;
  private readonly recorder: PeerRecorder | undefined;
  /** What the model flipped to last; it has no screen that can be asked, or has not flipped. */
  private flipped: Picture | undefined;

  constructor(choice: ModelChoice, wires: Wires, options: SocketDeviceOptions = {}) {
    const { memory, onArmed, recorder } = options;
    this.wires = wires;
    this.recorder = recorder;
    this.deadlines = new Deadlines(onArmed);
    this.model = makeModel(choice, this.host(), memory);
    const { endpoint } = this.model;
    this.bars = barShapes(endpoint);
    this.outer =
      recorder === undefined
        ? endpoint
        : new FollowedEndpoint(endpoint, choice, this.bars, recorder);
  }

  private host(): DeviceHost {
    const { wires, deadlines } = this;
    return {
      bus: wires.bus,
      timers: deadlines,
      trace: this.recorder ?? { event: () => 0 },
      display: {
        flip: (pixels, width, height, stride) => {
          this.flipped = copied(pixels, width, height, stride);
        },
      },
      message: (address, data) => {
        this.counts.interrupts++;
        wires.message(address, data);
      },
      line: (high) => wires.line(high),
      decodeChanged: () => {}, // the other end decodes, or asks for each access where it goes
    };
  }

  /** What its screen shows; undefined: it is dark. */
  picture(): Picture | undefined {
    return this.model.picture() ?? this.flipped;
  }

  /** A register of configuration space as the function has it; not counted. */
  configRegister(offset: number, width: AccessWidth): number {
    return this.model.endpoint.configRead(offset, width);
  }

  readConfig(offset: number, into: Uint8Array): void {
    this.counts.configReads++;
    readParts(offset, into, (at, width) => this.outer.configRead(at, width));
  }

  writeConfig(offset: number, from: Uint8Array): void {
    this.counts.configWrites++;
    writeParts(offset, from, (at, width, value) => {
      this.outer.configWrite(at, width, value);
    });
  }

  readBar(bar: number, offset: number, into: Uint8Array): void {
    this.counts.mmioReads++;
    this.counts.mmioReadBytes += into.length;
    readParts(offset, into, (at, width) => this.outer.barRead(bar, at, width));
  }

  writeBar(bar: number, offset: number, from: Uint8Array): void {
    this.counts.mmioWrites++;
    this.counts.mmioWriteBytes += from.length;
    writeParts(offset, from, (at, width, value) => {
      this.outer.barWrite(bar, at, width, value);
    });
  }

  /** Which BAR has all of a range of bus addresses. */
  decode(address: number, bytes: number): BarPlace | undefined {
    return barAt(this.model.endpoint, this.bars, address, bytes);
  }

  reset(): void {
    this.counts.resets++;
    this.recorder?.event('reset', -1, 0);
    this.deadlines.clear();
    this.model.reset();
    this.wires.line(false);
  }

  /** Runs the timers that are due. One that its handler arms again waits for the next call. */
  runTimers(): void {
    const due: number[] = [];
    for (let id = this.deadlines.take(); id !== undefined; id = this.deadlines.take()) {
      due.push(id);
    }
    for (const id of due) {
      this.model.onTimer(id);
    }
  }
}

function copied(pixels: Uint8Array, width: number, height: number, stride: number): Picture {
  const rows = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    rows.set(pixels.subarray(y * stride, y * stride + width * 4), y * width * 4);
  }
  return { width, height, pixels: rows };
}
