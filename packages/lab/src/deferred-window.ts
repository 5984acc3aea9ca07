/**
 * The window of deferred invalidation, step by step: a driver in a guest frees a buffer that the
 * GPU still has an address of, the guest's kernel gives the page to someone else, and then the GPU
 * writes, late. Whether that page suffers is the business of the guest's own IOMMU.
 */
import {
  CommandEncoder,
  PAGE_BYTES,
  type CoherentMemory,
  type Dma,
  type DmaDirection,
  type Gpu,
  GpuError,
  type GpuBuffer,
} from '@doorbell/abi';
import { probeBell } from '@doorbell/guest-driver';
import { profiles, type IommuFault, type Profile } from '@doorbell/hypervisor';
import { stackSpec } from './stack-spec.ts';
import { passthrough } from './stacks/passthrough.ts';
import { alone, GUEST_GPU, type Stack } from './stacks/stack.ts';

export type WindowMode = 'strict' | 'deferred';

export type WindowAction =
  'map' | 'write' | 'unmap' | 'reuse' | 'write-late' | 'wait' | 'write-again';

/** What was done, and what could be seen right after it. */
export interface WindowStep {
  readonly did: WindowAction;
  /** One sentence. */
  readonly text: string;
  /** Virtual nanoseconds since the first step. */
  readonly ns: number;
  /** The first word of the page: `PICTURE`, `SECRET`, or 0. */
  readonly word: number;
  /** Faults that the host's IOMMU has recorded until now. */
  readonly faults: number;
  /** Bytes that are unmapped and that the GPU still reaches. */
  readonly pendingBytes: number;
  /** Exits by which the guest told its IOMMU of changes, until now. */
  readonly exits: number;
}

export interface DeferredWindow {
  readonly mode: WindowMode;
  readonly steps: readonly WindowStep[];
  /** Bytes of the page's new owner that the GPU wrote over. */
  readonly corruptedBytes: number;
  /** What the host's IOMMU recorded, oldest first. */
  readonly faults: readonly IommuFault[];
}

/** What the GPU writes, and what the page's new owner keeps in it. */
export const windowWords = { PICTURE: 0x2020_2020, SECRET: 0x5ec2_e75e } as const;

/** Longer than a flush queue waits. */
const PATIENCE_NS = 11_000_000;

/** What each step is, in words. */
const texts: Readonly<Record<WindowAction, string>> = {
  map: 'The driver makes a buffer of one page and maps it for the GPU.',
  write: 'The GPU writes to it, as it was asked.',
  unmap: 'The driver unmaps and frees the page, but the GPU keeps the address: a bug.',
  reuse: "The guest's kernel gives the page to someone else, who keeps a secret there.",
  'write-late': 'The GPU writes to the old address.',
  wait: '11 ms pass, in which the flush queue is emptied. The secret is written anew.',
  'write-again': 'The GPU writes to the old address once more.',
};

export async function runDeferredWindow(
  mode: WindowMode,
  profile: Profile = profiles.get('kvm-x86')!,
): Promise<DeferredWindow> {
  const { options } = stackSpec('passthrough', { viommu: mode });
  const stack = passthrough({ profile, options, guests: alone({ flip: () => undefined }) });
  const demo = new Demo(stack);
  const { tasks } = stack.host.machine;
  tasks.spawn(stack.guests[0].cpu, () => demo.run());
  await tasks.run();
  return {
    mode,
    steps: demo.steps,
    corruptedBytes: demo.corruptedBytes,
    faults: stack.host.iommu.faults(),
  };
}

/** The DMA API as the driver calls it, with a note of the last mapping: what the bug undoes. */
class NotedDma implements Dma {
  last = { address: 0, iova: 0, bytes: 0 };
  private readonly dma: Dma;

  constructor(dma: Dma) {
    this.dma = dma;
  }

  map(address: number, bytes: number, direction: DmaDirection): number {
    const iova = this.dma.map(address, bytes, direction);
    this.last = { address, iova, bytes };
    return iova;
  }

  unmap(iova: number, bytes: number): void {
    this.dma.unmap(iova, bytes);
  }

  allocateCoherent(bytes: number): CoherentMemory {
    return this.dma.allocateCoherent(bytes);
  }

  freeCoherent(memory: CoherentMemory): void {
    this.dma.freeCoherent(memory);
  }
}

class Demo {
  readonly steps: WindowStep[] = [];
  corruptedBytes = 0;
  private readonly stack: Stack;
  private began = 0;
  /** Of the page, guest-physical. */
  private address = 0;

  constructor(stack: Stack) {
    this.stack = stack;
  }

  /** Nothing is closed: the driver would unmap what its bug has unmapped. */
  async run(): Promise<void> {
    const [{ computer }] = this.stack.guests;
    const device = computer.device(GUEST_GPU);
    const { memory, clock } = device;
    const dma = new NotedDma(device.dma);
    const gpu = await (await probeBell({ ...device, dma })).open();
    this.began = this.stack.host.machine.now;

    const buffer = await gpu.createBuffer(PAGE_BYTES, 'host');
    const { address, iova, bytes } = dma.last;
    this.address = address;
    this.note('map');
    await write(gpu, buffer);
    this.note('write');

    dma.unmap(iova, bytes);
    memory.free(address);
    this.note('unmap');
    if (memory.allocate(PAGE_BYTES) !== address) {
      throw new RangeError('The kernel gave another page to the next who asked.');
    }
    const secret = new Uint32Array(PAGE_BYTES / 4).fill(windowWords.SECRET);
    memory.copyIn(address, new Uint8Array(secret.buffer));
    this.note('reuse');

    await write(gpu, buffer);
    this.note('write-late');
    this.corruptedBytes = this.otherBytes();

    await clock.sleep(PATIENCE_NS);
    memory.copyIn(address, new Uint8Array(secret.buffer));
    this.note('wait');
    await write(gpu, buffer);
    this.note('write-again');
  }

  private note(did: WindowAction): void {
    const { host, guests } = this.stack;
    const { machine, iommu } = host;
    this.steps.push({
      did,
      text: texts[did],
      ns: machine.now - this.began,
      word: this.page()[0],
      faults: iommu.counts.faults,
      pendingBytes: guests[0].vm?.viommu?.pendingBytes(GUEST_GPU) ?? 0,
      exits: machine.counts.exitsByReason.viommu,
    });
  }

  /** Bytes of the page that are not its new owner's. */
  private otherBytes(): number {
    return 4 * this.page().filter((word) => word !== windowWords.SECRET).length;
  }

  /** The page as it is, without an access of the guest. */
  private page(): Uint32Array {
    const { host, guests } = this.stack;
    const at = guests[0].computer.ram.place(this.address, PAGE_BYTES) / 4;
    return host.memory.words.subarray(at, at + PAGE_BYTES / 4);
  }
}

/** Has the GPU fill the buffer. That the IOMMU refuses it is an error of this work. */
async function write(gpu: Gpu, { handle, bytes }: GpuBuffer): Promise<void> {
  const fill = { stride: bytes, width: bytes / 4, height: 1, value: windowWords.PICTURE };
  const commands = new CommandEncoder().fill({ dst: { handle, offset: 0 }, ...fill });
  try {
    await gpu.wait(await gpu.submit(commands.finish()));
  } catch (error) {
    if (!(error instanceof GpuError && error.code === 'fault')) {
      throw error;
    }
  }
}
