/** A renderer in software: bell's engines on memory of this process. Work is done when it is submitted. */
import type { Display, GpuError, GpuImage } from '@doorbell/abi';
import { DirectEngines, type EngineRates } from '@doorbell/device-model';
import { lostWork } from './engine-fault.ts';
import { FlatGpu, type FlatEngines, type FlatGpuParts } from './flat-gpu.ts';

/** As bell's watchdog has it at reset: longer than this is a hang. */
const WATCHDOG_NS = 200_000_000;

export interface SoftwareRendererParts extends FlatGpuParts {
  readonly rates: EngineRates;
  /** Hears what the engines took, in nanoseconds. */
  readonly spend?: (ns: number) => void;
}

export class SoftwareRenderer extends FlatGpu {
  private readonly software: SoftwareEngines;

  constructor(parts: SoftwareRendererParts) {
    const engines = new SoftwareEngines(parts);
    super(engines, parts);
    this.software = engines;
  }

  /** An image's bytes themselves. @throws GpuError */
  bytesOf({ handle }: GpuImage): Uint8Array {
    const { address, bytes } = this.rangeOf(handle);
    return this.software.bytes(address, bytes);
  }
}

class SoftwareEngines implements FlatEngines {
  private readonly parts: SoftwareRendererParts;
  private made: DirectEngines | undefined;

  constructor(parts: SoftwareRendererParts) {
    this.parts = parts;
  }

  /** With its memory, from when something is done with it: a device may stand by and draw nothing. */
  private get engines(): DirectEngines {
    const { memoryBytes, rates } = this.parts;
    return (this.made ??= new DirectEngines(memoryBytes, rates));
  }

  bytes(address: number, bytes: number): Uint8Array {
    return this.engines.memory.bytes.subarray(address, address + bytes);
  }

  clear(address: number, bytes: number): void {
    this.bytes(address, bytes).fill(0);
  }

  write(address: number, bytes: Uint8Array): void {
    this.engines.memory.bytes.set(bytes, address);
  }

  read(address: number, into: Uint8Array): void {
    into.set(this.bytes(address, into.length));
  }

  show(address: number, { width, height, stride }: GpuImage, display: Display): void {
    display.flip(this.bytes(address, stride * height), width, height, stride);
  }

  run(packets: Uint32Array, onLost: (error: GpuError) => void): void {
    try {
      const ns = this.engines.run(packets, WATCHDOG_NS);
      this.parts.spend?.(ns);
    } catch (error) {
      onLost(lostWork('software', error));
    }
  }

  finished(): void {
    // It is done when it was submitted.
  }

  close(): void {
    this.made = undefined;
  }
}
