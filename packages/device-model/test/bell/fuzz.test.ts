import { serialize } from 'node:v8';
import { beforeAll, describe, expect, it } from 'vitest';
import { HOST_TENANT } from '../../src/bell/engine-time.ts';
import { GROUP_PAGES, pageOf } from '../../src/paged-memory.ts';
import { DATA, DATA_VRAM, FENCE, READ_ONLY, reg, Rig, RING, SYSTEM } from './rig.ts';
import { SharedRig } from './shared-rig.ts';
import { StrictArbiter, type StrictState } from './strict-arbiter.ts';

/** Numerical Recipes' generator: the same cases everywhere. */
class Dice {
  seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  word(): number {
    this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
    return this.seed;
  }

  /** From 0 to before `end`. */
  below(end: number): number {
    return Math.floor((this.word() / 2 ** 32) * end);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }
}

const places = [FENCE, READ_ONLY, SYSTEM, SYSTEM + 0xff0, DATA, DATA + 0x8000, DATA + 0xffc0];
const numbers = [0, 1, 2, 3, 4, 8, 16, 64, 256, 1000, 4096, 4097, 16384, 0x10000, 0x7fffffff];

/** Where there is something to draw. */
const GEOMETRY = DATA + 0x20000;
const VERTICES = 20;
/** Some draws have more triangles than a batch. */
const INDICES = 900;
const ONE = 0x3f800000;
/** As the fields of setTransform, unlit. */
const identity = [ONE, 0, 0, 0, 0, ONE, 0, 0, 0, 0, ONE, 0, 0, 0, 0, ONE, 0, 0, 0, ONE];

/** Anything. */
function value(dice: Dice): number {
  switch (dice.below(4)) {
    case 0:
      return dice.word();
    case 1:
      return dice.pick([0, RING, 0x3ffffffc, ...places]) + dice.below(16) * 4;
    case 2:
      // A float of a usual size.
      return (0x3f000000 | dice.below(0x2000000)) >>> 0;
    default:
      return dice.pick(numbers);
  }
}

/** Fields that make sense, by opcode. */
function fields(opcode: number, dice: Dice): number[] {
  const place = (): number => dice.pick(places);
  const [width, height] = [1 + dice.below(24), 1 + dice.below(24)];
  const stride = (width + dice.below(4)) * 4;
  const floats = (count: number): number[] => Array.from({ length: count }, () => value(dice));
  switch (opcode) {
    case 0x01:
      return [place(), dice.below(40)];
    case 0x02:
      return [dice.word(), dice.below(2)];
    case 0x03:
      return [place(), dice.below(3)];
    case 0x04:
      return [dice.pick([0x028, 0x02c, 0x104, 0x110, 0x014]), value(dice)];
    case 0x10:
      return [place(), stride, width, height, dice.word()];
    case 0x11:
      return [place(), stride, place() + dice.below(4), stride, width, height];
    case 0x12:
      return [...[place(), stride, width, height], ...[place(), 64, 16, 3], ...[dice.below(2), 1]];
    case 0x20:
      return [place(), stride, dice.below(2) * place(), stride, width, height];
    case 0x21:
      return [0, 0, 0x41800000, 0x41800000];
    case 0x22:
      return [0, 0, width, height];
    case 0x23:
      return [dice.below(2) * place(), stride, width, height, dice.below(2)];
    case 0x24:
      return dice.below(2) === 0 ? identity : floats(20);
    case 0x25:
      return dice.below(8) === 0
        ? [place(), 1 + dice.below(100), place(), dice.below(60), dice.below(8)]
        : [GEOMETRY, VERTICES, GEOMETRY + 0x1000, dice.below(INDICES), dice.below(8)];
    default:
      return [];
  }
}

const opcodes = [
  0x20, 0x21, 0x22, 0x24, 0x25, 0, 1, 2, 3, 0x10, 0x11, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25,
  0x25, 0x30, 0x7f, 4,
];

/** Most often a good one; else with one thing wrong. */
function packet(dice: Dice): number[] {
  const opcode = dice.pick(opcodes);
  const made = [0, ...fields(opcode, dice)];
  if (dice.below(12) === 0) {
    made[dice.below(made.length)] = value(dice);
  }
  const words = dice.below(40) === 0 ? dice.below(30) : made.length;
  made[0] = ((words << 16) | opcode) >>> 0;
  return made;
}

function restart(rig: Rig, channel: number): void {
  rig.reset(channel);
  rig.start(channel);
}

