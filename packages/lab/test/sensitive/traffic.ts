/** What a guest does in the property of isolation: work, mistakes, and all the looking it can do. */
import {
  bellBars,
  CHANNELS,
  CommandEncoder,
  CONFIG_BYTES,
  type Gpu,
  type GpuBuffer,
  GpuError,
  type GpuImage,
  type Mmio,
  PAGE_BYTES,
  type PciDevice,
  virtioPciLayout,
} from '@doorbell/abi';
import fc from 'fast-check';
import type { Random } from '../../src/random.ts';
import { GUEST_GPU } from '../../src/stacks/stack.ts';
import type { Opened, TestGuest } from './machines.ts';

export const SECRET_BYTES = 16;
/** Pages that a hostile page table names. */
const SWEPT = 64;

const placement = fc.constantFrom('device' as const, 'host' as const);
const size = fc.integer({ min: 16, max: 20_000 });
const word = fc.nat(0xffff_ffff);
/** Where a hostile page table leads: to the beginning of what is one's own, behind its end, or anywhere. */
const target = fc.oneof(
  fc.record({ behind: fc.boolean(), page: fc.nat(200) }),
  fc.record({ behind: fc.constant(false), page: fc.nat(0x2800) }),
);

/** One thing that a guest does. */
export const action = fc.oneof(
  fc.record({ do: fc.constant('buffer' as const), bytes: size, placement }),
  fc.record({ do: fc.constant('fresh' as const), bytes: size, placement }),
  fc.record({ do: fc.constant('image' as const), width: fc.integer({ min: 1, max: 64 }) }),
  fc.record({ do: fc.constant('copy' as const), at: fc.nat(400), bytes: size, rows: fc.nat(3) }),
  fc.record({ do: fc.constant('stray' as const), offset: word, bytes: size }),
  fc.record({
    do: fc.constant('draw' as const),
    words: fc.array(word, { minLength: 8, maxLength: 8 }),
  }),
  fc.record({ do: fc.constant('read' as const) }),
  fc.record({ do: fc.constant('destroy' as const) }),
  fc.record({ do: fc.constant('reopen' as const) }),
  fc.record({ do: fc.constant('look' as const) }),
  fc.record({ do: fc.constant('reach' as const), target, bus: fc.boolean() }),
  fc.record({ do: fc.constant('reset' as const) }),
);
export type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;

/** Everything that a guest has read. */
export interface Haul {
  readonly bytes: Uint8Array[];
  readonly words: Set<number>;
}

export class Traffic {
  readonly haul: Haul = { bytes: [], words: new Set() };
  /** How many actions took effect: a property whose every action is refused says nothing. */
  done = 0;
  /** How often a page table of its own making led somewhere. */
  reached = 0;
  private readonly guest: TestGuest;
  private readonly secret: Uint8Array;
  private readonly random: Random;
  private readonly device: PciDevice;
  private opened: Opened | undefined;
  private resources: (GpuBuffer | GpuImage)[] = [];

  constructor(guest: TestGuest, secret: Uint8Array, random: Random) {
    this.guest = guest;
    this.secret = secret;
    this.random = random;
    this.device = guest.vm.computer.device(GUEST_GPU);
  }

  async run(actions: readonly Action[]): Promise<void> {
    await this.plant();
    for (const one of actions) {
      await this.tolerant(() => this.act(one));
      await this.look();
    }
    for (const bus of [false, true]) {
      await this.tolerant(() => this.reach({ target: { behind: false, page: 0 }, bus }));
      await this.tolerant(() => this.reach({ target: { behind: true, page: 0 }, bus }));
    }
    await this.tolerant(() => this.fill());
    this.search();
    await this.tolerant(async () => {
      await this.opened?.close();
    });
  }

  /** A guest's own mistakes come back as errors of its own. */
  private async tolerant(body: () => Promise<void>): Promise<void> {
    try {
      await body();
      this.done++;
    } catch (error) {
      if (!(error instanceof GpuError) && (error as Error).name !== 'ProbeError') {
        throw error;
      }
    }
  }

