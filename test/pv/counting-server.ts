/** A backend in the test's process, whose devices share one renderer; it tells what is held for its clients. */
import type { Display, GpuBuffer, GpuImage, VirtioHost } from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { engineRates, SoftwareRenderer } from '@doorbell/lab';
import { VirtioGpu } from '@doorbell/pv-backend';
import { BackendServer, type ServedDevice } from '../../packages/cli/src/backend-server.ts';

const MEMORY_BYTES = 8 << 20;

class CountingRenderer extends SoftwareRenderer {
  readonly live = new Set<number>();

  override async createBuffer(bytes: number): Promise<GpuBuffer> {
    return this.count(await super.createBuffer(bytes));
  }

  override async createImage(width: number, height: number): Promise<GpuImage> {
    return this.count(await super.createImage(width, height));
  }

  override async destroy(resource: GpuBuffer | GpuImage): Promise<void> {
    await super.destroy(resource);
    this.live.delete(resource.handle);
  }

  private count<T extends GpuBuffer | GpuImage>(resource: T): T {
    this.live.add(resource.handle);
    return resource;
  }
}

/** A device's view of its driver's memory, which counts what of it is here. */
type MirroredMemory = VirtioHost['memory'] & { readonly bytesHeld: number };

export class CountingServer {
  readonly said: string[] = [];
  private server!: BackendServer;
  private readonly renderer: CountingRenderer;
  private readonly memories: MirroredMemory[] = [];
  private monitor: Display = { flip: () => {} };

  static async start(): Promise<CountingServer> {
    const made = new CountingServer();
    made.server = await BackendServer.start({
      listen: { host: '127.0.0.1', port: 0 },
      token: 'of-the-test',
      maxConnections: 16,
      open: async (clock, onError): Promise<ServedDevice> => {
        let device: VirtioGpu | undefined;
        return {
          create: (host, display) => {
            made.monitor = display;
            made.memories.push(host.memory as MirroredMemory);
            device = new VirtioGpu(host, {
              ...{ renderer: made.renderer, clock, width: 32, height: 24 },
              spawn: (body) => {
                body().catch(onError);
              },
              trace: { event: () => 0 },
            });
            return device;
          },
          counts: () => ({}),
          close: async () => device?.stop(),
        };
      },
      say: (line) => made.said.push(line),
    });
    return made;
  }

  private constructor() {
    this.renderer = new CountingRenderer({
      // One client at a time: the last one's.
      display: {
        flip: (...frame) => {
          this.monitor.flip(...frame);
        },
      },
      memoryBytes: MEMORY_BYTES,
      rates: engineRates(profiles.get('free')!, 'software'),
    });
  }

  get address(): string {
    return this.server.address;
  }

  /** Of all clients that there ever were: the renderer's resources, and bytes of their memory. */
  get held(): { readonly resources: number; readonly bytes: number } {
    const bytes = this.memories.reduce((sum, { bytesHeld }) => sum + bytesHeld, 0);
    return { resources: this.renderer.live.size, bytes };
  }

  close(): Promise<void> {
    return this.server.close();
  }
}
