/** The mock device notes each thing that no driver may do, and nothing that one may. */
import type { QueueSetup } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { MockDevice } from '../src/frontend/mock-device.ts';
import { rules, type Rule } from '../src/frontend/rules.ts';
import { StrictMemory } from '../src/frontend/strict-memory.ts';
import { CheckTime } from '../src/virtio/check-time.ts';
import { bits, message, setOf, types } from '../src/virtio/gpu-bytes.ts';

const AGREED = 1 | 2 | 8;
const LIVE = AGREED | 4;
const SIZE = 8;

class Bench {
  readonly time = new CheckTime();
  readonly memory = new StrictMemory();
  readonly device = new MockDevice(this.memory, this.time);
  /** A page for each queue: the descriptor table, the available ring, the used ring. */
  readonly setups = [0, 1].map((): QueueSetup => {
    const { iova } = this.memory.dma.allocateCoherent(4096);
    return { size: SIZE, descriptors: iova, driver: iova + 0x400, device: iova + 0x800 };
  });

  async agree(features = setOf(bits.VERSION_1)): Promise<void> {
    for (const status of [0, 1, 3]) {
      await this.device.writeStatus(status);
    }
    await this.device.setDriverFeatures(features);
    await this.device.writeStatus(AGREED);
  }

  async start(features?: bigint): Promise<void> {
    await this.agree(features);
    await this.device.enableQueue(0, this.setups[0], () => {});
    await this.device.enableQueue(1, this.setups[1], () => {});
    await this.device.writeStatus(LIVE);
  }

  /** Gives the device one buffer, by hand. */
  async give(queue: number, command: Uint8Array): Promise<number> {
    const { address, iova } = this.memory.dma.allocateCoherent(4096);
    this.memory.copyIn(address, command);
    const { descriptors, driver } = this.setups[queue];
    const { device: shared } = this.memory;
    shared.store32(descriptors, iova);
    shared.store32(descriptors + 8, command.length);
    shared.store16(driver + 2, 1);
    this.device.notify(queue);
    await this.time.until(() => false, 10_000);
    return iova;
  }
}

/** What is sent to the GPU, after it was made to have image 1 of 4 by 4 pixels. */
async function commands(bench: Bench, ...sent: readonly Uint8Array[]): Promise<void> {
  bench.device.gpu.answer(message(types.RESOURCE_CREATE_2D, [1, 67, 4, 4]), 0n);
  for (const command of sent) {
    bench.device.gpu.answer(command, setOf(bits.VIRGL));
  }
}