  private pattern(bytes: number): Uint8Array {
    return Uint8Array.from({ length: bytes }, (_, at) => this.secret[at % SECRET_BYTES]);
  }

  /** Some RAM of its own holds the secret from the beginning, and a buffer does. */
  private async plant(): Promise<void> {
    const { memory } = this.device;
    memory.copyIn(memory.allocate(PAGE_BYTES), this.pattern(PAGE_BYTES));
    this.opened = await this.guest.open();
    await this.act({ do: 'buffer', bytes: 6000, placement: 'device' });
    await this.act({ do: 'copy', at: 0, bytes: 4096, rows: 0 });
  }

  private async gpu(): Promise<Gpu> {
    this.opened ??= await this.guest.open();
    return this.opened.gpu;
  }

  private some(): GpuBuffer | GpuImage | undefined {
    return this.resources.at(this.random.below(Math.max(1, this.resources.length)));
  }

  private async act(one: Action): Promise<void> {
    const gpu = await this.gpu();
    switch (one.do) {
      case 'buffer': {
        const buffer = await gpu.createBuffer(one.bytes, one.placement);
        this.resources.push(buffer);
        await gpu.write(buffer, 0, this.pattern(one.bytes));
        return;
      }
      case 'fresh': {
        const buffer = await gpu.createBuffer(one.bytes, one.placement);
        this.resources.push(buffer);
        await this.read(buffer);
        return;
      }
      case 'image': {
        const image = await gpu.createImage(one.width, one.width);
        this.resources.push(image);
        await gpu.write(image, 0, this.pattern(sizeOf(image)));
        await gpu.present(image);
        return;
      }
      case 'copy':
        await this.copy(gpu, one);
        return;
      case 'stray':
        await this.stray(gpu, one);
        return;
      case 'draw':
        await this.draw(gpu, one.words);
        return;
      case 'read': {
        const resource = this.some();
        await (resource === undefined ? undefined : this.read(resource));
        return;
      }
      case 'destroy': {
        const [resource] = this.resources.splice(this.random.below(this.resources.length + 1), 1);
        await ((resource as GpuBuffer | undefined) === undefined
          ? undefined
          : gpu.destroy(resource));
        return;
      }
      case 'reopen':
        await this.close();
        await this.gpu();
        return;
      case 'look':
        this.lookAround();
        return;
      case 'reach':
        await this.reach(one);
        return;
      case 'reset':
        await this.reset();
        return;
    }
  }