/** Puts the function, too, into a state in which channels work. */
function revive(rig: Rig): void {
  rig.bell.configWrite(0x44, 2, 0);
  rig.bell.configWrite(0x04, 2, 0x0006);
  rig.write(0x010, 1);
  rig.write(0x028, 20);
}

/** Something that a guest, or a driver gone wrong, may do. */
function upset(rig: Rig, dice: Dice, channel: number): void {
  switch (dice.below(10)) {
    case 0:
      rig.bell.barWrite(0, dice.below(0x10000), dice.pick([1, 2, 4]), value(dice));
      break;
    case 1:
      rig.set(channel, dice.pick(Object.values(reg)), value(dice));
      break;
    case 2:
      rig.write(dice.below(0x50) * 4, value(dice));
      break;
    case 3:
      // An entry of a page table: often one that makes sense.
      rig.setVram(
        rig.table(channel) + (dice.pick(places) >>> 12) * 8,
        ((dice.below(0x500) << 12) | dice.below(16)) >>> 0,
        dice.below(10) === 0 ? dice.word() : 0,
      );
      rig.write(0x02c, 0x80000000);
      break;
    case 4:
      rig.setVram(rig.directory(channel) + dice.below(4) * 8, value(dice) | dice.below(16), 0);
      rig.write(0x02c, channel);
      break;
    case 5:
      rig.bell.barWrite(1, channel * 0x1000 + dice.pick([0, 0, 0, 4]), 4, value(dice));
      break;
    case 6:
      rig.bell.configWrite(dice.below(0x110), dice.pick([1, 2, 4]), value(dice));
      break;
    case 7:
      rig.set(channel, reg.CONTROL, 0);
      rig.set(channel, dice.pick([reg.RING, reg.RING_SIZE, reg.PAGE_ROOT]), value(dice));
      rig.set(channel, reg.CONTROL, dice.pick([1, 1, 3]));
      break;
    case 8:
      rig.bell.barWrite(4, dice.below(0x1000) * 4, 4, value(dice));
      break;
    default:
      rig.bell.barWrite(2, dice.below(0x400000), dice.pick([1, 2, 4]), value(dice));
  }
}

function step(rig: Rig, dice: Dice): void {
  const channel = dice.below(3);
  const kind = dice.below(12);
  if (kind < 2) {
    upset(rig, dice, channel);
  } else if (kind === 2) {
    const words = [...packet(dice), ...packet(dice), ...packet(dice)];
    rig.setVram(DATA_VRAM + dice.pick([0, 0x8000, 0xffc0]), ...words);
  } else {
    rig.submit(channel, ...Array.from({ length: dice.below(6) }, () => packet(dice)));
  }
  if (dice.below(3) > 0) {
    rig.host.advance(dice.below(30_000));
  }
  if (rig.state(channel) > 2 && dice.below(2) === 0) {
    revive(rig);
    restart(rig, channel);
  }
}

function fresh(rig: Rig): Rig {
  const dice = new Dice(0);
  const at = GEOMETRY - DATA + DATA_VRAM;
  for (let vertex = 0; vertex < VERTICES; vertex++) {
    // Coordinates from -2 to 2, some of them not.
    const numbers = Array.from({ length: 8 }, () => 0x3f000000 | (dice.word() & 0x80ffffff));
    rig.setVram(at + vertex * 36, ...numbers, dice.word());
  }
  rig.setVram(at + 0x1000, ...Array.from({ length: INDICES }, () => dice.below(VERTICES)));
  rig.write(0x028, 20);
  [0, 1, 2].forEach((channel) => {
    rig.start(channel);
  });
  return rig;
}

/** Forgets what was recorded, so that a long run does not pile it up. */
function forget({ host }: Rig): void {
  host.events.length = host.messages.length = host.flips.length = 0;
  host.reads.length = host.writes.length = 0;
}

/** Answers that are as good as any: whoever is awake, or nobody for a time. */
class RandomArbiter extends StrictArbiter {
  private readonly dice = new Dice(99);
  /** The end of what ran last. */
  private freeSince = 0;

  override ran(tenant: number, ns: number, now: number): void {
    super.ran(tenant, ns, now);
    this.check(now - ns >= this.freeSince, `${tenant} ran while another did`);
    this.freeSince = now;
  }

  protected override choose(now: number): number {
    this.calls.length = 0;
    this.turnEnd = now + 1 + this.dice.below(500);
    const isIdle = this.line.length > 0 && this.dice.below(10) === 0;
    return isIdle || this.line.length === 0 ? -1 : this.dice.pick(this.line);
  }

  /** Somebody waits as long as it is awake: it may be asked for ever. */
  protected override endOfTurn(now: number): number {
    return this.line.length === 0 ? Infinity : Math.max(now, this.turnEnd);
  }

