/** Two guests on two virtual functions of one bell. */
import { bdf, bellBars, GpuError, type PciDevice } from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { probeBell } from '@doorbell/guest-driver';
import { Host, profiles, SriovPf, Vm } from '@doorbell/hypervisor';
import { beforeEach, describe, expect, it } from 'vitest';
import { drawFrames } from '../../src/frames.ts';
import { Monitor } from '../../src/monitor.ts';
import { Random } from '../../src/random.ts';
import { runStack } from '../../src/run.ts';
import { scenes } from '../../src/scenes/index.ts';
import { parseStacks, stackSpec } from '../../src/stack-spec.ts';
import { engineRates } from '../../src/stacks/engine-rates.ts';
import { testEnvironment } from '../environment.ts';

const profile = profiles.get('kvm-x86')!;
const PHYSICAL = bdf(1, 0, 0);
const GUEST_GPU = bdf(0, 2, 0);
const MIB = 1 << 20;

const request = (scene: string, frames: number) => ({
  spec: stackSpec('native'),
  scene: scenes.get(scene)!,
  context: { width: 64, height: 48, frames, seed: 1 },
  profile,
});

/** What the frames hash to with nobody else on the machine. */
async function solo(scene: string, frames: number): Promise<string> {
  const { report } = await runStack(request(scene, frames), testEnvironment);
  return report.frames.sha256;
}

/** A guest with a virtual function of its own. */
class Guest {
  readonly vm: Vm;
  monitor = new Monitor(testEnvironment.sha256());
  private readonly host: Host;

  constructor(host: Host, physical: number, name: string) {
    host.vfio.setDriverOverride(physical, 'vfio-pci');
    host.vfio.probe(physical);
    this.host = host;
    this.vm = new Vm(host, { name, ramBytes: 32 * MIB, postedInterrupts: false });
    this.vm.assign(GUEST_GPU, physical, host.vfio.groupOf(physical));
    this.vm.bus.assignBars();
  }

  get device(): PciDevice {
    return this.vm.computer.device(GUEST_GPU);
  }

  /** Draws a scene from the driver's probe to its removal. @param onFrame  before each frame. */
  async draw(scene: string, frames: number, onFrame?: (frame: number) => void): Promise<void> {
    this.monitor = new Monitor(testEnvironment.sha256());
    const driver = await probeBell(this.device);
    const gpu = await driver.open();
    const { machine } = this.host;
    const watch = { begin: () => machine.now, end: () => undefined };
    const wanted = { ...request(scene, frames), ...(onFrame && { onFrame }) };
    try {
      const close = await drawFrames(gpu, wanted, wanted, testEnvironment, watch);
      await close();
    } finally {
      await gpu.close().catch(() => undefined);
      driver.remove();
    }
  }

  spawn(body: () => Promise<void>): void {
    this.host.machine.tasks.spawn(this.vm.computer.parts.cpu, body);
  }
}

let host: Host;
let bell: Bell;
let one: Guest;
let two: Guest;

beforeEach(() => {
  host = new Host({
    profile,
    iommu: 'strict',
    memoryBytes: 128 * MIB,
    display: { flip: () => undefined },
  });
  const rates = engineRates(profile, 'engine');
  const port = host.addPort(bdf(0, 1, 0), 'ROOT_PORT', { acs: true });
  bell = port.plug(bdf(0, 0, 0), (ports) => new Bell(ports, rates, { sriov: true }));
  host.enumerate();
  const pf = new SriovPf(host, PHYSICAL, bell, {
    display: (index) => ({
      flip: (...frame) => {
        (index === 1 ? one : two).monitor.flip(...frame);
      },
    }),
  });
  pf.driversAutoprobe = false;
  pf.setNumVfs(2);
  one = new Guest(host, pf.virtualFunctions[0], 'one');
  two = new Guest(host, pf.virtualFunctions[1], 'two');
});

it.each(['vfs=1', 'vfs=16', 'posted-interrupts=on', 'iommu=deferred'])(
  'with %s has the pixels of bare metal',
  async (option) => {
    const [spec] = parseStacks(`sriov:${option}`);
    const { report } = await runStack({ ...request('bunny', 2), spec }, testEnvironment);
    expect(report.frames.sha256).toBe(await solo('bunny', 2));
  },
);

