/**
 * A CPU's loads and stores outside of RAM. The region that an address falls into decides whether
 * the access leaves the guest, and what it costs.
 */
import { allOnes, crossing, crossingOf, type AccessWidth } from '@doorbell/abi';
import type { AddressSpace, DeviceRegion, Region } from './address-space.ts';
import type { Crossings } from './crossings.ts';
import { cost } from './profile.ts';

/** Bytes that one write-combining buffer gathers: one transaction on the bus. */
const COMBINED = 64;

export class MmioAccess {
  private readonly crossings: Crossings;
  private readonly space: AddressSpace;
  private readonly virtual: boolean;

  /** @param virtual  a guest: what nothing answers leaves it, too. */
  constructor(crossings: Crossings, space: AddressSpace, virtual: boolean) {
    this.crossings = crossings;
    this.space = space;
    this.virtual = virtual;
  }

  read(address: number, width: AccessWidth): number {
    this.crossings.deliver();
    const value = this.readRegion(address, width);
    this.crossings.note('mmioRead', address, width, 0, 0, undefined, value);
    this.crossings.machine.polls.read(address, value);
    return value;
  }

  write(address: number, width: AccessWidth, value: number): void {
    this.crossings.deliver();
    this.writeRegion(address, width, value);
    this.crossings.note('mmioWrite', address, width, value);
  }

  writeBlock(address: number, bytes: Uint8Array): void {
    this.crossings.deliver();
    this.block(address, bytes, true);
    this.crossings.note('mmioWriteBlock', address, 0, 0, 0, bytes);
  }

  readBlock(address: number, into: Uint8Array): void {
    this.crossings.deliver();
    this.block(address, into, false);
    this.crossings.note('mmioReadBlock', address, 0, 0, 0, into);
  }

  // ------------------------------------------------------------------------------ words

  private readRegion(address: number, width: AccessWidth): number {
    const region = this.space.find(address);
    const { tracer } = this.crossings.machine;
    const { cause } = tracer;
    const id = this.crossings.access('mmioRead', address, 0, this.crossed(region, address, width));
    const value = this.enter(region, address, false)
      ? region.endpoint.barRead(region.bar, address - region.base + region.barOffset, width)
      : allOnes(width);
    tracer.amend(id, value);
    tracer.cause = cause;
    return value;
  }

  private writeRegion(address: number, width: AccessWidth, value: number): void {
    const region = this.space.find(address);
    const { tracer } = this.crossings.machine;
    const { cause } = tracer;
    this.crossings.machine.polls.changed();
    this.crossings.access('mmioWrite', address, value, this.crossed(region, address, width));
    if (this.enter(region, address, true)) {
      region.endpoint.barWrite(region.bar, address - region.base + region.barOffset, width, value);
    }
    tracer.cause = cause;
  }

  /** Pays for the way to the device. False: nothing answers at this address. */
  private enter(
    region: Region | undefined,
    address: number,
    write: boolean,
  ): region is DeviceRegion {
    const { machine } = this.crossings;
    if (region?.kind === 'doorbell' && write) {
      machine.exit('ioeventfd', cost['exit.ioeventfd'], address);
    } else if (this.traps(region)) {
      this.crossings.trap(write ? 'mmio-write' : 'mmio-read', cost['exit.mmio'], address);
    } else {
      machine.counts.directAccesses++;
      const device = write ? cost['mmio.write'] : cost['mmio.read'];
      machine.charge(region?.kind === 'shared' ? cost['driver.load'] : device, 1, 1);
    }
    return region !== undefined && region.kind !== 'ram';
  }

  /** How the access crosses the physical bus, for the trace: worked out only while one is recorded. */
  private crossed(region: Region | undefined, address: number, how: number): number {
    return this.crossings.machine.tracer.recording && region?.kind === 'mapped'
      ? crossing.of(address - region.base + region.onBus, how)
      : crossing.none;
  }

  private traps(region: Region | undefined): boolean {
    return region === undefined
      ? this.virtual
      : region.kind === 'trapped' || region.kind === 'doorbell';
  }

  // ------------------------------------------------------------------------------ blocks

  /** Memory that is mapped takes whole transactions; everything else takes a block word by word. */
  private block(address: number, bytes: Uint8Array, write: boolean): void {
    const region = this.space.find(address);
    const direct = region?.kind === 'mapped' || region?.kind === 'shared';
    if (direct && reaches(region, address, bytes.length)) {
      this.transactions(region, address, bytes, write);
    } else {
      this.wordByWord(address, bytes, write);
    }
  }

  private wordByWord(address: number, bytes: Uint8Array, write: boolean): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; at += 4) {
      if (write) {
        this.writeRegion(address + at, 4, view.getUint32(at, true));
      } else {
        const value = this.readRegion(address + at, 4);
        view.setUint32(at, value, true);
        this.crossings.machine.polls.read(address + at, value);
      }
    }
  }

  private transactions(
    region: DeviceRegion,
    address: number,
    bytes: Uint8Array,
    write: boolean,
  ): void {
    const { machine } = this.crossings;
    const { cause } = machine.tracer;
    if (write) {
      machine.polls.changed();
    }
    const how = write ? crossingOf.WRITE : crossingOf.READ;
    this.crossings.access('mmioBlock', address, bytes.length, this.crossed(region, address, how));
    machine.counts.directAccesses += Math.ceil(bytes.length / COMBINED);
    const perByte = region.kind === 'shared' ? cost['driver.copyByte'] : cost['mmio.blockByte'];
    machine.charge(perByte, bytes.length, 1);
    const at = address - region.base + region.barOffset;
    // Only after the charge: what became due meanwhile may have moved the BAR.
    const memory = region.endpoint.barMemory(region.bar);
    const isThere = memory !== undefined && at + bytes.length <= memory.size;
    if (isThere && write) {
      memory.bytes.set(bytes, at);
      memory.touched(at, bytes.length);
    } else if (isThere) {
      bytes.set(memory.bytes.subarray(at, at + bytes.length));
    }
    machine.tracer.cause = cause;
  }
}

/** Whether all of the bytes are memory of the region: behind a BAR there may be less than its size. */
function reaches(region: DeviceRegion, address: number, bytes: number): boolean {
  const memory = region.endpoint.barMemory(region.bar);
  const at = address - region.base + region.barOffset;
  const isWithin = address + bytes <= region.base + region.size;
  return isWithin && memory !== undefined && at + bytes <= memory.size;
}
