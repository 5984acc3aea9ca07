/**
 * Sequences of commands that a seed decides: most are right, the rest wrong in ways whose answers
 * the specification or QEMU settles. What was made, and what is shown, is kept track of, so that
 * what is right stays right.
 */
import { gpuFormats, gpuFlags } from '@doorbell/abi';
import { Random } from '../differential/random.ts';
import { type GpuRequest, type HeaderFields, inPieces, type Piece } from './request.ts';
import { type Arena, type Rect, rect, say, Script } from './script.ts';

const MOST_RESOURCES = 8;
const FIRST_ID = 100;
const MOST_SIDE = 96;
const LEAST_SCANOUT = 16;
const MOST_PIECES = 5;
const MOST_BATCH = 6;
/** Rounds between two looks at the screens. */
const ROUNDS_PER_LOOK = 40;

interface Made {
  readonly id: number;
  readonly width: number;
  readonly height: number;
  /** Bytes of its backing; 0: it has none. */
  backed: number;
}

export class Sequence {
  private readonly random: Random;
  private readonly arena: Arena;
  private readonly script = new Script();
  private readonly made: Made[] = [];
  private shown: Made | undefined;
  private lastId = FIRST_ID;
  private number = 0;
  private fence = 0n;

  /** @param rounds  of one to some commands each. */
  static steps(seed: number, rounds: number, arena: Arena): Script {
    const sequence = new Sequence(seed, arena);
    for (let round = 1; round <= rounds; round++) {
      sequence.round();
      if (round % ROUNDS_PER_LOOK === 0) {
        sequence.look(round);
      }
    }
    return sequence.end();
  }

  private constructor(seed: number, arena: Arena) {
    this.random = new Random(seed);
    this.arena = arena;
  }

  private round(): void {
    const { random, script } = this;
    if (random.chance(12)) {
      this.scribble();
    }
    const requests = this.requests();
    if (random.chance(3)) {
      while (requests.length < MOST_BATCH && !random.chance(3)) {
        requests.push(...this.requests());
      }
      script.batch(requests.map((one) => this.dressed(one)));
    } else {
      script.send(...requests.map((one) => this.dressed(one)));
    }
  }

  /** Other pixels somewhere in the arena. Nothing is under way then. */
  private scribble(): void {
    const { random, arena } = this;
    const bytes = between(random, 64, 8192);
    const address = arena.address + 4 * random.below((arena.bytes - bytes) >>> 2);
    this.script.write(address, random.bytes(bytes));
  }

  /** Numbered, and perhaps in several descriptors. */
  private dressed(one: GpuRequest): GpuRequest {
    const named = { ...one, label: `${++this.number} ${one.label}` };
    return this.random.chance(10) ? inPieces(named, between(this.random, 5, 30)) : named;
  }

  /**
   * Shows all of what was sent, and compares. Something is shown then: the size of a screen that is
   * off is that of a picture which a device may have left out, as nobody saw it.
   */
  private look(round: number): void {
    const { script } = this;
    if (this.shown === undefined) {
      this.script.send(...this.showSomething().map((one) => this.dressed(one)));
    }
    const { shown } = this;
    if (shown !== undefined) {
      script.send(this.dressed(say.flush('before a look', shown.id, wholeOf(shown))));
    }
    script.screens(`after round ${round}`);
  }

  private end(): Script {
    this.look(0);
    for (const { id } of this.made.splice(0)) {
      this.script.send(this.dressed(say.unref('in the end', id)));
    }
    return this.script.screens('in the end');
  }

  // ------------------------------------------------------------------------------ what comes next

  private requests(): GpuRequest[] {
    const { random, made } = this;
    if (made.length === 0 || random.chance(12)) {
      return this.create();
    }
    const kinds: (() => GpuRequest[])[] = [
      ...Array<() => GpuRequest[]>(9).fill(() => this.transfer()),
      ...Array<() => GpuRequest[]>(5).fill(() => this.flush()),
      ...Array<() => GpuRequest[]>(3).fill(() => this.scanout()),
      ...Array<() => GpuRequest[]>(3).fill(() => this.cursor()),
      ...Array<() => GpuRequest[]>(3).fill(() => this.wrong()),
      () => this.back(random.pick(made)),
      () => this.unref(),
      () => [say.displayInfo('', this.header())],
    ];
    return random.pick(kinds)();
  }

  private header(): HeaderFields {
    const { random } = this;
    return random.chance(2)
      ? { flags: gpuFlags.FENCE, fence_id: ++this.fence, ctx_id: random.below(3) }
      : { ctx_id: random.below(3) };
  }

  private create(): GpuRequest[] {
    if (this.made.length === MOST_RESOURCES) {
      return this.unref();
    }
    const it = this.plan(1);
    const create = this.creation(it);
    return this.random.chance(5) ? [create] : [create, ...this.back(it)];
  }

  /** A picture of some size, of which the devices have not heard. */
  private plan(leastSide: number): Made {
    const side = (): number => between(this.random, leastSide, MOST_SIDE);
    const it = { id: ++this.lastId, width: side(), height: side(), backed: 0 };
    this.made.push(it);
    return it;
  }

  private creation({ id, width, height }: Made): GpuRequest {
    return say.create('', id, width, height, this.random.pick(Object.values(gpuFormats)));
  }

