/**
 * A small virtio-gpu for tests, behind a `VirtioTransport`: one command a microsecond, resources
 * in plain arrays, streams of `fill` and `copy`. A script may answer in its place, and it can be
 * made to lose everything.
 */
import {
  BELL_CAPSET,
  bellCapset,
  Chain,
  commands,
  ctrlHeader,
  deviceStatus,
  encodeEdid,
  type FeatureSet,
  featureSet,
  gpuCommandLayouts,
  type GpuCommandName,
  gpuCommands,
  gpuResponseLayouts,
  gpuResponses,
  hasFeature,
  memEntry,
  type QueueSetup,
  resolveReferences,
  virtioFeatures,
  virtioGpuConfig,
  virtioGpuFeatures,
  type VirtioTransport,
} from '@doorbell/abi';
import { type DeviceQueue, PackedDeviceQueue, SplitDeviceQueue } from '@doorbell/pv-backend';
import type { ManualClock } from '../testing/manual-clock.ts';
import type { TestMemory } from '../testing/test-memory.ts';

const names = new Map<number, string>(
  Object.entries(gpuCommands).map(([name, type]) => [type, name]),
);
const { VERSION_1, RING_PACKED, EVENT_IDX, INDIRECT_DESC } = virtioFeatures;
const { VIRGL, CONTEXT_INIT, EDID } = virtioGpuFeatures;

interface TestResource {
  readonly data: Uint8Array;
  readonly width: number;
  readonly unit: number;
  backing: { addr: number; length: number }[] | undefined;
}

/** A command as the device has read it. */
export interface Received {
  readonly name: GpuCommandName | 'UNKNOWN';
  readonly bytes: Uint8Array;
}

interface Queue {
  readonly ring: DeviceQueue;
  readonly onUsed: () => void;
}

export class TestDevice implements VirtioTransport {
  deviceId = 16;
  offered: FeatureSet = featureSet(
    VERSION_1,
    RING_PACKED,
    EVENT_IDX,
    INDIRECT_DESC,
    VIRGL,
    CONTEXT_INIT,
    EDID,
  );
  maxSize = 64;
  status = 0;
  /** Whatever the driver asked of the transport, in order. */
  readonly log: string[] = [];
  readonly received: Received[] = [];
  readonly shown: Uint8Array[] = [];
  interrupts = 0;
  released = 0;
  commandNs = 1_000;
  /** Answers in place of the device: bytes to write, and optionally the length to claim. */
  script: ((command: Received) => Uint8Array | 'silent' | undefined) | undefined;
  /** Called before each command; true: everything is lost in place of it; `after`: once it was done. */
  loses: ((command: Received) => boolean | 'after') | undefined;
  /** How many resets it takes a lost device to come back. */
  absent = 0;
  losses = 0;
  refusesFeatures = false;
  capsets = [4, BELL_CAPSET];
  resources = new Map<number, TestResource>();
  contexts = new Set<number>();
  scanout = 0;

  /** Where each queue's used ring, or its like, is. */
  readonly setups: { readonly used: number }[] = [];

  private readonly memory: TestMemory;
  private readonly clock: ManualClock;
  private accepted: FeatureSet = 0n;
  private queues: (Queue | undefined)[] = [];
  private onConfig: (() => void) | undefined;
  private working = false;
  private events = 0;

  constructor(memory: TestMemory, clock: ManualClock) {
    this.memory = memory;
    this.clock = clock;
  }

  // ---------------------------------------------------------------------------- transport

  async readStatus(): Promise<number> {
    return this.status;
  }

  async writeStatus(status: number): Promise<void> {
    this.log.push(`status ${status}`);
    if (status === 0) {
      this.resetAll();
      if (this.absent > 0) {
        this.absent--;
        this.status = deviceStatus.DEVICE_NEEDS_RESET;
        throw new Error('There is nobody at the other end.');
      }
      this.status = 0;
    } else {
      const refused = this.refusesFeatures ? deviceStatus.FEATURES_OK : 0;
      this.status = status & ~refused;
    }
  }

  private resetAll(): void {
    this.queues = [];
    this.resources = new Map();
    this.contexts = new Set();
    this.scanout = 0;
  }

  async deviceFeatures(): Promise<FeatureSet> {
    this.log.push('features?');
    return this.offered;
  }

