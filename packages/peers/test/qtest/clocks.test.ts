import { expect, it } from 'vitest';
import { accessors, bdf, eduBars, eduRegisters, type0Header } from '@doorbell/abi';
import { Edu } from '@doorbell/guest-driver';
import type { QtestMachine } from '../../src/qtest/machine.ts';
import { describeWith } from '../needs.ts';
import { withMachine } from './with-machine.ts';

const devices = ['edu,addr=3'];
const AT = bdf(0, 3, 0);
const DMA_NS = 100_000_000;

/** Starts a transfer that moves nothing, and needs no interrupt. */
function startDma(machine: QtestMachine): { isRunning: () => boolean } {
  const device = machine.device(AT);
  device.config.write(type0Header.rows.COMMAND.offset, 2, 6);
  const registers = accessors(eduRegisters, device.mapBar(eduBars.REGISTERS.index));
  registers.DMA_SOURCE.write(0x100000);
  registers.DMA_DESTINATION.write(0x40000);
  registers.DMA_COUNT.write(4);
  registers.DMA_COMMAND.write(1);
  return { isRunning: () => (registers.DMA_COMMAND.read() & 1) === 1 };
}

describeWith(['qemu'], "QEMU's virtual clock", () => {
  it('stands still unless someone waits, and moves as far as a task sleeps or spins', async () => {
    await withMachine({ devices }, async (machine) => {
      const { clock } = machine;
      machine.device(AT).config.read(0, 4);
      expect(clock.now()).toBe(0);
      clock.delay(7);
      expect(clock.now()).toBe(7);
      for (const ns of [1, 3, 10, 12345, 1_000_000, 3_000_000_000]) {
        const before = clock.now();
        await clock.sleep(ns);
        expect(clock.now()).toBe(before + ns);
      }
    });
  });

  it('is the time that devices have', async () => {
    await withMachine({ devices }, async (machine) => {
      const dma = startDma(machine);
      machine.clock.delay(DMA_NS - 1);
      expect(dma.isRunning()).toBe(true);
      machine.clock.delay(1);
      expect(dma.isRunning()).toBe(false);
    });
  });

  it("lets a wait time out, at its time and not at QEMU's next timer", async () => {
    await withMachine({ devices }, async (machine) => {
      const { clock } = machine;
      startDma(machine);
      let looks = 0;
      const look = (): boolean => ++looks < 0;
      expect(await clock.waitQueue().until(look, 'data', DMA_NS - 5)).toBe(false);
      expect(clock.now()).toBe(DMA_NS - 5);
      expect(looks).toBe(2);
      expect(await clock.waitQueue().until(() => true, 'data', 0)).toBe(true);
      expect(await clock.waitQueue().until(() => false, 'data', 0)).toBe(false);
      expect(clock.now()).toBe(DMA_NS - 5);
    });
  });

  it('looks at a condition once, and again after each wake', async () => {
    await withMachine({ devices: [] }, async ({ clock }) => {
      const queue = clock.waitQueue();
      const looks: number[] = [];
      const waiting = queue.until(() => looks.push(clock.now()) === 3, 'resource');
      for (let times = 0; times < 2; times++) {
        await clock.sleep(1000);
        queue.wake();
      }
      expect(await waiting).toBe(true);
      expect(looks).toEqual([0, 1000, 2000]);
    });
  });

  it('wakes sleepers in the order of their times', async () => {
    await withMachine({ devices: [] }, async ({ clock }) => {
      const woken: [number, number][] = [];
      await Promise.all(
        [500, 20, 300, 20].map(async (ns, index) => {
          await clock.sleep(ns);
          woken.push([index, clock.now()]);
        }),
      );
      expect(woken).toEqual([
        [1, 20],
        [3, 20],
        [2, 300],
        [0, 500],
      ]);
    });
  });

  it('gives the same times and values in each run', async () => {
    const trace = (): Promise<unknown[]> =>
      withMachine({ devices }, async (machine) => {
        const { clock } = machine;
        const edu = new Edu(machine.device(AT));
        const seen: unknown[] = [];
        const other = (async () => {
          for (let times = 0; times < 20; times++) {
            await clock.sleep(7_654_321);
            seen.push(['tick', clock.now()]);
          }
        })();
        for (let n = 1; n < 4; n++) {
          const bytes = new Uint8Array(16).fill(n);
          await edu.write(n * 16, bytes);
          seen.push(['wrote', clock.now()]);
          await edu.read((n - 1) * 16, bytes);
          seen.push(['read', clock.now(), [...bytes]]);
        }
        await other;
        return seen;
      });
    const [first, second] = [await trace(), await trace()];
    expect(second).toEqual(first);
    expect(first).toContainEqual(['tick', 7_654_321]);
    expect(first).toContainEqual(['wrote', DMA_NS]);
  });
});

describeWith(['qemu'], "the host's time", () => {
  it("passes, while QEMU's devices stand still", async () => {
    await withMachine({ devices, time: 'wall' }, async (machine) => {
      const { clock } = machine;
      const dma = startDma(machine);
      const before = clock.now();
      await clock.sleep(2_000_000);
      expect(clock.now() - before).toBeGreaterThanOrEqual(2_000_000);
      expect(await clock.waitQueue().until(() => false, 'data', 150_000_000)).toBe(false);
      expect(dma.isRunning()).toBe(true);
    });
  });

  it('brings messages to a task that waits', async () => {
    await withMachine({ devices, time: 'wall' }, async (machine) => {
      const edu = new Edu(machine.device(AT));
      expect(await edu.factorial(10)).toBe(3628800);
    });
  });
});

describeWith(['qemu'], 'a wait', () => {
  it.each(['stepped', 'wall'] as const)('ends when QEMU does (%s)', async (time) => {
    await withMachine({ devices, time }, async (machine) => {
      const { clock, qmp } = machine;
      const waiting = clock.waitQueue().until(() => false, 'data');
      const failed = expect(waiting).rejects.toThrow(/QEMU (has )?ended/);
      await qmp.execute('quit');
      await failed;
      expect(() => machine.device(AT)).toThrow(/QEMU (has )?ended/);
      await expect(clock.sleep(1)).rejects.toThrow(/QEMU (has )?ended/);
    });
  });

  it.each(['stepped', 'wall'] as const)('ends when the user gives up (%s)', async (time) => {
    await withMachine({ devices, time }, async ({ clock }, abort) => {
      const waiting = clock.waitQueue().until(() => false, 'data');
      const failed = expect(waiting).rejects.toThrow(/QEMU (has )?ended/);
      setTimeout(() => abort.abort(), 20);
      await failed;
    });
  });

  it.each(['stepped', 'wall'] as const)('ends when the machine is closed (%s)', async (time) => {
    await withMachine({ devices, time }, async (machine) => {
      const waiting = machine.clock.waitQueue().until(() => false, 'data');
      const failed = expect(waiting).rejects.toThrow('The machine was closed.');
      await machine.close();
      await failed;
      expect(() => machine.memory.load32(0x100000)).toThrow('The machine was closed.');
    });
  });
});
