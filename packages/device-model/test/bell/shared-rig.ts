/** The rig, with channels that are tenants of engines that an arbiter gives out, and with something long to draw. */
import { type Arbiter, type Stateful } from '@doorbell/abi';
import { EngineTime } from '../../src/bell/engine-time.ts';
import { DATA, DATA_VRAM, Rig } from './rig.ts';

const VERTICES = DATA + 0x80000;
const INDICES = DATA + 0x90000;
const MOST_TRIANGLES = 1000;
const ONE = 0x3f800000;
/** The timer of the arbiter's alarm, behind those of the part. */
const ALARM = 9;
const SIZE = 8;

export interface SharedRigOptions {
  readonly arbiter: Arbiter & Stateful<unknown>;
  readonly preempts?: boolean;
  readonly switchNs?: number;
  /** Default: its own number. */
  readonly tenantOf?: (channel: number) => number;
}

export class SharedRig extends Rig {
  readonly time: EngineTime;

  constructor({ tenantOf = (channel) => channel, ...options }: SharedRigOptions) {
    super();
    const { host, bell } = this;
    this.time = new EngineTime({
      now: () => host.now,
      setAlarm: (ns) => {
        host.timers.arm(ALARM, ns);
      },
      ...options,
    });
    host.attach({
      onTimer: (id) => {
        if (id === ALARM) {
          this.time.onAlarm();
        } else {
          bell.onTimer(id);
        }
      },
    });
    bell.share(this.time, tenantOf);
    this.putGeometry();
  }

  /** One triangle, named again and again: the lower left half of 8 × 8 pixels. */
  private putGeometry(): void {
    const minus = 0xbf800000;
    const corner = (x: number, y: number): number[] => [x, y, 0, 0, 0, ONE, 0, 0, 0xff0000ff];
    const corners = [corner(minus, minus), corner(minus, ONE), corner(ONE, minus)].flat();
    this.setVram(VERTICES - DATA + DATA_VRAM, ...corners);
    const indices = Array.from({ length: MOST_TRIANGLES * 3 }, (_, index) => index % 3);
    this.setVram(INDICES - DATA + DATA_VRAM, ...indices);
  }

  /** The pixels of a channel's picture. */
  picture(channel: number): number[] {
    const at = DATA_VRAM + channel * 0x1000;
    return Array.from({ length: SIZE * SIZE }, (_, pixel) => this.vram(at + pixel * 4));
  }

  get busyNs(): number {
    const { copy, render, other } = this.bell.counts.busyNs;
    return copy + render + other;
  }
}

/** What a draw to the channel's picture needs. */
export function setUp(channel: number): number[][] {
  const identity = [ONE, 0, 0, 0, 0, ONE, 0, 0, 0, 0, ONE, 0, 0, 0, 0, ONE, 0, 0, 0, ONE];
  return [
    [0x00070020, DATA + channel * 0x1000, SIZE * 4, 0, 0, SIZE, SIZE],
    [0x00050021, 0, 0, 0x41000000, 0x41000000],
    [0x00050022, 0, 0, SIZE, SIZE],
    [0x00150024, ...identity],
  ];
}

/** At most 1000 triangles. */
export const draw = (triangles: number): number[] => [
  ...[0x00060025, VERTICES, 3, INDICES, triangles * 3, 0],
];
