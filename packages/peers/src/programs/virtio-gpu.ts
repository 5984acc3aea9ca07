/** Our paravirtual driver, as it is, on QEMU's own virtio-gpu: what it draws is on QEMU's screen. */
import { bdf, type Gpu, type GpuImage, type PciDevice, type0Header } from '@doorbell/abi';
import type { Picture } from '@doorbell/guest-driver';
import {
  type FrontendOptions,
  pciTransport,
  probeVirtioGpu,
  type VirtioGpuDriver,
} from '@doorbell/pv-frontend';
import { join } from 'node:path';
import { agreement } from '../differential-gpu/agreed-features.ts';
import { sameness } from '../picture-difference.ts';
import type { Peer, PeerRun } from '../peer.ts';
import { findEmulator } from '../qemu/emulator.ts';
import { type QtestMachine, startQtestMachine } from '../qtest/machine.ts';

const WIDTH = 640;
const HEIGHT = 480;
const AT = bdf(0, 2, 0);
const CURSOR_SIZE = 64;
const BUNNY_FRAMES = 4;

/** One way to use the device. */
interface Variant {
  readonly name: string;
  /** Of QEMU's device. */
  readonly properties: string;
  readonly options: FrontendOptions;
  /** What both halves must have agreed on, by name. */
  readonly features: readonly string[];
  /** Whether the driver learns of used buffers by interrupts. */
  readonly interrupts: boolean;
}

function variant(
  options: Pick<FrontendOptions, 'ring' | 'notify' | 'batch'>,
  properties = '',
): Variant {
  const { ring, notify, batch } = options;
  const plain = properties.includes('indirect_desc=off');
  return {
    name: `${ring}, ${notify}, batch ${batch}${plain ? ', direct' : ''}`,
    properties,
    options: { ...options, recover: false },
    features: [
      'EDID',
      ...(plain ? [] : ['INDIRECT_DESC']),
      ...(notify === 'event-idx' ? ['EVENT_IDX'] : []),
      'VERSION_1',
      ...(ring === 'packed' ? ['RING_PACKED'] : []),
    ],
    interrupts: notify !== 'poll',
  };
}

const PLAIN = ',event_idx=off,indirect_desc=off';

/** The first shows everything; the others draw the same pictures in other ways. */
const variants: readonly Variant[] = [
  variant({ ring: 'split', notify: 'event-idx', batch: 1 }),
  variant({ ring: 'split', notify: 'event-idx', batch: 16 }),
  variant({ ring: 'split', notify: 'interrupt', batch: 1 }),
  variant({ ring: 'split', notify: 'interrupt', batch: 4 }),
  variant({ ring: 'split', notify: 'poll', batch: 1 }),
  variant({ ring: 'split', notify: 'interrupt', batch: 1 }, PLAIN),
  variant({ ring: 'packed', notify: 'event-idx', batch: 4 }, ',packed=on'),
  variant({ ring: 'packed', notify: 'interrupt', batch: 1 }, `,packed=on${PLAIN}`),
];

export const virtioGpu: Peer = {
  name: 'virtio-gpu',
  summary: 'Our paravirtual driver, unchanged, draws on the virtio-gpu of QEMU.',
  needs: ['qemu'],
  isQuick: true,
  limitMs: 300_000,
  meet: async (run) => {
    const image = await run.frames('image', WIDTH, HEIGHT);
    const bunny = (await run.frames('bunny', WIDTH, HEIGHT)).slice(0, BUNNY_FRAMES);
    const [first, ...others] = variants;
    let messages = await onMachine(run, first, async (meeting) => {
      await meeting.boot(async (driver) => {
        await meeting.describe(driver);
        await meeting.draw(driver, 'image', image.slice(0, 1));
        await meeting.point(driver);
      });
      run.step('removes the driver, and takes the device in hand again');
      await meeting.boot((driver) => meeting.draw(driver, 'bunny', bunny));
    });
    for (const other of others) {
      messages += await onMachine(run, other, (meeting) =>
        meeting.boot((driver) => meeting.draw(driver, 'bunny', bunny)),
      );
    }
    // How many is a matter of who is quicker, the device or the driver that looks once more.
    run.check('MSI-X messages came', messages > 0, `${messages} of all`);
  },
};

async function onMachine(
  run: PeerRun,
  which: Variant,
  body: (meeting: Meeting) => Promise<void>,
): Promise<number> {
  run.step(`draws by ${which.name}`);
  const device = `virtio-gpu-pci,id=gpu,addr=2,xres=${WIDTH},yres=${HEIGHT}${which.properties}`;
  const machine = await startQtestMachine(run, {
    emulator: findEmulator('qemu'),
    devices: [device],
  });
  const meeting = new Meeting(run, which, machine);
  try {
    await body(meeting);
    return meeting.messages;
  } finally {
    await machine.close();
  }
}

class Meeting {
  private readonly run: PeerRun;
  private readonly variant: Variant;
  private readonly machine: QtestMachine;
  /** MSI-X messages that came. */
  messages = 0;

