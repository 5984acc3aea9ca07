/** Bare metal: the host's own operating system drives bell, for as many processes as there are guests. */
import { HostCpus } from './host-cpus.ts';
import { iommuParts } from './iommu-options.ts';
import { HOST_GPU, physicalMachine } from './physical-machine.ts';
import { checkChannels, shareGpu } from './share-gpu.ts';
import { SharedDriver, type DriverUser } from './shared-driver.ts';
import type { Stack, StackParts } from './stack.ts';

/** @throws InputError when there are more processes than channels. */
export function native(parts: StackParts): Stack {
  const { profile, guests } = parts;
  checkChannels('native', guests.length);
  const processes = new HostCpus(guests);
  const { host, bell } = physicalMachine({
    ...{ profile, display: processes.screen, guests: guests.length },
    ...iommuParts(parts),
  });
  const cpus = processes.of(host);
  const sharing = shareGpu(parts, host, [bell], cpus);
  const driver = new SharedDriver(host.computer, HOST_GPU, parts);
  const users: DriverUser[] = [];
  return {
    host,
    guests: cpus.map((cpu, tenant) => ({
      ...{ vm: undefined, computer: host.computer, cpu, bdf: HOST_GPU },
      gpu: { sharing, tenant },
      probe: async () => (users[tenant] = await driver.use()),
      release: async () => users.at(tenant)?.release(),
    })),
    bells: [bell],
    busyNs: () => bell.counts.busyNs,
  };
}
