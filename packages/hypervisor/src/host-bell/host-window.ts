/**
 * One BAR of a physical device as the host's kernel reaches it on a guest's behalf: within an exit,
 * or in an interrupt handler. Accesses are priced, counted and traced as those of a driver; whoever
 * runs at the moment pays.
 */
import {
  crossing,
  crossingOf,
  type AccessWidth,
  type Bdf,
  type MemoryBacking,
  type Mmio,
  type PciEndpoint,
} from '@doorbell/abi';
import type { Host } from '../host.ts';
import { cost } from '../profile.ts';

/** Bytes that one write-combining buffer gathers: one transaction on the bus. */
const COMBINED = 64;

export class HostWindow implements Mmio {
  readonly size: number;
  private readonly host: Host;
  private readonly at: Bdf;
  private readonly bar: number;
  private readonly endpoint: PciEndpoint;

  /** @throws RangeError when the function has no such BAR. */
  constructor(host: Host, at: Bdf, bar: number) {
    this.host = host;
    this.at = at;
    this.bar = bar;
    this.endpoint = host.bus.function(at);
    this.size = host.bus.barAddress(at, bar).size;
  }

  read(offset: number, width: AccessWidth): number {
    const { machine } = this.host;
    this.pay('mmio.read');
    const value = this.endpoint.barRead(this.bar, offset, width);
    machine.tracer.event('mmioRead', this.address(offset), value, this.crossed(offset, width));
    return value;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    const { machine } = this.host;
    this.pay('mmio.write');
    machine.tracer.event('mmioWrite', this.address(offset), value, this.crossed(offset, width));
    this.endpoint.barWrite(this.bar, offset, width, value);
  }

  writeBlock(offset: number, bytes: Uint8Array): void {
    const memory = this.block(offset, bytes.length, crossingOf.WRITE);
    memory.bytes.set(bytes, offset);
    memory.touched(offset, bytes.length);
  }

  readBlock(offset: number, into: Uint8Array): void {
    const memory = this.block(offset, into.length, crossingOf.READ);
    into.set(memory.bytes.subarray(offset, offset + into.length));
  }

  private pay(name: 'mmio.read' | 'mmio.write'): void {
    const { machine } = this.host;
    machine.counts.directAccesses++;
    machine.charge(cost[name], 1, 1);
  }

  /** @throws RangeError when the BAR is no memory, or the range is not within it. */
  private block(offset: number, bytes: number, how: number): MemoryBacking {
    const { machine } = this.host;
    const memory = this.endpoint.barMemory(this.bar);
    if (memory === undefined || offset < 0 || offset + bytes > memory.size) {
      throw new RangeError(`BAR ${this.bar} has no ${bytes} bytes of memory at ${offset}.`);
    }
    machine.counts.directAccesses += Math.ceil(bytes / COMBINED);
    machine.charge(cost['mmio.blockByte'], bytes, 1);
    machine.tracer.event('mmioBlock', this.address(offset), bytes, this.crossed(offset, how));
    return memory;
  }

  private address(offset: number): number {
    return this.host.bus.barAddress(this.at, this.bar).address + offset;
  }

  private crossed(offset: number, how: number): number {
    return this.host.machine.tracer.recording
      ? crossing.of(this.address(offset), how)
      : crossing.none;
  }
}
