// node --import tsx scripts/drive-device.ts edu|bochs-display
//
// Drives one of the small devices with its driver, on bare metal: for whoever wants to step through
// them. `.vscode/launch.json` starts it.
import { bdf, type PciDevice } from '@doorbell/abi';
import { BochsDisplay as BochsModel, Edu as EduModel } from '@doorbell/device-model';
import { BochsDisplay, Edu } from '@doorbell/guest-driver';
import { Host, profiles } from '@doorbell/hypervisor';

const AT = bdf(0, 3, 0);
const [profile] = profiles.values();
const display = { flip: () => {} };
// edu reaches 28 bits of addresses, and the DMA API of an IOMMU gives higher ones.
const host = new Host({ profile, display, memoryBytes: 16 << 20, iommu: 'off' });

const runs: Readonly<Record<string, (device: PciDevice) => Promise<void>>> = {
  edu: async (device) => {
    const edu = new Edu(device);
    console.log(`5! is ${await edu.factorial(5)}`);
    edu.remove();
  },
  'bochs-display': async (device) => {
    const screen = new BochsDisplay(device);
    screen.setMode(64, 64);
    screen.draw({ pixels: new Uint8Array(64 * 64 * 4).fill(0x80), width: 64, height: 64 }, 0, 0);
    console.log('64x64 pixels are drawn');
    screen.remove();
  },
};

const [name = ''] = process.argv.slice(2);
const run = runs[name];
if (run === undefined) {
  throw new Error(`'${name}' is none of ${Object.keys(runs).join(', ')}.`);
}
host.plug(AT, (ports) => (name === 'edu' ? new EduModel(ports) : new BochsModel(ports)));
host.enumerate();
host.machine.tasks.spawn(host.computer.parts.cpu, () => run(host.computer.device(AT)));
await host.machine.tasks.run();
