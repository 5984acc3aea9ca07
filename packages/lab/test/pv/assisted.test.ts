/** Hardware-assisted paravirtualization: the same pixels as bare metal, and what it asks the host for. */
import {
  bellBars,
  doorbellRegisters,
  GpuError,
  PAGE_BYTES,
  virtioCommonConfig,
  virtioPciLayout,
} from '@doorbell/abi';
import { profiles } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { runStack } from '../../src/run.ts';
import type { Scene } from '../../src/scene.ts';
import { scenes } from '../../src/scenes/index.ts';
import { stackSpec } from '../../src/stack-spec.ts';
import type { Stack } from '../../src/stacks/stack.ts';
import { testEnvironment } from '../environment.ts';

function run(
  stack: string,
  options: Readonly<Record<string, string>> = {},
  scene: Scene = scenes.get('triangle')!,
  onStack: (stack: Stack) => void = () => {},
) {
  return runStack(
    {
      spec: stackSpec(stack, options),
      scene,
      context: { width: 64, height: 48, frames: 3, seed: 1 },
      profile: profiles.get('kvm-x86')!,
      onStack,
    },
    testEnvironment,
  );
}
const named = (name: string): Scene => scenes.get(name)!;

describe('the pixels of bare metal', () => {
  it.each([...scenes.keys()])('are those of the scene %s', async (name) => {
    const native = await run('native', {}, named(name));
    const { report } = await run('pv-assisted', {}, named(name));
    expect(report.frames).toEqual(native.report.frames);
    expect(report.driver.package).toBe('pv-frontend');
  });

  const rings = ['split', 'packed'];
  const notifies = ['event-idx', 'interrupt', 'poll'];
  const matrix = rings.flatMap((ring) =>
    notifies.flatMap((notify) => ['1', '16'].map((batch) => ({ ring, notify, batch }))),
  );
  it.each([...matrix, { ioeventfd: 'off' }, { 'posted-interrupts': 'on' }])(
    'are there with %o',
    async (options) => {
      const native = await run('native', {}, named('churn'));
      const { report } = await run('pv-assisted', options, named('churn'));
      expect(report.frames).toEqual(native.report.frames);
      // No wait was ended by a timeout: those are of a second.
      expect(report.time.virtualNs).toBeLessThan(100e6);
    },
  );

  it.each([...profiles.values()])('are there under the prices of $name', async (profile) => {
    const request = {
      scene: named('image'),
      context: { width: 64, height: 48, frames: 2, seed: 1 },
    };
    const frames = async (stack: string): Promise<object> =>
      (await runStack({ spec: stackSpec(stack), profile, ...request }, testEnvironment)).report
        .frames;
    expect(await frames('pv-assisted')).toEqual(await frames('native'));
  });
});

describe('what it costs', () => {
  it('is the same in two runs, to the nanosecond', async () => {
    const [one, two] = [await run('pv-assisted'), await run('pv-assisted')];
    const { wallMs: _1, ...first } = one.report.time;
    const { wallMs: _2, ...second } = two.report.time;
    expect(second).toEqual(first);
    expect(two.report.counts).toEqual(one.report.counts);
  });

  it('has no command and no exit for a submission, but those of its interrupt', async () => {
    const { counts } = (await run('pv-assisted', {}, named('nop'))).report;
    // Memory and the channel, one image, the page of it, and the end: however many submissions there are.
    expect(counts.commands.SUBMIT_3D).toBeLessThanOrEqual(3);
    expect(counts.commands.RESOURCE_FLUSH).toBe(3);
    const { ioeventfd, injection, ...others } = counts.exitsAfterInit;
    expect(ioeventfd).toBeLessThanOrEqual(8);
    expect(injection).toBeGreaterThanOrEqual(3 * 16);
    expect(others).toMatchObject({ 'mmio-read': 0, 'mmio-write': 0, config: 0 });
    expect(counts.shadowUpdates).toBe(0);
  });

  it('has none at all for them when interrupts are posted', async () => {
    const posted = { 'posted-interrupts': 'on' };
    const { counts } = (await run('pv-assisted', posted, named('nop'))).report;
    const { ioeventfd, ...others } = counts.exitsAfterInit;
    expect(ioeventfd).toBeLessThanOrEqual(8);
    expect(Object.values(others).every((count) => count === 0)).toBe(true);
    expect(counts.injections).toBeGreaterThanOrEqual(3 * 16);
  });

  it('has fewer commands with larger batches, where memory comes and goes', async () => {
    const commands = async (batch: string): Promise<number> =>
      (await run('pv-assisted', { batch }, named('churn'))).report.counts.commands.SUBMIT_3D;
    expect(await commands('16')).toBeLessThan(await commands('1'));
  });

  it('of asking for nothing lies between device assignment and forwarded commands', async () => {
    const ns = async (stack: string, options = {}): Promise<number> => {
      const { submit, wait } = (await run(stack, options, named('nop'))).report.time.byPhase;
      return submit + wait;
    };
    const [native, passthrough, assisted, batched, pv] = [
      ...[await ns('native'), await ns('passthrough'), await ns('pv-assisted')],
      ...[await ns('pv', { batch: '16' }), await ns('pv')],
    ];
    expect(native).toBeLessThan(passthrough);
    expect(passthrough).toBeLessThan(assisted);
    expect(assisted).toBeLessThan(Math.min(batched, pv));
  });

  it('is paid for by the interrupts that are left', async () => {
    const { report } = await run('pv-assisted', {}, named('nop'));
    expect(report.paidFor).toMatch(/mapped into the guest: no submission was an exit/);
  });
});