it('two guests draw at once what each draws alone, and the engines switch between them', async () => {
  one.spawn(() => one.draw('image', 4));
  two.spawn(() => two.draw('triangle', 6));
  await host.machine.tasks.run();
  expect(one.monitor.sha256()).toBe(await solo('image', 4));
  expect(two.monitor.sha256()).toBe(await solo('triangle', 6));
  expect(bell.counts.contextSwitches).toBeGreaterThan(2);
});

it('a guest whose virtual function is reset loses its work, and draws again; the other does not notice', async () => {
  let lost: unknown;
  one.spawn(() => one.draw('image', 6));
  two.spawn(async () => {
    await two
      .draw('image', 6, (frame) => {
        if (frame === 3) {
          // DEVICE_CONTROL.FLR, behind the back of the guest's driver.
          two.vm.bus.function(GUEST_GPU).configWrite(0x68, 2, 0x8000);
        }
      })
      .catch((error: unknown) => {
        lost = error;
      });
    // The reset took the addresses of the BARs, too: the guest's system gives them back.
    two.vm.bus.assignBars();
    await two.draw('triangle', 3);
  });
  await host.machine.tasks.run();
  expect(lost).toBeInstanceOf(GpuError);
  expect(one.monitor.sha256()).toBe(await solo('image', 6));
  expect(two.monitor.sha256()).toBe(await solo('triangle', 3));
});

describe('a hostile guest', () => {
  /** Turns channel 0 on with page tables in pages 1 and 2, the ring in page 3. */
  function begin(device: PciDevice, entry: number): void {
    const { config } = device;
    config.write(0x04, 2, 6);
    const registers = device.mapBar(bellBars.REGISTERS.index);
    const vram = device.mapBar(bellBars.VRAM.index);
    registers.write(0x4004, 4, 1);
    vram.write(0x1000, 4, 0x2009);
    vram.write(0x2000, 4, 0x3001);
    vram.write(0x2008, 4, entry);
    [0x10, 0x400c, 0x4010, 0x4014, 0x4000].forEach((offset, index) => {
      registers.write(offset, 4, [1, 1, 0, 0x1000, 1][index]);
    });
  }

  /** A fill of the page that `entry` names, then a WAIT that is never over. */
  function attack(device: PciDevice, entry: number): void {
    begin(device, entry);
    const vram = device.mapBar(bellBars.VRAM.index);
    const packets = [0x00060010, 0x1000, 4096, 1024, 1, 0xbadbad, 0x00030003, 0, 0xffffffff];
    packets.forEach((word, index) => {
      vram.write(0x3000 + index * 4, 4, word);
    });
    device.mapBar(bellBars.DOORBELLS.index).write(0, 4, packets.length * 4);
  }

  it('that names foreign VRAM, rings foreign doorbells and hangs reaches nobody', async () => {
    const random = new Random(7);
    let attacks = 0;
    one.spawn(() => one.draw('image', 6));
    two.spawn(async () => {
      const { device } = two;
      const registers = device.mapBar(bellBars.REGISTERS.index);
      const doorbells = device.mapBar(bellBars.DOORBELLS.index);
      for (; attacks < 40; attacks++) {
        // VRAM of anybody, or a bus address.
        attack(device, ((random.below(0x8000) << 12) | (random.below(2) === 0 ? 3 : 7)) >>> 0);
        registers.write(0x02c, 4, (random.below(128) | (random.below(2) << 31)) >>> 0);
        registers.write(0x1000 + random.below(0x44) * 4, 4, random.below(2 ** 30));
        doorbells.write(random.below(128) * 4096, 4, random.below(0x1000));
        registers.write(0x4000 + random.below(0x1000) * 4, 4, random.below(2 ** 30));
        registers.write(0x028, 4, 20);
        await device.clock.sleep(50_000);
      }
    });
    await host.machine.tasks.run();
    expect(attacks).toBe(40);
    expect(bell.counts.faults).toBeGreaterThan(5);
    expect(bell.counts.hangs).toBeGreaterThan(1);
    expect(one.monitor.sha256()).toBe(await solo('image', 6));
  });
});
