/** Debian's own virtio_gpu driver, unmodified, on our device behind QEMU's vhost-user-gpu. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Picture } from '@doorbell/guest-driver';
import { differingPixels, sameness } from '../picture-difference.ts';
import { bootWithOurGpu, HEIGHT, type OurGpuGuest, WIDTH } from '../linux/gpu-guest.ts';
import { Modetest } from '../linux/modetest.ts';
import { rebind } from '../linux/rebind.ts';
import { picturesOfQemu, PREFERRED, type Scene, scenes, textConsole } from '../linux/scenes.ts';
import { untilSame } from '../linux/screen.ts';
import { watch, type Watched } from '../linux/watched-backend.ts';
import type { Peer, PeerRun } from '../peer.ts';

const FLIP_SECONDS = 2;
/** So long the guest may take until its pointer is shown and moves. */
const CURSOR_MS = 120_000;
const LOOK_MS = 50;
/** modetest's cursor is one colour: its pattern "plain" is 77h in every byte. */
const CURSOR_BYTE = 0x77;
/** Longer than the guest takes to draw, also on a machine that is slow. */
const LOST_MS = 2000;

const cursorCommands = ['UPDATE_CURSOR', 'MOVE_CURSOR'].map((name) => `device.command.${name}`);

/** Resolves when it is so, or has not been in time. */
async function until(isOver: () => boolean): Promise<void> {
  const deadline = performance.now() + CURSOR_MS;
  while (!isOver() && performance.now() < deadline) {
    await sleep(LOOK_MS);
  }
}

/** Our device under way. */
class Meeting {
  private readonly run: PeerRun;
  private readonly gpu: OurGpuGuest;
  private readonly modetest: Modetest;
  private readonly expected: ReadonlyMap<string, Picture>;
  private watched: Watched;

  constructor(
    run: PeerRun,
    gpu: OurGpuGuest,
    modetest: Modetest,
    watched: Watched,
    expected: ReadonlyMap<string, Picture>,
  ) {
    this.run = run;
    this.gpu = gpu;
    this.modetest = modetest;
    this.watched = watched;
    this.expected = expected;
  }

  private get counts(): Readonly<Record<string, number>> {
    const { device, ...numbers } = this.gpu.connection.counts;
    const named = Object.entries(device).map(([name, value]) => [`device.${name}`, value]);
    return { ...numbers, ...(Object.fromEntries(named) as Record<string, number>) };
  }

  /** The driver has our device, and shows its console. */
  async cameUp(): Promise<void> {
    const { run, gpu } = this;
    const card = await gpu.guest.shell('ls /dev/dri/card0');
    run.check('the driver takes our device', card.status === 0, card.output);
    run.counts('boot', this.counts);
  }

  /** What the connection counted while something ran. */
  private async counted(
    title: string,
    body: () => Promise<void>,
  ): Promise<Readonly<Record<string, number>>> {
    const before = this.counts;
    await body();
    const counts = Object.fromEntries(
      Object.entries(this.counts)
        .map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
        .filter(([, value]) => value !== 0),
    );
    this.run.counts(title, counts);
    return counts;
  }

  private async compare(title: string, expected: Picture): Promise<void> {
    const { run, gpu, watched } = this;
    const seen = await untilSame(() => gpu.dump(), expected);
    const ofQemu = sameness(expected, seen);
    run.check(`${title}: as on QEMU's own device`, ofQemu.same, ofQemu.detail);
    run.picture(title, seen);
    const drawn = watched.picture();
    const ofOurs =
      drawn === undefined ? { same: false, detail: 'nothing was drawn' } : sameness(seen, drawn);
    run.check(`${title}: QEMU shows what our device drew`, ofOurs.same, ofOurs.detail);
  }

  /** @param title  what is shown, and under which circumstances */
  async scene({ name, show }: Scene, title = name): Promise<void> {
    const { run, gpu, modetest, expected } = this;
    run.step(`${title}, on our device`);
    await this.counted(title, () =>
      show(gpu, modetest, () => this.compare(title, expected.get(name)!)),
    );
  }

