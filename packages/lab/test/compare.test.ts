import { bellBars, bellRegisters, GpuError } from '@doorbell/abi';
import { profiles, type ExitReason } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { compare, type CompareRequest } from '../src/compare.ts';
import { contractOf } from '../src/mode-contract.ts';
import type { StackReport } from '../src/report.ts';
import { Aborted } from '../src/frames.ts';
import { runStack } from '../src/run.ts';
import type { Scene } from '../src/scene.ts';
import { scenes } from '../src/scenes/index.ts';
import { parseStacks, stackSpec } from '../src/stack-spec.ts';
import type { Stack } from '../src/stacks/stack.ts';
import { testEnvironment } from './environment.ts';

const profile = profiles.get('kvm-x86')!;
const ALL = 'native,passthrough,sriov,mdev,emulated';

function request(scene: string, stacks = ALL): CompareRequest {
  return {
    stacks: parseStacks(stacks),
    scene: scenes.get(scene)!,
    frames: 3,
    width: 64,
    height: 48,
    seed: 1,
    profile,
  };
}

async function reports(scene: string, stacks = ALL): Promise<readonly StackReport[]> {
  const { report } = await compare(request(scene, stacks), testEnvironment);
  expect(report.identical).toBe(true);
  return report.stacks;
}

describe('compare', () => {
  it.each([...scenes.keys()])('%s has the same pixels through each stack', async (scene) => {
    const stacks = await reports(scene);
    expect(stacks.map(({ frames }) => frames.count)).toEqual([3, 3, 3, 3, 3]);
    expect(new Set(stacks.map(({ driver }) => driver.sha256)).size).toBe(1);
  });

  it.each([...profiles.keys()])('under the prices of %s, too', async (name) => {
    const priced = { ...request('image'), profile: profiles.get(name)! };
    const { report } = await compare(priced, testEnvironment);
    expect(report.identical).toBe(true);
    expect(report.profile).toBe(name);
  });

  it('counts no exit on bare metal', async () => {
    const [native] = await reports('bunny', 'native');
    expect(native.counts.exits).toBe(0);
    expect(native.counts.directAccesses).toBeGreaterThan(0);
    expect(native.counts.injections).toBe(0);
  });

  it('counts, after init, no exit of passthrough but those of interrupts', async () => {
    const [passthrough] = await reports('bunny', 'passthrough');
    const { exitsAfterInit, interrupts } = passthrough.counts;
    const registers: ExitReason[] = ['mmio-read', 'mmio-write', 'config'];
    expect(registers.map((reason) => exitsAfterInit[reason])).toEqual([0, 0, 0]);
    expect(exitsAfterInit['external-interrupt']).toBeGreaterThan(0);
    expect(passthrough.counts.injections).toBe(interrupts);
  });

  it('counts none at all when interrupts are posted', async () => {
    const [posted] = await reports('bunny', 'passthrough:posted-interrupts=on');
    expect(Object.values(posted.counts.exitsAfterInit).every((count) => count === 0)).toBe(true);
    expect(posted.counts.injections).toBeGreaterThan(0);
  });

  it.each(['map', 'trap'])(
    'counts an exit for each access to an emulated device, with vram=%s',
    async (vram) => {
      let accesses = 0;
      const trapped = (bar: number): boolean => vram === 'trap' || bar !== bellBars.VRAM.index;
      const { report } = await runStack(
        {
          spec: stackSpec('emulated', { vram }),
          scene: scenes.get('triangle')!,
          context: { width: 64, height: 48, frames: 3, seed: 1 },
          profile,
          // Counted where the accesses arrive, apart from the hypervisor's own counts.
          onStack: ({ bells: [bell] }) => {
            const read = bell.barRead.bind(bell);
            const write = bell.barWrite.bind(bell);
            bell.barRead = (bar, offset, width) => {
              accesses += trapped(bar) ? 1 : 0;
              return read(bar, offset, width);
            };
            bell.barWrite = (bar, offset, width, value) => {
              accesses += trapped(bar) ? 1 : 0;
              write(bar, offset, width, value);
            };
          },
        },
        testEnvironment,
      );
      const exits = report.counts.exitsByReason;
      expect(accesses).toBeGreaterThan(50);
      expect(exits['mmio-read'] + exits['mmio-write']).toBe(accesses);
      expect(report.counts.directAccesses === 0).toBe(vram === 'trap');
    },
  );

  it('spends the time of a scene in its phases, to the nanosecond', async () => {
    for (const { time } of await reports('churn')) {
      const sum = Object.values(time.byPhase).reduce((total, ns) => total + ns, 0);
      expect(sum).toBe(time.virtualNs);
    }
  });

  it('keeps the time to assemble a virtual machine apart', async () => {
    const [native, passthrough] = await reports('nop', 'native,passthrough');
    expect(native.time.setupNs).toBe(0);
    const pages = (128 << 20) / 4096;
    expect(passthrough.time.setupNs).toBeGreaterThanOrEqual(
      pages * profile.constants['vfio.mapPage'].value,
    );
    expect(passthrough.time.byCost['vfio.mapPage']).toBeUndefined();
  });

  it('reports the contract of each stack, which is that of its name whatever its options', async () => {
    const stacks = await reports('nop', 'native,native:iommu=off,emulated');
    expect(stacks.map(({ contract }) => contract)).toEqual([
      ...[contractOf('native'), contractOf('native'), contractOf('emulated')],
    ]);
  });

  it('reports the same twice', async () => {
    const first = await compare(request('image'), testEnvironment);
    const second = await compare(request('image'), testEnvironment);
    expect(first.report).toEqual(second.report);
  });

  it('knows no relation to native without native', async () => {
    const [, emulated] = await reports('nop', 'passthrough,emulated');
    expect(emulated.time.relativeToNative).toBeNull();
    const [native, again] = await reports('nop', 'native,native:iommu=off');
    expect(native.time.relativeToNative).toBe(1);
    expect(again.time.relativeToNative).toBeLessThan(1);
  });

  it('finds the first frame that differs, with both pictures', async () => {
    let runs = 0;
    const clear = scenes.get('clear')!;
    /** Draws another second frame when it runs on the second stack. */
    const fickle: Scene = {
      ...clear,
      setup: async (gpu, context) => {
        const differs = runs++ % 2 === 1;
        const run = await clear.setup(gpu, context);
        return { ...run, frame: (index) => run.frame(differs && index === 1 ? 2 : index) };
      },
    };
    const { report, mismatch } = await compare(
      { ...request('clear', 'native,emulated'), scene: fickle },
      testEnvironment,
    );
    expect(report.identical).toBe(false);
    expect(mismatch).toMatchObject({ frame: 1, reference: 'native', stack: 'emulated' });
    expect(mismatch?.expected.pixels).not.toEqual(mismatch?.seen.pixels);
  });

  it('leaves a renderer that draws nothing out of the comparison, and nothing else', async () => {
    const both = await compare(request('triangle', 'native,pv:renderer=null,pv'), testEnvironment);
    expect(both.report.identical).toBe(true);
    expect(both.mismatch).toBeUndefined();
    const [native, nothing, pv] = both.report.stacks.map(({ frames }) => frames.sha256);
    expect(pv).toBe(native);
    expect(nothing).not.toBe(native);
  });

  it('ends when it is told to', async () => {
    const signal = { aborted: false };
    const running = compare(
      {
        ...request('clear'),
        signal,
        onProgress: ({ frame }) => {
          signal.aborted = frame === 1;
        },
      },
      testEnvironment,
    );
    await expect(running).rejects.toThrow(Aborted);
  });
});

