/** bell's engines on WebGPU: one buffer is the memory, kernels are the copy engine, render passes the 3D engine. */
import { GpuError, type CommandName, type Display, type GpuImage } from '@doorbell/abi';
import { argumentsOf, eachPacket, packetChecks, RenderState } from '@doorbell/device-model';
import { lostWork } from '../engine-fault.ts';
import type { FlatEngines } from '../flat-gpu.ts';
import { Batch } from './batch.ts';
import { blit, copy, fill } from './copies.ts';
import { Draws } from './draws.ts';
import { bufferUsage, mapMode } from './usage.ts';

/** WebGPU copies whole words. */
const WORD = 4;

export class WebGpuEngines implements FlatEngines {
  private readonly device: GPUDevice;
  private readonly memory: GPUBuffer;
  private readonly batch: Batch;
  private readonly draws: Draws;
  private readonly state = new RenderState();
  private gone: GpuError | undefined;

  /** @param device  which is theirs alone: `close` destroys it. */
  constructor(device: GPUDevice, memoryBytes: number) {
    const { STORAGE, VERTEX, INDEX, COPY_SRC, COPY_DST } = bufferUsage;
    this.device = device;
    this.memory = device.createBuffer({
      size: memoryBytes,
      usage: STORAGE | VERTEX | INDEX | COPY_SRC | COPY_DST,
    });
    this.batch = new Batch(device, this.memory);
    this.draws = new Draws(device, this.memory, this.batch);
    void device.lost.then(({ message }) => {
      this.gone ??= new GpuError('lost', `WebGPU lost its device: ${message}`);
    });
    device.addEventListener('uncapturederror', ({ error }) => {
      this.gone ??= new GpuError('lost', `WebGPU refused what it was asked: ${error.message}`);
    });
  }

  /** @throws GpuError `lost` */
  private check(): void {
    if (this.gone !== undefined) {
      throw this.gone;
    }
  }

  // ------------------------------------------------------------------------------ memory

  clear(address: number, bytes: number): void {
    this.check();
    this.batch.commands.clearBuffer(this.memory, address, Math.ceil(bytes / WORD) * WORD);
    this.batch.submit();
  }

  write(address: number, bytes: Uint8Array): void {
    this.check();
    const head = Math.min(-address & (WORD - 1), bytes.length);
    const tail = (bytes.length - head) % WORD;
    const whole = bytes.length - head - tail;
    this.patch(address, bytes.subarray(0, head));
    if (whole > 0) {
      this.device.queue.writeBuffer(this.memory, address + head, bytes, head, whole);
    }
    this.patch(address + head + whole, bytes.subarray(head + whole));
    this.batch.submit();
  }

  /** Fewer bytes than a word has, all of one word. */
  private patch(address: number, bytes: Uint8Array): void {
    if (bytes.length > 0) {
      const shift = 8 * (address % WORD);
      const value = bytes.reduce((word, byte, index) => word | (byte << (8 * index)), 0);
      const mask = 2 ** (8 * bytes.length) - 1;
      this.batch.run('patch', 1, [address, (mask << shift) >>> 0, (value << shift) >>> 0]);
    }
  }

  async read(address: number, into: Uint8Array): Promise<void> {
    const bytes = await this.fetch(address, into.length);
    into.set(bytes);
  }

  async show(
    address: number,
    { width, height, stride }: GpuImage,
    display: Display,
  ): Promise<void> {
    display.flip(await this.fetch(address, stride * height), width, height, stride);
  }

  /** A copy, as of now. */
  private async fetch(address: number, bytes: number): Promise<Uint8Array> {
    this.check();
    const skipped = address % WORD;
    const size = Math.ceil((skipped + bytes) / WORD) * WORD;
    const { MAP_READ, COPY_DST } = bufferUsage;
    const copied = this.device.createBuffer({ size, usage: MAP_READ | COPY_DST });
    this.batch.commands.copyBufferToBuffer(this.memory, address - skipped, copied, 0, size);
    this.batch.submit();
    try {
      await copied.mapAsync(mapMode.READ);
    } catch (error) {
      this.check();
      throw error;
    }
    const content = new Uint8Array(copied.getMappedRange()).slice(skipped, skipped + bytes);
    copied.destroy();
    return content;
  }

  // ------------------------------------------------------------------------------ work

  run(packets: Uint32Array, onLost: (error: GpuError) => void): void {
    this.check();
    this.state.reset();
    this.batch.begin(onLost);
    try {
      eachPacket(packets, (name, packet) => {
        this.packet(name, packet);
      });
    } catch (error) {
      onLost(lostWork('webgpu', error));
    } finally {
      // What came before a fault is done.
      this.draws.flush();
      this.batch.submit();
    }
  }

  /** @throws Fault */
  private packet(name: CommandName, packet: Uint32Array): void {
    const { batch, draws, memory, state } = this;
    switch (name) {
      case 'fill':
        draws.flush();
        fill(batch, memory, argumentsOf(name, packet));
        break;
      case 'copy':
        draws.flush();
        copy(batch, argumentsOf(name, packet));
        break;
      case 'blit':
        draws.flush();
        blit(batch, argumentsOf(name, packet));
        break;
      case 'draw':
        draws.add(argumentsOf(name, packet), state);
        break;
      case 'setTarget':
        packetChecks.setTarget(argumentsOf(name, packet));
        state.keep(name, packet);
        break;
      case 'setTexture':
        packetChecks.setTexture(argumentsOf(name, packet));
        state.keep(name, packet);
        break;
      default:
        state.keep(name, packet);
    }
  }

  async finished(): Promise<void> {
    await this.device.queue.onSubmittedWorkDone();
    await this.batch.checks.finished();
    this.check();
  }

  close(): void {
    this.device.destroy();
  }
}
