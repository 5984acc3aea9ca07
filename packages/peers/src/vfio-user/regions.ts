/** The device's regions: its BARs and its configuration space, and what may be done to each. */
import type { SocketDevice } from '../pci-device/socket-device.ts';
import { requireThat } from '../pci-device/violation.ts';
import {
  regionFlags,
  vfioRegion,
  vfioUserRegionAccess,
  vfioUserSingleWrite,
  vfioUserWriteMulti,
} from './messages.ts';
import { Refusal } from './refusal.ts';
import { MAX_TRANSFER_BYTES } from './version.ts';

/** Of a conventional function: our models have nothing behind it. */
export const CONFIG_BYTES = 256;
const MAX_SINGLE_BYTES = 8;

export interface RegionShape {
  readonly flags: number;
  readonly size: number;
}

export interface RegionWrite {
  readonly region: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

export class Regions {
  private readonly device: SocketDevice;
  /** The BAR that the client may map. */
  private readonly mappable: number | undefined;

  constructor(device: SocketDevice, mappable: number | undefined) {
    this.device = device;
    this.mappable = mappable;
  }

  /** A region that the device lacks has no bytes. @throws Refusal */
  shape(index: number): RegionShape {
    if (index >= vfioRegion.COUNT) {
      throw new Refusal('EINVAL', `There is no region ${index}.`);
    }
    const { READ, WRITE, MMAP } = regionFlags;
    const size = index === vfioRegion.CONFIG ? CONFIG_BYTES : (this.device.bars[index]?.size ?? 0);
    const flags = (size > 0 ? READ | WRITE : 0) | (index === this.mappable ? MMAP : 0);
    return { flags, size };
  }

  /** @throws Refusal */
  private check(region: number, offset: number, count: number): void {
    const { size } = this.shape(region);
    if (count < 1 || count > MAX_TRANSFER_BYTES || offset + count > size) {
      throw new Refusal('EINVAL', `Region ${region} has no ${count} bytes at ${offset}.`);
    }
  }

  /** The reply: what was asked, and the bytes. @throws Refusal, ProtocolViolation */
  read(payload: Uint8Array): Uint8Array {
    requireThat(
      payload.length === vfioUserRegionAccess.size,
      `REGION_READ has ${payload.length} bytes.`,
    );
    const access = vfioUserRegionAccess.decode(payload);
    const { region, offset, count } = access;
    this.check(region, offset, count);
    const reply = new Uint8Array(vfioUserRegionAccess.size + count);
    vfioUserRegionAccess.encode(access, reply);
    const data = reply.subarray(vfioUserRegionAccess.size);
    if (region === vfioRegion.CONFIG) {
      this.device.readConfig(offset, data);
    } else {
      this.device.readBar(region, offset, data);
    }
    return reply;
  }

  /** Of REGION_WRITE: checked, not done yet. @throws Refusal, ProtocolViolation */
  single(payload: Uint8Array): RegionWrite {
    const head = vfioUserRegionAccess.size;
    const { region, offset, count } =
      payload.length < head
        ? { region: 0, offset: 0, count: -1 }
        : vfioUserRegionAccess.decode(payload);
    requireThat(
      payload.length === head + count,
      `REGION_WRITE of ${count} bytes has ${payload.length}.`,
    );
    this.check(region, offset, count);
    return { region, offset, data: payload.subarray(head) };
  }

  /** Of REGION_WRITE_MULTI: each is checked, none done yet. @throws Refusal, ProtocolViolation */
  multiple(payload: Uint8Array): readonly RegionWrite[] {
    const head = vfioUserWriteMulti.size;
    const each = vfioUserSingleWrite.size;
    const { count: writes } =
      payload.length < head ? { count: -1 } : vfioUserWriteMulti.decode(payload);
    requireThat(
      payload.length === head + writes * each,
      `REGION_WRITE_MULTI of ${writes} has ${payload.length} bytes.`,
    );
    return Array.from({ length: writes }, (_, index) => {
      const write = vfioUserSingleWrite.decode(payload, head + index * each);
      const { region, offset, count, data } = write;
      requireThat(count <= MAX_SINGLE_BYTES, `REGION_WRITE_MULTI writes ${count} bytes at once.`);
      this.check(region, offset, count);
      return { region, offset, data: data.subarray(0, count) };
    });
  }

  perform({ region, offset, data }: RegionWrite): void {
    if (region === vfioRegion.CONFIG) {
      this.device.writeConfig(offset, data);
    } else {
      this.device.writeBar(region, offset, data);
    }
  }
}