/** Runs a scene whose second frame does something bad, and returns what the application was told. */
async function misbehave(stackName: string, bad: (stack: Stack) => void): Promise<unknown> {
  let stack: Stack | undefined;
  let told: unknown;
  const clear = scenes.get('clear')!;
  const scene: Scene = {
    ...clear,
    setup: async (gpu, context) => {
      const run = await clear.setup(gpu, context);
      return {
        ...run,
        frame: async (index) => {
          if (index === 1) {
            bad(stack!);
          }
          // Work fails after it was submitted: the application hears of it by its next call.
          await run.frame(index).catch((error: unknown) => {
            told ??= error;
          });
        },
      };
    },
  };
  const { report } = await runStack(
    {
      spec: stackSpec(stackName),
      scene,
      context: { width: 64, height: 48, frames: 6, seed: 1 },
      profile,
      onStack: (made) => {
        stack = made;
      },
    },
    testEnvironment,
  );
  expect(report.frames.count).toBeGreaterThanOrEqual(4);
  return told;
}

describe.each(['native', 'passthrough', 'sriov', 'mdev', 'emulated'])('a mistake on %s', (name) => {
  it('with a reserved register is told to the application, and the next frames are drawn', async () => {
    const told = await misbehave(name, ({ guests: [{ computer, bdf }] }) => {
      computer.device(bdf).mapBar(bellBars.REGISTERS.index).write(0x0ff0, 4, 1);
    });
    expect(told).toBeInstanceOf(GpuError);
    expect(String(told)).toContain('0xff0');
  });

  it('with the tail of another channel leaves this one alone', async () => {
    const told = await misbehave(name, ({ guests: [{ computer, bdf }] }) => {
      const device = computer.device(bdf);
      device.mapBar(bellBars.DOORBELLS.index).write(5 * 4096, 4, 3);
      device.mapBar(bellBars.REGISTERS.index).read(bellRegisters.rows.ID.offset, 4);
    });
    expect(told).toBeUndefined();
  });
});

describe('a DMA address outside of its mappings', () => {
  it.each(['native', 'passthrough', 'sriov'])(
    '%s: is refused by the IOMMU and told as a fault; the next frames are drawn',
    async (name) => {
      let faults = 0;
      const told = await misbehave(name, (stack) => {
        // The GPU is cut off for as long as the IOMMU knows no domain for it.
        const { iommu } = stack.host;
        const translate = iommu.translate.bind(iommu);
        iommu.translate = (requester, iova, write) =>
          faults++ === 0 ? translate(0x1ff, iova, write) : translate(requester, iova, write);
      });
      expect(told).toBeInstanceOf(GpuError);
      expect(String(told)).toContain('BUS');
    },
  );
});
