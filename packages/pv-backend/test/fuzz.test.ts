/**
 * A hostile driver: commands that are mostly right, with fields of them mutated, rings that are
 * garbage, resets and status writes in between. `DOORBELL_FUZZ` is the number of commands.
 */
import {
  CommandEncoder,
  deviceStatus,
  encodeRecord,
  gpuCommandLayouts,
  gpuCommands,
  gpuFormats,
  type GpuCommandName,
} from '@doorbell/abi';
import { expect, it } from 'vitest';
import type { Limits } from '../src/index.ts';
import { fakeChannels } from './fake-channel-host.ts';
import { FakeGpu } from './fake-gpu.ts';
import { Random } from './random.ts';
import {
  attachBacking,
  attachResource,
  command,
  create2d,
  createBuffer,
  createContext,
  createImage,
  entries,
  fence,
  PAGES,
  QUEUE_SIZE,
  rect,
  RING_BYTES,
  RINGS,
  ScriptedDriver,
  settled,
  SLOT_BYTES,
  SLOTS,
  submit,
  USED,
} from './scripted-driver.ts';

const COMMANDS = Number(process.env.DOORBELL_FUZZ ?? 100_000);
/** Commands of one seed. */
const ROUND = 2000;
/** As many as fit the ring, when one slot is skipped at its end. */
const BATCH = 7;
const PAGE_BYTES = 0x40000;

const limits: Limits = {
  resources: 8,
  hostBytes: 100_000,
  backingEntries: 40,
  contexts: 3,
  attachments: 12,
  commandBytes: 1500,
  channels: 2,
  vramPages: 20,
  pinnedPages: 20,
  channelRanges: 8,
  recordBytes: 400,
};
const { DEVICE_NEEDS_RESET } = deviceStatus;
const names = Object.keys(gpuCommands) as GpuCommandName[];
const formats = Object.values(gpuFormats);
const nasty = [0, 1, 15, 16, 63, 64, 65, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];

/** Where the device may write: responses, backings, and its own part of each ring. */
function isWritable(address: number, bytes: number): boolean {
  const within = (start: number, size: number): boolean =>
    address >= start && address + bytes <= start + size;
  const slot = Math.floor((address - SLOTS) / SLOT_BYTES);
  return (
    within(PAGES, PAGE_BYTES) ||
    (slot >= 0 && slot < 2 * QUEUE_SIZE && within(SLOTS + slot * SLOT_BYTES, SLOT_BYTES)) ||
    [0, 1].some((queue) => within(RINGS + queue * RING_BYTES + USED, RING_BYTES - USED))
  );
}

/** Notes each write where the driver gave the device nothing to write. */
function watch({ memory }: ScriptedDriver, readOnly: () => ReadonlySet<number>): string[] {
  const violations: string[] = [];
  const check = (address: number, bytes: number): void => {
    const slot = Math.floor((address - SLOTS) / SLOT_BYTES);
    if (!isWritable(address, bytes) || (bytes > 0 && readOnly().has(slot))) {
      violations.push(`${bytes} bytes at 0x${address.toString(16)}`);
    }
  };
  for (const [name, bytes] of [
    ['store16', 2],
    ['release16', 2],
    ['store32', 4],
  ] as const) {
    const store = memory[name].bind(memory);
    memory[name] = (address, value) => {
      if (isDevice) {
        check(address, bytes);
      }
      store(address, value);
    };
  }
  const store = memory.store.bind(memory);
  memory.store = async (address, bytes) => {
    check(address, bytes.length);
    return store(address, bytes);
  };
  memory.reaches = (address, bytes, write = false) =>
    address + bytes <= memory.size && (!write || isWritable(address, bytes));
  return violations;
}
/** Whose turn it is to touch the rings. */
let isDevice = false;

function stream(random: Random): Uint32Array {
  const encoder = new CommandEncoder();
  for (let left = random.below(4); left > 0; left--) {
    const at = { handle: random.below(5), offset: 4 * random.below(120) };
    const width = random.below(20);
    encoder.fill({ dst: at, stride: 80, width, height: random.below(4), value: random.word() });
  }
  return encoder.finish().words;
}