  async setDriverFeatures(features: FeatureSet): Promise<void> {
    this.log.push('features');
    this.accepted = features;
  }

  get driverFeatures(): FeatureSet {
    return this.accepted;
  }

  async readConfig(offset: number, bytes: number): Promise<Uint8Array> {
    const config = {
      events_read: this.events,
      events_clear: 0,
      num_scanouts: 1,
      num_capsets: this.capsets.length,
    };
    return virtioGpuConfig.encode(config).subarray(offset, offset + bytes);
  }

  async writeConfig(offset: number, bytes: Uint8Array): Promise<void> {
    this.log.push(`config ${offset} ${bytes[0]}`);
    this.events &= ~bytes[0];
  }

  async maxQueueSize(queue: number): Promise<number> {
    return queue === 0 ? this.maxSize : Math.min(16, this.maxSize);
  }

  async enableQueue(queue: number, setup: QueueSetup, onUsed: () => void): Promise<void> {
    this.log.push(`queue ${queue}`);
    this.setups[queue] = { used: setup.device };
    const Ring = hasFeature(this.accepted, RING_PACKED) ? PackedDeviceQueue : SplitDeviceQueue;
    const ring = new Ring(this.memory.device, setup, {
      indirect: hasFeature(this.accepted, INDIRECT_DESC),
      eventIdx: hasFeature(this.accepted, EVENT_IDX),
      inOrder: false,
    });
    ring.enableNotifications();
    this.queues[queue] = { ring, onUsed };
  }

  notify(queue: number): void {
    this.log.push(`notify ${queue}`);
    this.work();
  }

  onConfigChange(handler: () => void): void {
    this.onConfig = handler;
  }

  release(): void {
    this.released++;
  }

  // ---------------------------------------------------------------------------- what happens to it

  /** The display changed. */
  plug(): void {
    this.events = 1;
    this.onConfig?.();
  }

  lose(): void {
    this.losses++;
    this.resetAll();
    this.status = deviceStatus.DEVICE_NEEDS_RESET;
    this.onConfig?.();
  }

  // ---------------------------------------------------------------------------- commands

  private work(): void {
    if (!this.working) {
      this.working = true;
      this.clock.after(this.commandNs, () => {
        this.working = false;
        if (this.queues.some((queue) => queue !== undefined && this.workOn(queue))) {
          this.work();
        }
      });
    }
  }

  /** One command. False: there was none. */
  private workOn({ ring, onUsed }: Queue): boolean {
    const chain = new Chain(1024);
    if (!ring.next(chain)) {
      if (ring.enableNotifications()) {
        return false;
      }
      return true;
    }
    const bytes = this.readable(chain);
    const type = new DataView(bytes.buffer).getUint32(0, true);
    const name = (names.get(type) ?? 'UNKNOWN') as Received['name'];
    const command = { name, bytes };
    const loses = this.loses?.(command) ?? false;
    if (loses === true) {
      this.lose();
      return false;
    }
    this.received.push(command);
    const answer = this.script?.(command) ?? this.answer(command);
    if (loses === 'after') {
      this.lose();
      return false;
    }
    if (answer !== 'silent') {
      ring.put(chain.id, this.write(chain, answer));
      if (ring.publish()) {
        this.interrupts++;
        onUsed();
      }
    }
    return true;
  }

  private readable(chain: Chain): Uint8Array {
    const lengths = chain.lengths.subarray(0, chain.readable);
    const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    lengths.forEach((length, index) => {
      this.memory.moveIn(chain.addresses[index], bytes.subarray(at, at + length));
      at += length;
    });
    return bytes;
  }

  private write(chain: Chain, answer: Uint8Array): number {
    let at = 0;
    for (let i = chain.readable; i < chain.count; i++) {
      const part = answer.subarray(at, at + chain.lengths[i]);
      this.memory.moveOut(chain.addresses[i], part);
      at += part.length;
    }
    return at;
  }

  private answer(command: Received): Uint8Array {
    const fence = gpuCommandLayouts.CTX_DESTROY.decode(command.bytes).hdr;
    const response = this.execute(command);
    const view = new DataView(response.buffer, response.byteOffset);
    if ((fence.flags & 1) !== 0) {
      view.setUint32(4, 1, true);
      view.setBigUint64(8, fence.fence_id, true);
    }
    return response;
  }