  /** A backing for what has none; or what has one loses it, and gets another. */
  private back(it: Made): GpuRequest[] {
    const requests = it.backed > 0 ? [say.detach('', it.id)] : [];
    const pieces = this.pieces(it.width * it.height * 4 + this.random.below(4096));
    it.backed = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
    return [...requests, say.attach('', it.id, pieces)];
  }

  /** Pieces anywhere in the arena that together have so many bytes. */
  private pieces(bytes: number): Piece[] {
    const { random, arena } = this;
    const pieces: Piece[] = [];
    for (let left = bytes; left > 0;) {
      const size = pieces.length === MOST_PIECES ? left : between(random, 1, left);
      pieces.push({ address: arena.address + random.below(arena.bytes - size), bytes: size });
      left -= size;
    }
    return pieces;
  }

  private unref(): GpuRequest[] {
    const { random, made } = this;
    const [it] = made.splice(random.below(made.length), 1);
    if (this.shown === it) {
      this.shown = undefined;
    }
    return [say.unref('', it.id)];
  }

  /** A rectangle within a picture. */
  private within({ width, height }: Made, least = 0): Rect {
    const { random } = this;
    const w = between(random, least, width);
    const h = between(random, least, height);
    return rect(between(random, 0, width - w), between(random, 0, height - h), w, h);
  }

  private transfer(): GpuRequest[] {
    const { random } = this;
    const it = random.pick(this.made);
    if (it.backed === 0) {
      return this.back(it);
    }
    const r = random.chance(4) ? wholeOf(it) : this.within(it);
    const last = (it.width * (r.height - 1) + r.width) * 4;
    const natural = (it.width * r.y + r.x) * 4;
    const fits = natural + last <= it.backed;
    const offset = fits && !random.chance(4) ? natural : random.below(it.backed - last + 1);
    const transfer = say.transfer('', it.id, r, BigInt(r.width * r.height === 0 ? 0 : offset));
    return random.chance(2) ? [transfer, say.flush('after it', it.id, r)] : [transfer];
  }

  private flush(): GpuRequest[] {
    const it = this.random.chance(3) ? this.random.pick(this.made) : this.shown;
    return it === undefined ? this.scanout() : [say.flush('', it.id, this.within(it))];
  }

  private scanout(): GpuRequest[] {
    const { random } = this;
    if (random.chance(6)) {
      this.shown = undefined;
      return [say.scanout('off', 0, 0, rect(0, 0, 0, 0))];
    }
    const it = random.pick(this.made);
    if (!isShowable(it)) {
      return [say.scanout('too small', 0, it.id, wholeOf(it))];
    }
    return this.show(it, random.chance(2) ? wholeOf(it) : this.within(it, LEAST_SCANOUT));
  }

  private show(it: Made, r: Rect): GpuRequest[] {
    const requests = it.backed === 0 ? this.back(it) : [];
    this.shown = it;
    // At once: what is seen before the first flush is the device's own affair.
    return [...requests, say.scanout('', 0, it.id, r), say.flush('of it', it.id, wholeOf(it))];
  }

  private showSomething(): GpuRequest[] {
    const it = this.made.find(isShowable);
    if (it !== undefined) {
      return this.show(it, wholeOf(it));
    }
    const other = this.plan(LEAST_SCANOUT);
    return [this.creation(other), ...this.show(other, wholeOf(other))];
  }

  private cursor(): GpuRequest[] {
    const { random } = this;
    const [x, y] = [random.below(700), random.below(500)];
    const id = random.chance(3) ? 0 : random.pick(this.made).id;
    return [
      random.chance(3) ? say.updateCursor('', id, random.below(2), x, y) : say.moveCursor('', x, y),
    ];
  }

  // ------------------------------------------------------------------------------ what is wrong

  private wrong(): GpuRequest[] {
    const { random, made } = this;
    const it = random.pick(made);
    const unknown = this.lastId + between(random, 1, 1000);
    const beyond = rect(random.below(it.width), 0, it.width + 1, 1);
    const far = rect(0, 0xffff_ffff - random.below(64), 1, between(random, 1, 128));
    return random.pick<() => GpuRequest[]>([
      () => [say.create('a number that is taken', it.id, 4, 4)],
      () => [say.create('no format', unknown, 4, 4, between(random, 200, 1000))],
      () => [say.unref('what is not there', unknown)],
      () => [say.detach('what is not there', unknown)],
      () => [say.attach('what is not there', unknown, this.pieces(64))],
      () => (it.backed > 0 ? [say.attach('twice', it.id, this.pieces(64))] : this.back(it)),
      () => [say.attach('more than follow', unknown, this.pieces(64), 100)],
      () => [say.transfer('beyond', it.backed > 0 ? it.id : unknown, random.pick([beyond, far]))],
      () => [say.transfer('what is not there', unknown, rect(0, 0, 1, 1))],
      () => [say.flush('beyond', it.id, random.pick([beyond, far]))],
      () => [say.scanout('beyond', 0, it.id, beyond)],
      () => [say.scanout('no such scanout', between(random, 1, 20), it.id, wholeOf(it))],
      () => [say.scanout('what is not there', 0, unknown, rect(0, 0, 16, 16))],
      () => [say.edid('no such scanout', between(random, 1, 20))],
    ])();
  }
}

/** A whole number from `low` to `high`, both included. */
function between(random: Random, low: number, high: number): number {
  return low + random.below(high - low + 1);
}

function isShowable({ width, height }: Made): boolean {
  return Math.min(width, height) >= LEAST_SCANOUT;
}

function wholeOf({ width, height }: Made): Rect {
  return rect(0, 0, width, height);
}