/** Records that are right, or nearly. */
function channelStream(random: Random): Uint32Array {
  const va = 4096 * random.below(12) + (random.chance(20) ? 4 : 0);
  const pages = random.chance(20) ? random.word() : random.below(5);
  const address = random.chance(10) ? random.word() : PAGES + 4096 * random.below(40);
  const report = PAGES + 4 * random.below(PAGE_BYTES / 4);
  const fence = va + 4 * random.below(2000);
  const start = { ring: va, ring_bytes: 4096 * random.below(3), fence, report };
  const made = Array.from({ length: random.below(5) }, () =>
    random.of([
      () => encodeRecord('ALLOCATE', { va, pages }),
      () => encodeRecord('MAP', { va, pages, address, writable: random.below(3) }),
      () => encodeRecord('UNMAP', { va }),
      () => encodeRecord('START', { ...start, vector: 2 + random.below(4) }),
      () => encodeRecord('STOP', {}),
    ])(),
  );
  const words = Uint32Array.from(made.flatMap((part) => [...part]));
  return random.chance(10) ? words.subarray(random.below(3)) : words;
}

/** A command about channels that is right, or nearly. */
function channelCommand(random: Random): Uint8Array {
  const id = random.below(7);
  const ctx_id = random.chance(8) ? random.below(4) : 2;
  const isDoorbell = random.chance(2);
  const blob = {
    ...{ resource_id: id, blob_mem: 2, blob_flags: isDoorbell ? 1 : 0, size: 4096n },
    blob_id: BigInt(isDoorbell ? 0 : 4096 * random.below(12)),
  };
  return random.of([
    () => command('CTX_CREATE', { context_init: 49 }, { ctx_id }),
    () => submit(ctx_id, channelStream(random)),
    () => submit(ctx_id, channelStream(random), fence(random.word())),
    () => command('RESOURCE_CREATE_BLOB', blob, { ctx_id }),
    () => command('RESOURCE_MAP_BLOB', { resource_id: id, offset: BigInt(4096 * random.below(9)) }),
    () => command('RESOURCE_UNMAP_BLOB', { resource_id: id }),
    () =>
      command('SET_SCANOUT_BLOB', {
        ...{ resource_id: id, r: rect(0, 0, 16, 16), width: 16, height: 16, format: 67 },
        ...{ strides: [64, 0, 0, 0], offsets: [0, 0, 0, 0] },
      }),
  ])();
}

/** A command that is right, or nearly. */
function likely(random: Random): Uint8Array {
  const id = random.below(7);
  const ctx = random.chance(8) ? random.below(4) : 1;
  const side = 16 + random.below(60);
  const r = rect(random.below(8), random.below(8), random.below(70), random.below(70));
  const box = { x: r.x, y: r.y, z: 0, w: r.width, h: random.chance(2) ? 1 : r.height, d: 1 };
  const list = Array.from({ length: 1 + random.below(6) }, (): [number, number] => [
    random.chance(30) ? 0xffff_0000 : PAGES + random.below(PAGE_BYTES / 2),
    random.below(PAGE_BYTES / 2),
  ]);
  const transfer = { resource_id: id, box, offset: BigInt(random.below(500)), stride: 0 };
  const size = BigInt(random.below(PAGE_BYTES));
  const blob = { resource_id: id, blob_mem: 1, nr_entries: list.length, size };
  const planes = { strides: [4 * side, 0, 0, 0], offsets: [random.below(64), 0, 0, 0] };
  const shown = { resource_id: id, r, width: side, height: side, format: 1, ...planes };
  return random.of([
    () => create2d(id, side, side, random.of(formats)),
    () => createImage(id, side, side),
    () => createBuffer(id, 1 + random.below(5000)),
    () => attachBacking(id, ...list),
    () => attachBacking(id, ...list),
    () => createContext(ctx),
    () => attachResource(ctx, id),
    () => attachResource(ctx, id),
    () => submit(ctx, stream(random)),
    () => submit(ctx, stream(random), fence(random.word())),
    () => command('TRANSFER_TO_HOST_2D', { resource_id: id, r, offset: transfer.offset }),
    () => command('TRANSFER_TO_HOST_3D', transfer, { ctx_id: ctx }),
    () => command('TRANSFER_FROM_HOST_3D', transfer, { ctx_id: ctx, ...fence(random.word()) }),
    () => command('SET_SCANOUT', { resource_id: id, r, scanout_id: random.below(3) }),
    () => command('RESOURCE_CREATE_BLOB', blob, {}, entries(...list)),
    () => command('SET_SCANOUT_BLOB', shown),
    () => command('RESOURCE_FLUSH', { resource_id: id, r: rect(r.x, r.y, 4, 4) }),
    () => command('RESOURCE_UNREF', { resource_id: id }),
    () => command('RESOURCE_DETACH_BACKING', { resource_id: id }),
    () => command('CTX_DETACH_RESOURCE', { resource_id: id }, { ctx_id: ctx }),
    () => command('CTX_DESTROY', {}, { ctx_id: ctx }),
    () => command(random.of(names), {}, { ctx_id: ctx }),
    ...Array.from({ length: 8 }, () => () => channelCommand(random)),
  ])();
}

