/** How a driver takes a device in hand, and lets go of it: VIRTIO 1.3 §2, §3, §6. */
import { CommandEncoder, GpuError } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import type { FrontendPart } from '../part.ts';
import { bits, setOf, types } from '../virtio/gpu-bytes.ts';
import { must, mustBe } from '../virtio/must.ts';
import { check } from './frontend-check.ts';
import type { FrontendRun } from './frontend-run.ts';

const FAILED = 128;
const LIVE = 1 | 2 | 8 | 4;
/** Reserved, of other devices, of one transport, or of the future: none is for this driver. */
const strange = [5, 23, 24, 30, 31, 42, 45, 50, 63, bits.SR_IOV, bits.ADMIN_VQ];
const notFor = setOf(...strange, bits.NOTIFICATION_DATA, bits.NOTIF_CONFIG_DATA);

/** Probe fails with an error that says something, and holds nothing. */
async function mustFail(run: FrontendRun): Promise<void> {
  const error = await run.errorOf('probe', () => run.probe());
  if (!(error instanceof Error)) {
    throw new Mismatch(
      'probe to fail with an Error',
      error === undefined ? 'none' : 'no Error was thrown',
    );
  }
  must(error.message.length > 10, 'an error that says what is wrong', `'${error.message}'`);
  run.mustBeAway();
}

export const initChecks: readonly Check<FrontendPart>[] = [
  check(
    '3.1.1',
    'goes-live',
    'With a device that does right, probe makes it live.',
    async (run) => {
      await run.probe();
      mustBe('the status', LIVE, run.device.status);
    },
  ),
  check(
    '3.1.1',
    'found-live',
    'A device that another driver left live is taken in hand all the same.',
    async (run) => {
      run.device.status = LIVE;
      await run.probe();
      mustBe('the status', LIVE, run.device.status);
    },
  ),
  check(
    '5.7.6.9',
    'with-contexts',
    'A device with contexts of the capset bell is used by commands, to the end.',
    async (run) => {
      run.with3d();
      const driver = await run.probe();
      const gpu = await run.ended('open', driver.open());
      must(gpu.features.commands.has('fill'), 'a Gpu that fills', 'one that does not');
      const work = async (): Promise<void> => {
        const buffer = await gpu.createBuffer(64, 'device');
        const dst = { handle: buffer.handle, offset: 0 };
        const fill = { dst, stride: 64, width: 16, height: 1, value: 1 };
        await gpu.wait(await gpu.submit(new CommandEncoder().fill(fill).finish()));
        await gpu.close();
      };
      await run.ended('a submission', work());
      mustBe('SUBMIT_3D', true, run.device.gpu.received.includes(types.SUBMIT_3D));
      mustBe('contexts that are left', 0, run.device.gpu.contextCount);
      await run.ended('remove', Promise.resolve(driver.remove()));
      run.mustBeAway();
    },
  ),
  check('6.1', 'version-1', 'VIRTIO_F_VERSION_1 is accepted.', async (run) => {
    await run.probe();
    mustBe('bit 32', setOf(bits.VERSION_1), run.device.accepted & setOf(bits.VERSION_1));
  }),
  check(
    '6.1',
    'no-sr-iov',
    'VIRTIO_F_SR_IOV is not accepted of a device without that capability.',
    async (run) => {
      run.device.offered |= setOf(bits.SR_IOV);
      await run.probe();
      mustBe('bit 37', 0n, run.device.accepted & setOf(bits.SR_IOV));
    },
  ),
  check(
    '2.2.1',
    'ignores-others',
    'Features that are not for this driver are not accepted, and do no harm.',
    async (run) => {
      run.device.offered |= notFor;
      await run.life();
      await run.probe();
      mustBe('what was accepted of them', 0n, run.device.accepted & notFor);
    },
  ),
  check(
    '2.2.1',
    'without-virgl',
    'A device that offers CONTEXT_INIT and not VIRGL is used without both.',
    async (run) => {
      run.with3d();
      run.device.offered &= ~setOf(bits.VIRGL);
      const driver = await run.probe();
      mustBe('bit 4', 0n, run.device.accepted & setOf(bits.CONTEXT_INIT));
      await run.draw(await run.ended('open', driver.open()));
    },
  ),
  check(
    '2.2.1',
    'gives-up',
    'Without a feature that it needs, the driver sets FAILED, and says what is wrong.',
    async (run) => {
      run.device.offered = setOf(bits.INDIRECT_DESC);
      await mustFail(run);
      mustBe('FAILED', FAILED, run.device.status & FAILED);
    },
  ),
  check(
    '3.1.1',
    'refused',
    'When FEATURES_OK is not confirmed, the driver sets FAILED, and says what is wrong.',
    async (run) => {
      run.device.confirms = false;
      await mustFail(run);
      mustBe('FAILED', FAILED, run.device.status & FAILED);
    },
  ),
  check(
    '2.1.1',
    'again-after-failed',
    'A device that was given up is taken in hand again once it does right.',
    async (run) => {
      run.device.confirms = false;
      await mustFail(run);
      run.device.confirms = true;
      await run.probe();
      mustBe('the status', LIVE, run.device.status);
    },
  ),
  check(
    '5.7.1',
    'another-device',
    'A device of another kind is refused, untouched.',
    async (run) => {
      run.device.deviceId = 2;
      await mustFail(run);
      mustBe('what was done to it', [], run.device.log);
    },
  ),
  check('2.6', 'no-queue', 'A device without queues is refused.', async (run) => {
    run.device.maxSize = 0;
    await mustFail(run);
  }),
  check(
    '2.1.1',
    'reset-at-the-end',
    'remove resets the device, and gives everything back, once.',
    async (run) => {
      const driver = await run.probe();
      const gpu = await run.ended('open', driver.open());
      await run.draw(gpu);
      await run.ended('remove', Promise.resolve(driver.remove()));
      mustBe('the status', 0, run.device.status);
      run.mustBeAway();
    },
  ),
  check(
    '3.3.1',
    'removed-while-busy',
    'remove while the device has work under way gives everything back; who waits is told.',
    async (run) => {
      const driver = await run.probe();
      const gpu = await run.ended('open', driver.open());
      run.device.answers = () => 'silent';
      const waiting = run.errorOf('two pictures', () => run.draw(gpu));
      await run.time.settle();
      await run.ended('remove', Promise.resolve(driver.remove()));
      const error = await waiting;
      must(
        error instanceof GpuError && error.code === 'lost',
        "a GpuError 'lost' for who waits",
        String(error),
      );
      run.mustBeAway();
    },
  ),
  check(
    '3.2.1',
    'display-changed',
    'A change of the display, at any moment, does the work no harm.',
    async (run) => {
      run.device.onCommand = () => {
        run.device.changeDisplay();
      };
      await run.life();
      run.mustBeAway();
    },
  ),
  check(
    '2.1.2',
    'needs-reset-in-probe',
    'A device that needs a reset while it is probed is given up.',
    async (run) => {
      run.with3d();
      run.device.answers = () => 'needs-reset';
      await mustFail(run);
    },
  ),
  check('3.1.1', 'silent-in-probe', 'A device that never answers is given up.', async (run) => {
    run.with3d();
    run.device.answers = () => 'silent';
    await mustFail(run);
  }),
];