  private execute({ name, bytes }: Received): Uint8Array {
    switch (name) {
      case 'GET_DISPLAY_INFO':
        return displayInfo();
      case 'GET_EDID':
        return edid();
      case 'GET_CAPSET_INFO': {
        const index = gpuCommandLayouts.GET_CAPSET_INFO.decode(bytes).capset_index;
        return capsetInfo(this.capsets[index]);
      }
      case 'GET_CAPSET':
        return capset();
      case 'CTX_CREATE':
        this.contexts.add(gpuCommandLayouts.CTX_CREATE.decode(bytes).hdr.ctx_id);
        return ok();
      case 'CTX_DESTROY':
        this.contexts.delete(gpuCommandLayouts.CTX_DESTROY.decode(bytes).hdr.ctx_id);
        return ok();
      case 'RESOURCE_CREATE_2D':
      case 'RESOURCE_CREATE_3D':
        return this.create(name, bytes);
      case 'SUBMIT_3D':
        return this.run(bytes.slice(gpuCommandLayouts.SUBMIT_3D.size));
      case 'SET_SCANOUT':
        this.scanout = gpuCommandLayouts.SET_SCANOUT.decode(bytes).resource_id;
        return ok();
      default:
        return this.onResource(name, bytes);
    }
  }

  private create(name: GpuCommandName, bytes: Uint8Array): Uint8Array {
    const layout =
      name === 'RESOURCE_CREATE_2D'
        ? gpuCommandLayouts.RESOURCE_CREATE_2D
        : gpuCommandLayouts.RESOURCE_CREATE_3D;
    const { resource_id, width, height, format } = layout.decode(bytes);
    if (this.resources.has(resource_id)) {
      return failure('ERR_INVALID_RESOURCE_ID');
    }
    const unit = format === 64 ? 1 : 4;
    const data = new Uint8Array(width * height * unit);
    this.resources.set(resource_id, { data, width, unit, backing: undefined });
    return ok();
  }

  /** Commands that name a resource by the word behind their fixed fields. */
  private onResource(name: Received['name'], bytes: Uint8Array): Uint8Array {
    if (name === 'UPDATE_CURSOR' || name === 'MOVE_CURSOR') {
      return new Uint8Array();
    }
    if (name === 'UNKNOWN' || !('resource_id' in gpuCommandLayouts[name].fields)) {
      return failure('ERR_UNSPEC');
    }
    const decoded = gpuCommandLayouts[name].decode(bytes) as unknown as { resource_id: number };
    const resource = this.resources.get(decoded.resource_id);
    if (resource === undefined) {
      return failure('ERR_INVALID_RESOURCE_ID');
    }
    switch (name) {
      case 'RESOURCE_UNREF':
        this.resources.delete(decoded.resource_id);
        return ok();
      case 'RESOURCE_ATTACH_BACKING':
        return attach(resource, bytes);
      case 'RESOURCE_DETACH_BACKING':
        resource.backing = undefined;
        return ok();
      case 'RESOURCE_FLUSH':
        this.shown.push(resource.data.slice());
        return ok();
      case 'TRANSFER_TO_HOST_2D': {
        const { r, offset } = gpuCommandLayouts.TRANSFER_TO_HOST_2D.decode(bytes);
        const box = { x: r.x, y: r.y, w: r.width, h: r.height };
        return this.move(resource, box, Number(offset), resource.width * 4, true);
      }
      case 'TRANSFER_TO_HOST_3D':
      case 'TRANSFER_FROM_HOST_3D': {
        const { box, offset, stride } = gpuCommandLayouts[name].decode(bytes);
        const toHost = name === 'TRANSFER_TO_HOST_3D';
        return this.move(resource, box, Number(offset), stride, toHost);
      }
      default:
        return ok();
    }
  }

  private move(
    { data, width, unit, backing }: TestResource,
    { x, y, w, h }: { x: number; y: number; w: number; h: number },
    offset: number,
    stride: number,
    toHost: boolean,
  ): Uint8Array {
    if (backing === undefined || x + w > width || (y + h) * width * unit > data.length) {
      return failure('ERR_INVALID_PARAMETER');
    }
    for (let row = 0; row < h; row++) {
      const at = ((y + row) * width + x) * unit;
      const part = data.subarray(at, at + w * unit);
      this.scatter(backing, offset + row * stride, part, toHost);
    }
    return ok();
  }