/** The doorbell page of the guest's channel, as the guest has it. */
function ringWrongly({ guests: [{ computer, bdf }] }: Stack, value: number): void {
  computer
    .device(bdf)
    .mapBar(virtioPciLayout.SHARED_BAR)
    .write(doorbellRegisters.rows.TAIL.offset, 4, value);
}

/** A scene before whose second frame something bad is done. Gives what the application was told. */
async function misbehave(bad: (stack: Stack) => void) {
  let stack: Stack | undefined;
  const told: unknown[] = [];
  const clear = named('clear');
  const scene: Scene = {
    ...clear,
    setup: async (gpu, context) => {
      const drawn = await clear.setup(gpu, context);
      return {
        ...drawn,
        frame: async (index) => {
          if (index === 1) {
            bad(stack!);
          }
          await drawn.frame(index).catch((error: unknown) => {
            told.push(error);
            return drawn.frame(index);
          });
        },
      };
    },
  };
  const { report } = await run('pv-assisted', {}, scene, (made) => {
    stack = made;
  });
  expect(report.frames.count).toBe(3);
  return { told, stack: stack! };
}

describe('a mistake', () => {
  it('with the doorbell is told with its reason, and the next frames are drawn', async () => {
    const { told } = await misbehave((stack) => {
      ringWrongly(stack, 3);
    });
    expect(told).toHaveLength(1);
    expect(told[0]).toBeInstanceOf(GpuError);
    expect(String(told[0])).toContain('BAD_TAIL');
  });

  it('beyond the doorbell page reaches nothing', async () => {
    const { told, stack } = await misbehave(({ guests: [{ computer, bdf }] }) => {
      const window = computer.device(bdf).mapBar(virtioPciLayout.SHARED_BAR);
      window.write(4, 4, 3);
      window.write(PAGE_BYTES, 4, 3);
      expect(window.read(PAGE_BYTES, 4)).toBe(0xffffffff);
    });
    expect(told).toEqual([]);
    expect(stack.bells[0].barRead(bellBars.DOORBELLS.index, 0, 4)).toBe(0);
  });

  it('such as a reset by somebody else is told as a loss, and no DMA goes astray', async () => {
    const { told, stack } = await resetInTheMiddle();
    expect(told).toMatchObject({ name: 'GpuError', code: 'lost' });
    expect(stack.host.iommu.counts.faults).toBe(0);
  });
});

/** The device is reset by somebody else while a scene runs. */
async function resetInTheMiddle() {
  let stack: Stack | undefined;
  let told: unknown;
  const clear = named('clear');
  const scene: Scene = {
    ...clear,
    setup: async (gpu, context) => {
      const drawn = await clear.setup(gpu, context);
      return {
        frame: async (index) => {
          if (index === 1) {
            const [{ computer, bdf }] = stack!.guests;
            const { BAR, COMMON } = virtioPciLayout;
            const status = COMMON + virtioCommonConfig.rows.DEVICE_STATUS.offset;
            computer.device(bdf).mapBar(BAR).write(status, 1, 0);
          }
          await drawn.frame(index).catch((error: unknown) => {
            told ??= error;
          });
        },
        close: () => drawn.close().catch(() => {}),
      };
    },
  };
  await run('pv-assisted', {}, scene, (made) => {
    stack = made;
  });
  return { told, stack: stack! };
}
