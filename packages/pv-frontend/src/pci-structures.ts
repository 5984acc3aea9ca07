/** Where a function has virtio's structures: its vendor-specific capabilities say so (§4.1.4). */
import {
  type ConfigPort,
  type Mmio,
  type PciDevice,
  type0Header,
  VENDOR_CAPABILITY,
  virtioCommonConfig,
  virtioPciCap,
  virtioPciCap64,
  virtioPciCaps,
  virtioPciNotifyCap,
} from '@doorbell/abi';
import { ProbeError } from './probe-error.ts';

/** A part of a BAR. */
export interface Window {
  readonly mmio: Mmio;
  readonly base: number;
  readonly bytes: number;
}

export interface VirtioStructures {
  readonly common: Window;
  readonly isr: Window;
  readonly notify: { readonly window: Window; readonly multiplier: number };
  /** A device without a configuration has none. */
  readonly device: Window | undefined;
}

/** Capabilities lie from 40h to FFh, four bytes each at least: a longer list is a loop. */
const MOST_CAPABILITIES = (0x100 - 0x40) / 4;
const LAST_BAR = 5;

/** @throws ProbeError when one is missing, or not within its BAR. */
export function findStructures(device: PciDevice): VirtioStructures {
  const { COMMON, ISR, NOTIFY, DEVICE } = virtioPciCaps;
  const caps = virtioCapabilities(device.config);
  const common = window(device, caps, COMMON, virtioCommonConfig.size - 8);
  const isr = window(device, caps, ISR, 1);
  const notify = window(device, caps, NOTIFY, 2);
  if (common === undefined || isr === undefined || notify === undefined) {
    throw new ProbeError('The function lacks a virtio structure, or has it where it cannot be.');
  }
  const at = caps.get(NOTIFY)?.at ?? 0;
  const multiplier = device.config.read(at + virtioPciNotifyCap.offsets.notify_off_multiplier, 4);
  const config = window(device, caps, DEVICE, 1);
  return { common, isr, notify: { window: notify, multiplier }, device: config };
}

/** §4.1.4.7: a shared memory region, by its id; undefined: there is none, or it is not within its BAR. */
export function sharedRegion(device: PciDevice, id: number): Window | undefined {
  const { offsets } = virtioPciCap64;
  const { config } = device;
  const at = vendorCapabilities(config).find(
    (each) =>
      config.read(each + offsets.cfg_type, 1) === virtioPciCaps.SHARED_MEMORY &&
      config.read(each + offsets.id, 1) === id,
  );
  const bar = at === undefined ? LAST_BAR + 1 : config.read(at + offsets.bar, 1);
  if (at === undefined || bar > LAST_BAR) {
    return undefined;
  }
  const word = (offset: number): number => config.read(at + offset, 4);
  const base = word(offsets.offset_hi) * 2 ** 32 + word(offsets.offset);
  const bytes = word(offsets.length_hi) * 2 ** 32 + word(offsets.length);
  const mmio = device.mapBar(bar);
  return bytes > 0 && base + bytes <= mmio.size ? { mmio, base, bytes } : undefined;
}

interface Capability {
  /** In configuration space. */
  readonly at: number;
  readonly bar: number;
  readonly offset: number;
  readonly bytes: number;
}

/** By kind. §4.1.4.1: of several of a kind the first is used, and reserved BARs are ignored. */
function virtioCapabilities(config: ConfigPort): Map<number, Capability> {
  const { cfg_type, bar, offset, length } = virtioPciCap.offsets;
  const found = new Map<number, Capability>();
  for (const at of vendorCapabilities(config)) {
    const kind = config.read(at + cfg_type, 1);
    const where = {
      at,
      bar: config.read(at + bar, 1),
      offset: config.read(at + offset, 4),
      bytes: config.read(at + length, 4),
    };
    if (!found.has(kind) && where.bar <= LAST_BAR) {
      found.set(kind, where);
    }
  }
  return found;
}

/** Offsets of all vendor-specific capabilities (PCI Local Bus 3.0 §6.7). */
function vendorCapabilities(config: ConfigPort): number[] {
  const { STATUS, CAPABILITIES } = type0Header.rows;
  const found: number[] = [];
  if ((config.read(STATUS.offset, 2) & STATUS.bits.CAPABILITIES.mask) === 0) {
    return found;
  }
  let at = config.read(CAPABILITIES.offset, 1) & ~3;
  for (let left = MOST_CAPABILITIES; at >= 0x40 && left > 0; left--) {
    if (config.read(at, 1) === VENDOR_CAPABILITY) {
      found.push(at);
    }
    at = config.read(at + 1, 1) & ~3;
  }
  return found;
}

/** @param least  bytes that it must have. */
function window(
  device: PciDevice,
  caps: ReadonlyMap<number, Capability>,
  kind: number,
  least: number,
): Window | undefined {
  const cap = caps.get(kind);
  if (cap === undefined) {
    return undefined;
  }
  const mmio = device.mapBar(cap.bar);
  const fits = cap.bytes >= least && cap.offset + cap.bytes <= mmio.size;
  return fits ? { mmio, base: cap.offset, bytes: cap.bytes } : undefined;
}