  private async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    this.resources = [];
    await opened?.close();
  }

  private async read(resource: GpuBuffer | GpuImage): Promise<void> {
    const into = new Uint8Array(sizeOf(resource));
    await (await this.gpu()).read(resource, 0, into);
    this.haul.bytes.push(into);
  }

  /** Words that are the secret's, from one resource to another. */
  private async copy(
    gpu: Gpu,
    { at, bytes, rows }: Extract<Action, { do: 'copy' }>,
  ): Promise<void> {
    const [from, to] = [this.some(), this.some()];
    if (from === undefined || to === undefined) {
      return;
    }
    const most = Math.max(0, Math.min(sizeOf(from), sizeOf(to)) - at);
    const rowBytes = Math.min(bytes, Math.floor(most / (rows + 1)));
    const commands = new CommandEncoder().copy({
      ...{ dst: { handle: to.handle, offset: at }, dstStride: rowBytes },
      ...{ src: { handle: from.handle, offset: at }, srcStride: rowBytes },
      ...{ rowBytes, rows: rows + 1 },
    });
    await gpu.wait(await gpu.submit(commands.finish()));
  }

  /** A copy from wherever an offset leads to, into a resource that is read then. */
  private async stray(
    gpu: Gpu,
    { offset, bytes }: Extract<Action, { do: 'stray' }>,
  ): Promise<void> {
    const resource = this.some();
    if (resource === undefined) {
      return;
    }
    const rowBytes = Math.min(bytes, sizeOf(resource));
    const commands = new CommandEncoder().copy({
      ...{ dst: { handle: resource.handle, offset: 0 }, dstStride: rowBytes },
      ...{ src: { handle: resource.handle, offset: offset & 0x0fff_fffc }, srcStride: rowBytes },
      ...{ rowBytes, rows: 1 },
    });
    await this.tolerant(async () => {
      await gpu.wait(await gpu.submit(commands.finish()));
    });
    await this.read(resource);
  }

  /** A draw of whatever vertices a resource holds, with strides and sizes that mean nothing. */
  private async draw(gpu: Gpu, words: readonly number[]): Promise<void> {
    const [target, texture, mesh] = [this.some(), this.some(), this.some()];
    if (target === undefined || texture === undefined || mesh === undefined) {
      return;
    }
    const [a, b, c, d, e, f, g, h] = words;
    const at = (resource: GpuBuffer | GpuImage, offset: number) => ({
      ...{ handle: resource.handle, offset: offset & 0xffc },
    });
    const commands = new CommandEncoder()
      .setTarget({
        ...{ color: at(target, a), colorStride: 256, depth: { handle: 0, offset: 0 } },
        ...{ depthStride: 0, width: (b & 63) + 1, height: (c & 63) + 1 },
      })
      .setViewport({ x: 0, y: 0, width: 64, height: 64 })
      .setScissor({ x: 0, y: 0, width: 64, height: 64 })
      .setTexture({ texels: at(texture, d), stride: 256, width: 64, height: 16, filter: e & 1 })
      .setTransform([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [0, 0, 0, 1])
      .draw({
        ...{ vertices: at(mesh, f), vertexCount: g & 0xff },
        ...{ indices: at(mesh, h), indexCount: 3 * (h & 7), flags: g & 7 },
      });
    await this.tolerant(async () => {
      await gpu.wait(await gpu.submit(commands.finish()));
    });
    await this.read(target);
  }

  // ------------------------------------------------------------------------------ below the driver

  /** Reads registers now and then while others work. */
  private async look(): Promise<void> {
    for (let turn = 0; turn < 24; turn++) {
      this.lookBesideDoorbells();
      await this.device.clock.sleep(300 + this.random.below(500));
    }
  }

  private window(bar: number): Mmio {
    this.device.config.write(0x04, 2, 6);
    return this.device.mapBar(bar);
  }

  private note(window: Mmio, offset: number): void {
    this.haul.words.add(window.read(offset, 4));
  }

  private lookBesideDoorbells(): void {
    const bar = this.guest.hasBell ? bellBars.DOORBELLS.index : virtioPciLayout.SHARED_BAR;
    if (this.guest.vm.bus.bars(GUEST_GPU).includes(bar)) {
      const window = this.window(bar);
      for (let page = 0; page < 4; page++) {
        for (let offset = 0; offset < 16; offset += 4) {
          this.note(window, page * PAGE_BYTES + offset);
        }
      }
    }
  }

  /** All registers of all BARs, and configuration space. */
  private lookAround(): void {
    for (const bar of this.guest.vm.bus.bars(GUEST_GPU)) {
      if (this.guest.hasBell && bar === bellBars.VRAM.index) {
        continue;
      }
      const window = this.window(bar);
      const end = Math.min(window.size, 0x8000);
      for (let offset = 0; offset < end; offset += 4) {
        this.note(window, offset);
      }
    }
    for (let offset = 0; offset < CONFIG_BYTES; offset += 4) {
      this.haul.words.add(this.device.config.read(offset, 4));
    }
  }

  /** A page table of one's own that names pages of VRAM or of the bus, and a copy of a bit of each. */
  private async reach({
    target,
    bus,
  }: Omit<Extract<Action, { do: 'reach' }>, 'do'>): Promise<void> {
    if (!this.guest.hasBell) {
      return;
    }
    const registers = this.window(bellBars.REGISTERS.index);
    const vram = this.window(bellBars.VRAM.index);
    const pages = registers.read(0x00c, 4);
    const channel = 0x4000 + 3 * 0x80;
    // In the last pages of its VRAM; by GPU virtual address: ring 0, what is copied 0x1000, from 0x2000.
    const [directory, table, ring, into] = [4, 3, 2, 1].map((left) => pages - left);
    const end = bus ? this.ramBytes / PAGE_BYTES : pages;
    const first = target.page + (target.behind ? end : 0);
    const swept = Array.from({ length: SWEPT }, (_, page) => first + page);
    const entries = [ring * PAGE_BYTES + 1, into * PAGE_BYTES + 3].concat(
      swept.map((page) => page * PAGE_BYTES + (bus ? 5 : 1)),
    );
    registers.write(channel + 0x04, 4, 1);
    vram.writeBlock(into * PAGE_BYTES, new Uint8Array(PAGE_BYTES));
    vram.write(directory * PAGE_BYTES, 4, table * PAGE_BYTES + 9);
    entries.forEach((entry, index) => {
      vram.write(table * PAGE_BYTES + index * 8, 4, entry);
      vram.write(table * PAGE_BYTES + index * 8 + 4, 4, 0);
    });
    const bytes = PAGE_BYTES / SWEPT;
    [0x00070011, 0x1000, bytes, 0x2000, PAGE_BYTES, bytes, SWEPT].forEach((value, index) => {
      vram.write(ring * PAGE_BYTES + index * 4, 4, value);
    });
    [0x0c, 0x10, 0x14, 0x00].forEach((offset, index) => {
      registers.write(channel + offset, 4, [directory, 0, PAGE_BYTES, 1][index]);
    });
    registers.write(0x010, 4, 1);
    this.window(bellBars.DOORBELLS.index).write(3 * PAGE_BYTES, 4, 28);
    for (let turn = 0; turn < 40 && [1, 2].includes(registers.read(channel + 0x08, 4)); turn++) {
      await this.device.clock.sleep(100_000);
    }
    const copied = new Uint8Array(PAGE_BYTES);
    vram.readBlock(into * PAGE_BYTES, copied);
    this.haul.bytes.push(copied);
    this.reached += copied.some((byte) => byte !== 0) ? 1 : 0;
    registers.write(channel + 0x04, 4, 1);
  }

  /** Of the function, behind the driver's back: it loses what it had. */
  private async reset(): Promise<void> {
    await this.close();
    if (this.guest.hasBell) {
      // DEVICE_CONTROL.FLR.
      const { vm } = this.guest;
      const endpoint = vm.bus.function(GUEST_GPU);
      endpoint.configWrite(0x68, 2, 0x8000);
      vm.bus.assignBars();
    }
    await this.gpu();
  }

  /** Takes as much fresh memory as there is, and reads it. */
  private async fill(): Promise<void> {
    const gpu = await this.gpu();
    for (let bytes = 4 << 20; bytes >= 1 << 16; bytes /= 2) {
      const buffer = await gpu.createBuffer(bytes, 'device').catch(() => undefined);
      if (buffer !== undefined) {
        await this.read(buffer);
        await gpu.destroy(buffer);
        return;
      }
    }
  }

  private get ramBytes(): number {
    return this.guest.vm.computer.parts.space.list()[0].size;
  }

  /** Everything that it can address. */
  private search(): void {
    const { vm, hasBell, shown } = this.guest;
    const { ram } = vm.computer;
    const all = new Uint8Array(this.ramBytes);
    ram.copyOut(0, all);
    this.haul.bytes.push(all, ...shown);
    if (hasBell) {
      const window = this.window(bellBars.VRAM.index);
      const pages = this.window(bellBars.REGISTERS.index).read(0x00c, 4);
      const vram = new Uint8Array(Math.min(window.size, pages * PAGE_BYTES));
      window.readBlock(0, vram);
      this.haul.bytes.push(vram);
    }
    this.lookAround();
    this.lookBesideDoorbells();
    // Beyond what it was told that it has.
    const beyond = hasBell ? this.window(bellBars.DOORBELLS.index) : undefined;
    for (let page = 0; beyond !== undefined && page < CHANNELS; page++) {
      this.note(beyond, page * PAGE_BYTES);
    }
  }
}

function sizeOf(resource: GpuBuffer | GpuImage): number {
  return 'bytes' in resource ? resource.bytes : resource.stride * resource.height;
}