const breaches: Readonly<Record<Rule, (bench: Bench) => Promise<void>>> = {
  '3.1.1/reset-first': ({ device }) => device.writeStatus(1),
  '3.1.1/sequence': async ({ device }) => {
    await device.writeStatus(0);
    await device.writeStatus(LIVE);
  },
  '2.1.1/never-clears': async ({ device }) => {
    await device.writeStatus(0);
    await device.writeStatus(1);
    await device.writeStatus(2);
  },
  '2.1.1/reset-after-failed': async (bench) => {
    await bench.agree();
    await bench.device.writeStatus(AGREED | 128);
    await bench.device.writeStatus(LIVE | 128);
  },
  '2.2.1/offered-only': (bench) => bench.agree(setOf(bits.VERSION_1, bits.IN_ORDER)),
  '2.2.1/dependencies': (bench) => bench.agree(setOf(bits.VERSION_1, bits.CONTEXT_INIT)),
  '3.1.1/features-once': async (bench) => {
    await bench.agree();
    await bench.device.setDriverFeatures(0n);
  },
  '3.1.1/stops-when-refused': async (bench) => {
    bench.device.confirms = false;
    await bench.start();
  },
  '3.1.1/no-config-write': ({ device }) => device.writeConfig(4, Uint8Array.of(1, 0, 0, 0)),
  '3.1.1/queues-before-driver-ok': async (bench) => {
    await bench.start();
    await bench.device.enableQueue(1, bench.setups[1], () => {});
  },
  '3.1.1/no-early-notify': async (bench) => {
    await bench.agree();
    bench.device.notify(0);
  },
  '2.7/size': async (bench) => {
    await bench.agree();
    await bench.device.enableQueue(0, { ...bench.setups[0], size: 12 }, () => {});
  },
  '2.7/ring': async (bench) => {
    await bench.start();
    bench.memory.device.store16(bench.setups[0].driver + 2, 1000);
    bench.device.notify(0);
    await bench.time.until(() => false, 10_000);
  },
  '5.7.4.1/events-read': async (bench) => {
    await bench.start();
    await bench.device.writeConfig(0, Uint8Array.of(1, 0, 0, 0));
  },
  '3.3.1/exposed': async (bench) => {
    await bench.start();
    bench.memory.dma.unmap(bench.setups[0].descriptors, 4096);
  },
  '3.3.1/unaltered': async (bench) => {
    bench.device.answers = () => 'silent';
    await bench.start();
    const iova = await bench.give(0, message(types.GET_DISPLAY_INFO));
    bench.memory.device.store32(iova, 0);
    await bench.device.writeStatus(0);
  },
  '6.1/reach': async (bench) => {
    await bench.agree();
    await bench.device.enableQueue(0, { ...bench.setups[0], descriptors: 4096 }, () => {});
  },
  '5.7.2/queues': async (bench) => {
    await bench.start();
    await bench.give(1, message(types.GET_DISPLAY_INFO));
  },
  '5.7.3/needs-feature': async ({ device }) => {
    device.gpu.answer(message(types.GET_EDID, [0, 0]), 0n);
  },
  '5.7.6.7/whole': (bench) => commands(bench, message(types.RESOURCE_UNREF, [1])),
  '5.7.6.8/resource-ids': (bench) =>
    commands(bench, message(types.RESOURCE_CREATE_2D, [1, 67, 4, 4])),
  '5.7.6.8/backing': (bench) =>
    commands(bench, message(types.TRANSFER_TO_HOST_2D, [0, 0, 4, 4, 0, 0, 1, 0])),
  '5.7.6.8/rectangles': (bench) => commands(bench, message(types.SET_SCANOUT, [0, 0, 5, 4, 0, 1])),
  '5.7.6.8/capset-index': (bench) => commands(bench, message(types.GET_CAPSET_INFO, [0, 0])),
  '5.7.6.9/contexts': (bench) => commands(bench, message(types.CTX_DESTROY)),
};

describe('the mock device', () => {
  it.each(Object.entries(breaches))('notes when a driver breaks %s', async (rule, breach) => {
    const bench = new Bench();
    await breach(bench);
    expect([...bench.device.broken.keys()]).toContain(rule);
  });

  it('has nothing against a driver that does right', async () => {
    const bench = new Bench();
    await bench.start();
    await bench.give(0, message(types.GET_DISPLAY_INFO, [], { flags: 1, fence: 1n }));
    await bench.device.writeStatus(0);
    expect([...bench.device.broken].filter(([rule]) => rule !== '5.7.6.7/whole')).toEqual([]);
    expect(Object.keys(rules)).toHaveLength(Object.keys(breaches).length);
  });
});

describe('the time of a check', () => {
  it('goes from timer to timer, and ends where nothing is left', async () => {
    const time = new CheckTime();
    const queue = time.clock.waitQueue();
    let held = false;
    void queue
      .until(() => false, 'time', 500)
      .then((result) => {
        held = !result;
      });
    expect(await time.until(() => held)).toBe(true);
    expect(time.now()).toBe(500);
    expect(await time.until(() => false)).toBe(false);
    time.clock.delay(7);
    expect(time.now()).toBe(507);
  });

  it('lets two wait for one another', async () => {
    const time = new CheckTime();
    const inner = time.until(() => time.now() >= 1000);
    time.after(1000, () => {});
    let isOver = false;
    void inner.then(() => {
      isOver = true;
    });
    expect(await time.until(() => isOver)).toBe(true);
  });
});

describe('strict memory', () => {
  it('gives a device no address of the CPU, and tells what is held', () => {
    const memory = new StrictMemory();
    const { address, iova, bytes } = memory.dma.allocateCoherent(10);
    expect(iova).not.toBe(address);
    memory.store32(address, 7);
    expect(memory.device.load32(iova)).toBe(7);
    expect(memory.fetchNow(address, new Uint8Array(4))).toBe(false);
    expect(memory.refused).toHaveLength(1);
    expect(memory.held).toEqual(['1 DMA mappings', '1 allocations']);
    expect(() => {
      memory.dma.unmap(iova, 11);
    }).toThrow(RangeError);
    memory.dma.freeCoherent({ address, iova, bytes });
    expect(memory.held).toEqual([]);
  });
});