/** Overwrites a word of the fixed part, or the length. */
function mutated(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const word = random.chance(2) ? random.of(nasty) : random.word();
  const type = view.getUint32(0, true);
  const name = names.find((candidate) => gpuCommands[candidate] === type);
  const fixed = name === undefined ? 24 : gpuCommandLayouts[name].size;
  view.setUint32(4 * random.below(fixed / 4), word, true);
  return random.chance(6) ? copy.slice(0, random.below(copy.length + 1)) : copy;
}

/** A small number, as indices and flags are, or any. */
function halfOf(random: Random): number {
  return random.chance(2) ? random.below(20) : random.word() & 0xffff;
}

function garbage({ memory }: ScriptedDriver, random: Random): void {
  const queue = RINGS + random.below(2) * RING_BYTES;
  for (let left = 1 + random.below(6); left > 0; left--) {
    const part = random.of([0, 0, 0x400, USED]); // descriptors, the available ring, the used ring
    memory.store16(queue + part + 2 * random.below(part === 0 ? 128 : 20), halfOf(random));
  }
}

class Fuzz {
  readonly random: Random;
  readonly driver: ScriptedDriver;
  readonly fake = fakeChannels();
  readonly violations: string[];
  /** Slots that hold commands. */
  private readonly sent = new Set<number>();

  constructor(seed: number) {
    this.random = new Random(seed);
    this.driver = new ScriptedDriver(
      { limits, scanouts: 2, channels: this.fake.channels },
      new FakeGpu(),
    );
    this.violations = watch(this.driver, () => this.sent);
  }

  async start(): Promise<void> {
    isDevice = false;
    await this.driver.start();
    this.sent.clear();
    if (!this.random.chance(8)) {
      await this.prepare();
    }
  }

  /** What most commands are about. */
  private async prepare(): Promise<void> {
    const { driver } = this;
    const makers = [create2d(1, 40, 40), createImage(2, 48, 32), createBuffer(3, 3000)];
    await driver.ask(createContext(1));
    for (const [index, bytes] of makers.entries()) {
      await driver.ask(bytes);
      await driver.ask(attachBacking(index + 1, [PAGES, 5000], [PAGES + 0x8000, 20_000]));
      await driver.ask(attachResource(1, index + 1));
    }
    const memory = { va: 0x4000, pages: 2, address: PAGES, writable: 1 };
    const ring = { ring: 0x4000, ring_bytes: 4096, fence: 0x5000, report: PAGES + 64, vector: 3 };
    await driver.ask(command('CTX_CREATE', { context_init: 49 }, { ctx_id: 2 }));
    await driver.ask(submit(2, encodeRecord('MAP', memory)));
    await driver.ask(submit(2, encodeRecord('START', ring)));
  }

