/**
 * The `Gpu` of a driver that runs on a machine with virtual time, for callers outside of it: each
 * call is a task of the machine, which runs until the call is done.
 */
import type {
  CommandBuffer,
  Fence,
  Gpu,
  GpuBuffer,
  GpuFeatures,
  GpuImage,
  Placement,
} from '@doorbell/abi';
import type { Computer } from '@doorbell/hypervisor';

/** Runs work on a computer, one after the other. */
export class MachineTasks {
  private readonly computer: Computer;
  private last: Promise<unknown> = Promise.resolve();

  constructor(computer: Computer) {
    this.computer = computer;
  }

  /** In the order of calls. @throws what `body` throws */
  run<T>(body: () => Promise<T>): Promise<T> {
    const next = this.last.then(() => this.runNow(body));
    this.last = next.catch(() => undefined);
    return next;
  }

  private async runNow<T>(body: () => Promise<T>): Promise<T> {
    const { machine, cpu } = this.computer.parts;
    let outcome: Promise<T> | undefined;
    machine.tasks.spawn(cpu, async () => {
      outcome = body();
      await outcome.catch(() => undefined);
    });
    await machine.tasks.run();
    return outcome!;
  }
}

export class MachineGpu implements Gpu {
  readonly features: GpuFeatures;
  private readonly tasks: MachineTasks;
  private readonly gpu: Gpu;

  constructor(tasks: MachineTasks, gpu: Gpu) {
    this.features = gpu.features;
    this.tasks = tasks;
    this.gpu = gpu;
  }

  createBuffer(bytes: number, placement: Placement): Promise<GpuBuffer> {
    return this.tasks.run(() => this.gpu.createBuffer(bytes, placement));
  }
  createImage(width: number, height: number): Promise<GpuImage> {
    return this.tasks.run(() => this.gpu.createImage(width, height));
  }
  destroy(resource: GpuBuffer | GpuImage): Promise<void> {
    return this.tasks.run(() => this.gpu.destroy(resource));
  }
  write(resource: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    return this.tasks.run(() => this.gpu.write(resource, offset, bytes));
  }
  read(resource: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    return this.tasks.run(() => this.gpu.read(resource, offset, into));
  }
  submit(commands: CommandBuffer): Promise<Fence> {
    return this.tasks.run(() => this.gpu.submit(commands));
  }
  wait(fence: Fence): Promise<void> {
    return this.tasks.run(() => this.gpu.wait(fence));
  }
  present(image: GpuImage): Promise<void> {
    return this.tasks.run(() => this.gpu.present(image));
  }
  close(): Promise<void> {
    return this.tasks.run(() => this.gpu.close());
  }
}
