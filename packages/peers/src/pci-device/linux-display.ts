/**
 * An unmodified Linux with its bochs-drm on a bochs-display of ours, and the same Linux on QEMU's
 * own: both must show the same.
 */
import type { Picture } from '@doorbell/guest-driver';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { differingPixels, sameness } from '../picture-difference.ts';
import { writeConsole } from '../linux/console-text.ts';
import { bootLinux, type LinuxGuest, type LinuxOptions } from '../linux/guest.ts';
import { Modetest } from '../linux/modetest.ts';
import type { PeerRun } from '../peer.ts';
import type { Emulator } from '../qemu/emulator.ts';

export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

/** What QEMU is given for a display, and how the display is looked at. */
export interface GuestDisplay {
  readonly args: readonly string[];
  readonly descriptors?: LinuxOptions['descriptors'];
  /** What it shows now; undefined: it is dark. */
  picture(guest: LinuxGuest): Promise<Picture | undefined>;
}

/** Where the display is on the bus. */
export const DISPLAY_SLOT = 4;
const AT = `0000:00:0${DISPLAY_SLOT}.0`;
const DRIVER = 'bochs-drm';

/** What has not changed for so long is drawn, in milliseconds. */
const SETTLED_MS = 400;
/** So long it may take until what is on its way is drawn: each store may be a message. */
const DRAWN_MS = 180_000;
const PAUSE_MS = 40;

/** Shows one thing after the other; `look` is called while each is shown. */
async function showAll(
  guest: LinuxGuest,
  { width, height }: ScreenSize,
  look: (name: string) => Promise<void>,
): Promise<void> {
  await guest.shell(writeConsole('/dev/tty1'));
  await look("Linux' console");
  const modetest = await Modetest.open(guest, DRIVER);
  await modetest.show(`${width}x${height}`, '', () => look("modetest's pattern"));
  await look('the console afterwards');
}

function boot(run: PeerRun, emulator: Emulator, display: GuestDisplay): Promise<LinuxGuest> {
  const { args, descriptors = [] } = display;
  const modules = ['bochs'];
  return bootLinux(run, { emulator, args: ['-vga', 'none', ...args], descriptors, modules });
}

/** What the same guest shows on QEMU's own bochs-display. */
async function picturesOfQemu(
  run: PeerRun,
  emulator: Emulator,
  size: ScreenSize,
): Promise<ReadonlyMap<string, Picture>> {
  const file = join(run.folder, 'screen.ppm');
  const sized = `xres=${size.width},yres=${size.height}`;
  const guest = await boot(run, emulator, {
    args: ['-device', `bochs-display,id=display,addr=${DISPLAY_SLOT},${sized}`],
    picture: async () => undefined,
  });
  const shown = new Map<string, Picture>();
  try {
    await showAll(guest, size, async (name) => {
      shown.set(name, await settled(() => guest.qemu.qmp.screendump('display', file), run.signal));
    });
  } finally {
    await guest.close();
  }
  return shown;
}

/** What is shown once nothing changes any more. */
async function settled(look: () => Promise<Picture>, signal: AbortSignal): Promise<Picture> {
  let last = await look();
  for (let same = 0; same < SETTLED_MS; same += PAUSE_MS) {
    await sleep(PAUSE_MS, undefined, { signal });
    const next = await look();
    same = differingPixels(last, next) === 0 ? same : 0;
    last = next;
  }
  return last;
}

/** What is shown once it is what was expected, or when that takes too long. */
async function awaited(
  look: () => Promise<Picture | undefined>,
  expected: Picture,
  signal: AbortSignal,
): Promise<Picture | undefined> {
  const until = performance.now() + DRAWN_MS;
  for (;;) {
    const shown = await look();
    const isDone = shown !== undefined && differingPixels(shown, expected) === 0;
    if (isDone || performance.now() > until) {
      return shown;
    }
    await sleep(PAUSE_MS, undefined, { signal });
  }
}

/** Boots both, and compares what they show. */
export async function compareDisplays(
  run: PeerRun,
  emulator: Emulator,
  size: ScreenSize,
  ours: GuestDisplay,
): Promise<void> {
  run.step("Linux on QEMU's bochs-display");
  const expected = await picturesOfQemu(run, emulator, size);
  checkOracle(run, expected);
  run.step('Linux on our bochs-display');
  const guest = await boot(run, emulator, ours);
  try {
    await checkDriver(run, guest);
    await showAll(guest, size, async (name) => {
      run.step(`looking at ${name}`);
      const picture = expected.get(name)!;
      const shown = await awaited(() => ours.picture(guest), picture, run.signal);
      const seen =
        shown === undefined ? { same: false, detail: 'it is dark' } : sameness(picture, shown);
      run.check(`${name} is as on QEMU's bochs-display`, seen.same, seen.detail);
      if (shown !== undefined) {
        run.picture(name, shown);
      }
    });
    await run.keep?.(guest.console);
  } finally {
    await guest.close();
  }
}

/** A dark screen, or twice the same, would prove nothing. */
function checkOracle(run: PeerRun, expected: ReadonlyMap<string, Picture>): void {
  const [console, pattern] = [...expected.values()];
  const differing = differingPixels(console, pattern);
  const detail = `${differing} pixels of console and pattern differ`;
  run.check("QEMU's bochs-display shows two pictures", differing > 0, detail);
}

async function checkDriver(run: PeerRun, guest: LinuxGuest): Promise<void> {
  const { output } = await guest.shell(
    `ls /dev/dri; basename $(readlink /sys/bus/pci/devices/${AT}/driver); cat /sys/class/graphics/fb0/name`,
  );
  const words = output.split(/\s+/).filter((word) => word !== '');
  const passed = words.includes('card0') && words.includes(DRIVER);
  run.check('Linux has bound bochs-drm to our device', passed, words.join(' '));
}