  async batch(): Promise<number> {
    const { driver, random } = this;
    isDevice = false;
    driver.gpu.over = random.chance(4) ? 0 : Infinity;
    let count = 0;
    const tags: number[] = [];
    for (; count < BATCH && !random.chance(12); count++) {
      const likelyOne = likely(random);
      const bytes = random.chance(3) ? mutated(random, likelyOne) : likelyOne;
      tags.push(driver.send(0, bytes, random.chance(10) ? random.below(30) : 1100));
      this.sent.add(Math.floor((driver.commandAt - SLOTS) / SLOT_BYTES));
    }
    if (random.chance(6)) {
      driver.send(1, mutated(random, command('UPDATE_CURSOR', { resource_id: 1 })), 0);
    }
    const isGarbage = random.chance(25);
    if (isGarbage) {
      garbage(driver, random);
      this.sent.clear(); // a descriptor may say now that a command may be written
    }
    isDevice = true;
    driver.device.notify(0);
    driver.device.notify(1);
    await settled();
    await this.disturb();
    driver.gpu.finish(Infinity);
    await settled();
    isDevice = false;
    this.sent.clear();
    await this.check(isGarbage ? [] : tags, isGarbage);
    return count;
  }

  /** What else a driver can do while commands are under way. */
  private async disturb(): Promise<void> {
    const { driver, random } = this;
    const { device } = driver;
    for (const channel of this.fake.host.opened) {
      if (channel.place !== undefined && random.chance(3)) {
        channel.stopWith({ fault: random.word(), address: random.word(), packet: 0 });
      }
    }
    if (random.chance(100)) {
      device.writeStatus(random.below(256));
    }
    if (random.chance(100)) {
      device.resetQueue(random.below(3));
    }
    if (random.chance(40)) {
      device.writeConfig(random.below(20), Uint8Array.of(random.word(), random.word()));
    }
    await settled();
  }

  private async check(tags: readonly number[], isSpoilt: boolean): Promise<void> {
    const { driver, violations } = this;
    const { device, gpu } = driver;
    expect(driver.failures).toEqual([]);
    expect(violations).toEqual([]);
    expect(this.fake.host.mistakes).toEqual([]);
    expect(this.fake.signals.every((vector) => vector === 3 || vector === 4)).toBe(true);
    expect(this.fake.host.vramPages).toBeLessThanOrEqual(limits.vramPages);
    expect(this.fake.host.pinned).toBeLessThanOrEqual(limits.pinnedPages);
    expect(gpu.bytes).toBeLessThanOrEqual(limits.hostBytes);
    expect(gpu.alive).toBeLessThanOrEqual(limits.resources + 2);
    const isLive = (device.status & 0xff) === 15 && device.queue(0).enabled;
    if (isLive) {
      for (const tag of tags) {
        expect(driver.answer(tag)).toBeDefined();
      }
    } else {
      const isStuck = (device.status & DEVICE_NEEDS_RESET) !== 0;
      expect(device.reason !== '').toBe(isStuck);
    }
    if (!isLive || isSpoilt || this.random.chance(40)) {
      device.writeStatus(0);
      await settled();
      expect(gpu).toMatchObject({ alive: 0, bytes: 0 });
      expect(this.fake.host.isIdle).toBe(true);
      expect(this.fake.shared.mapped.size).toBe(0);
      await this.start();
    }
  }
}

it(
  `answers ${COMMANDS} hostile commands, or needs a reset and says why`,
  { timeout: 0 },
  async () => {
    let left = COMMANDS;
    for (let seed = 0; left > 0; seed++) {
      const fuzz = new Fuzz(seed);
      await fuzz.start();
      for (let done = 0; done < Math.min(ROUND, left);) {
        try {
          done += await fuzz.batch();
        } catch (error) {
          throw new Error(`Seed ${seed}, after ${done} commands: ${String(error)}`, {
            cause: error,
          });
        }
      }
      left -= ROUND;
      await fuzz.driver.device.stop();
      expect(fuzz.fake.signals.length).toBeGreaterThan(0); // channels were on, and stopped
      expect(fuzz.driver.gpu.alive).toBe(0);
    }
  },
);
