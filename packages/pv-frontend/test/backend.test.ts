/** Against the real device half, with a renderer that keeps bytes and fills. */
import {
  commandNames,
  type Gpu,
  type VirtioDevice,
  type VirtioHost,
  type VirtioTransport,
} from '@doorbell/abi';
import { VirtioGpu } from '@doorbell/pv-backend';
import { expect, test } from 'vitest';
import { probeVirtioGpu } from '../src/index.ts';
import { fillWords, plain, readAll } from './bench.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { TestMemory } from '../testing/test-memory.ts';

/** Keeps what is written, and takes streams of one fill. */
function renderer(shown: Uint8Array[]): Gpu {
  const held = new Map<number, Uint8Array>();
  let last = 0;
  const add = (bytes: number): number => {
    held.set(++last, new Uint8Array(bytes));
    return last;
  };
  return {
    features: {
      maxBufferBytes: 1 << 24,
      maxImageSize: 1024,
      commands: new Set(commandNames),
      compute: false,
    },
    createBuffer: async (bytes) => ({ handle: add(bytes), bytes }),
    createImage: async (width, height) => {
      const handle = add(width * height * 4);
      return { handle, width, height, stride: width * 4 };
    },
    destroy: async ({ handle }) => void held.delete(handle),
    write: async ({ handle }, offset, bytes) => held.get(handle)!.set(bytes, offset),
    read: async ({ handle }, offset, into) => {
      into.set(held.get(handle)!.subarray(offset, offset + into.length));
    },
    submit: async ({ words: [, handle, offset, , width, , value] }) => {
      held.get(handle)!.fill(value & 0xff, offset, offset + width * 4);
      return 1;
    },
    wait: async () => {},
    present: async ({ handle }) => void shown.push(held.get(handle)!.slice()),
    close: async () => {},
  };
}

/** Calls of a transport are calls of the device, in one thread. */
function wired(memory: TestMemory, make: (host: VirtioHost) => VirtioDevice): VirtioTransport {
  const used: (() => void)[] = [];
  let changed = (): void => {};
  const device = make({
    memory: memory.device,
    notifyDriver: (queue) => {
      used[queue]();
    },
    configChanged: () => {
      changed();
    },
  });
  return {
    deviceId: device.deviceId,
    readStatus: async () => device.status,
    writeStatus: async (status) => {
      device.writeStatus(status);
    },
    deviceFeatures: async () => device.features,
    setDriverFeatures: async (features) => {
      device.driverFeatures = features;
    },
    readConfig: async (offset, bytes) => {
      const into = new Uint8Array(bytes);
      device.readConfig(offset, into);
      return into;
    },
    writeConfig: async (offset, bytes) => {
      device.writeConfig(offset, bytes);
    },
    maxQueueSize: async (queue) => device.queue(queue).maxSize,
    enableQueue: async (queue, setup, onUsed) => {
      used[queue] = onUsed;
      device.setQueue(queue, setup);
      device.enableQueue(queue);
    },
    notify: (queue) => {
      device.notify(queue);
    },
    onConfigChange: (handler) => {
      changed = handler;
    },
    release: () => {},
  };
}

for (const ring of ['split', 'packed'] as const) {
  for (const notify of ['interrupt', 'event-idx', 'poll'] as const) {
    test.each([1, 16])(
      `draws on the real backend (${ring}, ${notify}, batch %i)`,
      async (batch) => {
        const clock = new ManualClock();
        clock.mayBeIdle = true;
        const memory = new TestMemory();
        const shown: Uint8Array[] = [];
        const transport = wired(
          memory,
          (host) =>
            new VirtioGpu(host, {
              renderer: renderer(shown),
              clock,
              spawn: (body) => void body(),
              trace: { event: () => 0 },
              width: 640,
              height: 480,
            }),
        );
        const parts = { memory, dma: memory.dma, clock };
        const driver = await probeVirtioGpu(transport, parts, { ...plain, ring, notify, batch });
        expect((await driver.displayInfo())[0]).toMatchObject({ enabled: true });
        expect((await driver.edid())?.preferred).toMatchObject({ width: 640 });
        const gpu = await driver.open();
        const image = await gpu.createImage(32, 32);
        const expected = new Uint8Array(4096);
        for (let round = 1; round < 40; round++) {
          const at = (round * 531) % 3000;
          await gpu.write(image, at, new Uint8Array(300).fill(round));
          expected.fill(round, at, at + 300);
          await gpu.submit(fillWords(image.handle, at & ~3, 5, round * 0x01010101 + 1));
          expected.fill(round + 1, at & ~3, (at & ~3) + 20);
        }
        expect(await readAll(gpu, image, 4096)).toEqual(expected);
        await gpu.present(image);
        await gpu.close();
        expect(shown).toEqual([expected]);
        await driver.remove();
        expect(memory.leaks()).toEqual([]);
        expect(memory.refused).toEqual([]);
      },
    );
  }
}