  private scatter(
    backing: NonNullable<TestResource['backing']>,
    offset: number,
    part: Uint8Array,
    toHost: boolean,
  ): void {
    let begin = 0;
    for (const { addr, length } of backing) {
      const from = Math.max(offset, begin);
      const to = Math.min(offset + part.length, begin + length);
      if (from < to) {
        const piece = part.subarray(from - offset, to - offset);
        if (toHost) {
          this.memory.moveIn(addr + from - begin, piece);
        } else {
          this.memory.moveOut(addr + from - begin, piece);
        }
      }
      begin += length;
    }
  }

  private run(stream: Uint8Array): Uint8Array {
    const words = new Uint32Array(stream.buffer);
    const places: { handle: number; offset: number }[] = [];
    resolveReferences({ words }, (handle, offset) => places.push({ handle, offset }));
    const resource = (place: number): Uint8Array =>
      this.resources.get(places[place].handle)!.data.subarray(places[place].offset);
    if (words.length > 0 && (words[0] & 0xff) === commands.fill.opcode) {
      const [, , , stride, width, height, value] = words;
      const view = new DataView(resource(0).buffer, resource(0).byteOffset);
      for (let i = 0; i < width * height; i++) {
        view.setUint32(Math.floor(i / width) * stride + (i % width) * 4, value, true);
      }
    } else if (words.length > 0) {
      resource(0).set(resource(1).slice(0, words[7])); // one row
    }
    return ok();
  }
}

function attach(resource: TestResource, bytes: Uint8Array): Uint8Array {
  if (resource.backing !== undefined) {
    return failure('ERR_UNSPEC');
  }
  const { nr_entries } = gpuCommandLayouts.RESOURCE_ATTACH_BACKING.decode(bytes);
  resource.backing = Array.from({ length: nr_entries }, (_, index) => {
    const at = gpuCommandLayouts.RESOURCE_ATTACH_BACKING.size + index * memEntry.size;
    const { addr, length } = memEntry.decode(bytes, at);
    return { addr: Number(addr), length };
  });
  return ok();
}

const noHeader = { flags: 0, fence_id: 0n, ctx_id: 0, ring_idx: 0, padding: new Uint8Array(3) };

export function header(type: number): Uint8Array {
  return ctrlHeader.encode({ ...noHeader, type });
}

function ok(): Uint8Array {
  return header(gpuResponses.OK_NODATA);
}

export function failure(name: keyof typeof gpuResponses): Uint8Array {
  return header(gpuResponses[name]);
}

function displayInfo(): Uint8Array {
  const off = { r: { x: 0, y: 0, width: 0, height: 0 }, enabled: 0, flags: 0 };
  const on = { r: { x: 0, y: 0, width: 640, height: 480 }, enabled: 1, flags: 0 };
  return gpuResponseLayouts.OK_DISPLAY_INFO.encode({
    hdr: { ...noHeader, type: gpuResponses.OK_DISPLAY_INFO },
    pmodes: [on, ...Array<typeof off>(15).fill(off)],
  });
}

function edid(): Uint8Array {
  const block = encodeEdid('DBL', 1, 'Doorbell', 640, 480);
  const data = new Uint8Array(1024);
  data.set(block);
  const hdr = { ...noHeader, type: gpuResponses.OK_EDID };
  return gpuResponseLayouts.OK_EDID.encode({ hdr, size: block.length, padding: 0, edid: data });
}

function capsetInfo(id: number): Uint8Array {
  return gpuResponseLayouts.OK_CAPSET_INFO.encode({
    hdr: { ...noHeader, type: gpuResponses.OK_CAPSET_INFO },
    capset_id: id,
    capset_max_version: 1,
    capset_max_size: bellCapset.size,
    padding: 0,
  });
}

function capset(): Uint8Array {
  const offered = new Uint8Array(32);
  for (const { opcode } of Object.values(commands)) {
    offered[opcode >>> 3] |= 1 << (opcode & 7);
  }
  const data = bellCapset.encode({
    version: 1,
    max_buffer_bytes: 1n << 26n,
    max_image_size: 2048,
    commands: offered,
  });
  return Uint8Array.from([...header(gpuResponses.OK_CAPSET), ...data]);
}