  override save(): StrictState & { readonly seed: number } {
    return { ...super.save(), seed: this.dice.seed };
  }

  override load(state: StrictState & { readonly seed: number }): void {
    super.load(state);
    this.dice.seed = state.seed;
  }
}

/** Channels of the host's, and of two tenants. */
function shared(): Rig {
  const arbiter = new RandomArbiter(0);
  const rig = new SharedRig({
    ...{ arbiter, preempts: true, switchNs: 70 },
    tenantOf: (channel) => [0, 1, HOST_TENANT][channel % 3],
  });
  rig.time.join(0);
  rig.time.join(1);
  return rig;
}

const rigs: [string, () => Rig][] = [
  ['alone', () => new Rig()],
  ['shared by an arbiter of random answers', shared],
];

describe.each(rigs)('whatever a guest does to a part that is %s', (name, make) => {
  const rig = fresh(make());
  const ran = new Set<number>();
  const reasons = new Set<number>();

  beforeAll(() => {
    for (let seed = 1; seed <= 1000; seed++) {
      const dice = new Dice(seed);
      for (let count = 0; count < 12; count++) {
        step(rig, dice);
      }
      for (const { kind, b } of rig.host.events) {
        if (kind === 'packet') {
          ran.add(b);
        } else if (kind === 'fault') {
          reasons.add(b);
        }
      }
      forget(rig);
      if (seed % 8 === 0) {
        revive(rig);
        [0, 1, 2].forEach((channel) => {
          restart(rig, channel);
        });
      }
    }
  });

  it('nothing is thrown, and the part works again after a reset', () => {
    rig.bell.configWrite(0x68, 2, 0x8000);
    revive(rig);
    rig.start(0);
    rig.submit(0, [0x00030002, 0x1234, 0]);
    rig.host.settle();
    expect(rig.get(0, reg.FENCE)).toBe(0x1234);
  });

  it('the cases meet every kind of packet and of fault, and do real work', () => {
    const { counts } = rig.bell;
    expect([...ran].sort((a, b) => a - b)).toEqual([
      ...[0x00, 0x01, 0x02, 0x03, 0x04, 0x10, 0x11, 0x12, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25],
    ]);
    expect([...reasons].sort((a, b) => a - b)).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
    ]);
    expect(counts.packets).toBeGreaterThan(4000);
    for (const work of [counts.bytesFilled, counts.bytesCopied, counts.pixelsBlitted]) {
      expect(work).toBeGreaterThan(1000);
    }
    expect(counts.triangles).toBeGreaterThan(100);
    expect(counts.pixels).toBeGreaterThan(100);
    expect(counts.preemptions > 20).toBe(name !== 'alone');
    expect(counts.switchNs > 0).toBe(name !== 'alone');
  });
});

it.each(rigs)('a checkpoint at any time goes on as what it was taken from: %s', (_, make) => {
  for (let seed = 1; seed <= 20; seed++) {
    const rig = fresh(make());
    const dice = new Dice(seed * 7919);
    for (let count = 0; count < 20; count++) {
      step(rig, dice);
    }
    const other = fresh(make());
    other.bell.load(rig.bell.save());
    other.host.load(rig.host.save());
    forget(rig);
    forget(other);
    const [mine, its] = [new Dice(seed), new Dice(seed)];
    rig.host.advance(dice.below(50_000));
    other.host.advance(rig.host.now - other.host.now);
    for (let count = 0; count < 10; count++) {
      // The rig's own ring ends are not part of the state.
      rig.bell.barWrite(1, 0, 4, mine.below(1024) * 4);
      other.bell.barWrite(1, 0, 4, its.below(1024) * 4);
      rig.host.advance(5000);
      other.host.advance(5000);
    }
    expect(other.host.events).toEqual(rig.host.events);
    expect(other.host.messages).toEqual(rig.host.messages);
    expect(Buffer.compare(other.host.ram, rig.host.ram)).toBe(0);
    const [a, b] = [rig.bell.save(), other.bell.save()];
    expect(Buffer.compare(serialize({ ...a, vram: [] }), serialize({ ...b, vram: [] }))).toBe(0);
    const pages = Array.from({ length: a.vram.length * GROUP_PAGES }, (_, page) => page);
    expect(pages.every((page) => samePage(pageOf(a.vram, page), pageOf(b.vram, page)))).toBe(true);
  }
});

function samePage(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  const zero = new Uint8Array(4096);
  return a === b || Buffer.compare(a ?? zero, b ?? zero) === 0;
}