  constructor(run: PeerRun, which: Variant, machine: QtestMachine) {
    this.run = run;
    this.variant = which;
    this.machine = machine;
  }

  private check(name: string, passed: boolean, detail: string): void {
    this.run.check(`${this.variant.name}: ${name}`, passed, detail);
  }

  /** Takes the device in hand, and lets go of it again. */
  async boot(body: (driver: VirtioGpuDriver) => Promise<void>): Promise<void> {
    const { machine } = this;
    const { memory, clock } = machine;
    const device = this.counted(machine.device(AT));
    const parts = { memory, clock, dma: device.dma };
    const driver = await probeVirtioGpu(pciTransport(device), parts, this.variant.options);
    try {
      this.checkFeatures(device);
      await body(driver);
    } finally {
      await driver.remove();
    }
    const command = device.config.read(type0Header.rows.COMMAND.offset, 2);
    this.check('the function is let go of', command === 0, `COMMAND is 0x${command.toString(16)}`);
  }

  /** The same function; its messages are counted. */
  private counted(device: PciDevice): PciDevice {
    const { irq } = device;
    return {
      ...device,
      irq: {
        request: (handler) =>
          irq.request(() => {
            this.messages++;
            handler();
          }),
        requestLine: (handler) => irq.requestLine(handler),
        release: (message) => irq.release(message),
        releaseLine: () => irq.releaseLine(),
      },
    };
  }

  /** As QEMU has it. */
  private checkFeatures(device: PciDevice): void {
    const expected = this.variant.features.join(', ');
    const features = agreement(device).features.join(', ');
    this.check('the features are agreed on', features === expected, features);
  }

  async describe(driver: VirtioGpuDriver): Promise<void> {
    const displays = await driver.displayInfo();
    const [display] = displays;
    const { width, height } = display.r;
    const isSize = width === WIDTH && height === HEIGHT;
    const passed = displays.length === 1 && display.enabled && isSize;
    this.check('there is one display', passed, `${displays.length}, ${width}x${height}`);
    const edid = await driver.edid();
    const said = `${edid?.manufacturer} "${edid?.name}", ${edid?.preferred.width}x${edid?.preferred.height}`;
    const isQemu = edid?.manufacturer === 'RHT' && edid.name === 'QEMU Monitor';
    const prefers = edid?.preferred.width === WIDTH && edid.preferred.height === HEIGHT;
    this.check('the display says what it is', isQemu && prefers, said);
  }

  /** Draws frames, each compared with what QEMU's screen shows. */
  async draw(driver: VirtioGpuDriver, scene: string, frames: readonly Picture[]): Promise<void> {
    const { counts: before } = driver;
    const messages = this.messages;
    const gpu = await driver.open();
    const image = await gpu.createImage(WIDTH, HEIGHT);
    for (const [number, frame] of frames.entries()) {
      await this.show(driver, gpu, image, frame);
      await this.compare(`${scene} ${number + 1}`, frame);
    }
    await gpu.close();
    const { kicks, suppressedKicks, descriptors, commands } = driver.counts;
    const interrupts = this.messages - messages;
    this.run.counts(`${scene}, ${frames.length} frames: ${this.variant.name}`, {
      commands: commands - before.commands,
      descriptors: descriptors - before.descriptors,
      kicks: kicks - before.kicks,
      suppressedKicks: suppressedKicks - before.suppressedKicks,
      interrupts,
    });
    if (!this.variant.interrupts) {
      this.check('no message comes to who looks itself', interrupts === 0, `${interrupts} came`);
    }
  }

  private async show(
    driver: VirtioGpuDriver,
    gpu: Gpu,
    image: GpuImage,
    frame: Picture,
  ): Promise<void> {
    await gpu.write(image, 0, frame.pixels);
    await gpu.present(image);
    // The device answers in order: whoever has an answer to this knows that the flush is over.
    await driver.displayInfo();
  }

  private async compare(name: string, frame: Picture): Promise<void> {
    const { run, machine } = this;
    const shown = await machine.qmp.screendump('gpu', join(run.folder, 'gpu.ppm'));
    run.picture(name, shown);
    const { same, detail } = sameness(frame, shown);
    this.check(`${name} is on QEMU's screen`, same, detail);
  }

  /** QEMU's screendump has no pointer: that the commands come to an end is all that is seen. */
  async point(driver: VirtioGpuDriver): Promise<void> {
    const gpu = await driver.open();
    const image = await gpu.createImage(CURSOR_SIZE, CURSOR_SIZE);
    await gpu.write(image, 0, new Uint8Array(image.stride * CURSOR_SIZE).fill(0x80));
    const { commands } = driver.counts;
    await driver.updateCursor(image, { x: 10, y: 20, hotX: 1, hotY: 2 });
    await driver.moveCursor({ x: 300, y: 200, hotX: 0, hotY: 0 });
    await driver.updateCursor(undefined, { x: 0, y: 0, hotX: 0, hotY: 0 });
    const done = driver.counts.commands - commands;
    await gpu.close();
    this.check('the pointer is set, moved and hidden', done >= 3, `${done} commands ended`);
  }
}