  async flips(): Promise<void> {
    const { run, modetest } = this;
    run.step('page flips');
    let flips = 0;
    const counts = await this.counted(`modetest -v, ${FLIP_SECONDS} s`, async () => {
      ({ flips } = await modetest.flip(PREFERRED, FLIP_SECONDS));
    });
    const flushes = counts['device.command.RESOURCE_FLUSH'] ?? 0;
    const detail = `${flips} flips, ${flushes} flushes`;
    run.check('page flips: each reaches our device', flips > 0 && flushes >= flips, detail);
  }

  async cursor(): Promise<void> {
    const { run, modetest, watched } = this;
    run.step('the cursor');
    const before = this.counts;
    const isOver = (): boolean =>
      watched.cursor() !== undefined &&
      cursorCommands.every((name) => this.counts[name] > (before[name] ?? 0));
    const counts = await this.counted('modetest -C', () =>
      modetest.show(PREFERRED, '-C', () => until(isOver)),
    );
    for (const name of cursorCommands) {
      const count = counts[name] ?? 0;
      run.check(`cursor: ${name.split('.').at(-1)}`, count > 0, `${count} of them`);
    }
    const pixels = watched.cursor()?.pixels ?? new Uint8Array(0);
    const filled = pixels.filter((byte) => byte === CURSOR_BYTE).length;
    const detail = `${filled} of ${pixels.length} bytes are 0x${CURSOR_BYTE.toString(16)}`;
    const isFilled = filled > 0 && filled === pixels.length;
    run.check('cursor: as modetest fills it, alpha and all', isFilled, detail);
  }

  /** The device is reset, and another driver's life begins. */
  async rebound(): Promise<void> {
    await rebind(this.gpu.guest);
    await this.scene(textConsole, 'text console, the driver off and on again');
  }

  private async end(): Promise<void> {
    this.run.step('our device ends');
    await this.gpu.connection.close();
  }

  /** The device ends: the guest goes on, and what it draws is lost. Then another takes over. */
  async restarted(): Promise<void> {
    const { run, gpu } = this;
    const before = await gpu.dump();
    await this.end();
    await gpu.guest.shell('echo lost >/dev/tty0');
    await sleep(LOST_MS);
    const differing = differingPixels(before, await gpu.dump());
    run.check(
      'without our device: the screen stays',
      differing === 0,
      `${differing} pixels differ`,
    );

    run.step('another device takes over');
    this.watched = watch(await run.openBackend(WIDTH, HEIGHT));
    await gpu.reconnect(this.watched.backend);
    await rebind(gpu.guest);
    await this.scene(textConsole, 'text console, on a device that took over');
  }

  /** It ends for good: whoever waits for a picture waits, and the rest of the guest does not. */
  async ended(): Promise<void> {
    const { run, gpu, modetest } = this;
    await this.end();
    const waits = await modetest.waits(PREFERRED, FLIP_SECONDS);
    run.check(
      'without our device: page flips wait',
      waits,
      waits ? 'modetest is there, and has flipped nothing' : 'modetest flipped or ended',
    );
    const { output } = await gpu.guest.shell('echo $((6 * 7))');
    run.check('without our device: the guest goes on', output === '42', output);
  }
}

async function meetLinux(run: PeerRun, expected: ReadonlyMap<string, Picture>): Promise<void> {
  const watched = watch(await run.openBackend(WIDTH, HEIGHT));
  const gpu = await bootWithOurGpu(run, watched.backend);
  try {
    const meeting = new Meeting(run, gpu, await Modetest.open(gpu.guest), watched, expected);
    await meeting.cameUp();
    for (const scene of scenes) {
      await meeting.scene(scene);
    }
    await meeting.flips();
    await meeting.cursor();
    await meeting.rebound();
    await meeting.restarted();
    if (run.keep === undefined) {
      await meeting.ended();
    } else {
      // A person may do anything to the guest, so nothing is checked afterwards.
      await run.keep(gpu.guest.console);
    }
  } finally {
    await gpu.close();
  }
}

export const linuxVirtioGpu: Peer = {
  name: 'linux-virtio-gpu',
  summary: "Debian's virtio_gpu driver, unmodified, draws on our virtio-gpu.",
  records: true,
  needs: ['qemu', 'linux', 'koffi'],
  isQuick: false,
  limitMs: 900_000,
  meet: async (run) => {
    await meetLinux(run, await picturesOfQemu(run));
  },
};
