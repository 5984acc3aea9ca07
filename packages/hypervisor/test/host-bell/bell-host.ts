/** A host with a bell that it keeps, and a guest that it may serve. */
import { bdf, PAGE_BYTES } from '@doorbell/abi';
import { Bell } from '@doorbell/device-model';
import { GuestChannels } from '../../src/host-bell/guest-channels.ts';
import { HostBell } from '../../src/host-bell/host-bell.ts';
import { KernelChannel } from '../../src/host-bell/kernel-channel.ts';
import { Host } from '../../src/host.ts';
import { profiles } from '../../src/profile.ts';
import { Vm } from '../../src/vm.ts';

export const AT = bdf(0, 2, 0);
export const VRAM_PAGES = 1024;

const rates = {
  ...{ packet: 10, fillByte: 0.01, copyByte: 0.01, blitPixel: 0.1 },
  ...{ vertex: 1, triangle: 1, pixel: 0.1, tlbMiss: 10 },
};

export interface BellHost {
  readonly host: Host;
  readonly model: Bell;
  readonly bell: HostBell;
  readonly kernel: KernelChannel;
  /** A guest with 1 MiB of RAM, and what it may have. */
  guest(limit?: number): { readonly vm: Vm; readonly channels: GuestChannels };
  /** Runs a task of the host's CPU to its end. */
  run<T>(body: () => Promise<T>): Promise<T>;
}

export function bellHost(): BellHost {
  const profile = profiles.get('free')!;
  const display = { flip: () => undefined };
  const host = new Host({ profile, display, iommu: 'strict', memoryBytes: 16 << 20 });
  const model = host.plug(
    AT,
    (ports) => new Bell(ports, rates, { vramBytes: VRAM_PAGES * PAGE_BYTES }),
  );
  host.enumerate();
  const bell = new HostBell(host, AT);
  const kernel = new KernelChannel(bell);
  return {
    host,
    model,
    bell,
    kernel,
    guest: (limit) => {
      const vm = new Vm(host, { name: 'guest', ramBytes: 1 << 20, postedInterrupts: false });
      return { vm, channels: new GuestChannels(bell, kernel, vm.pinner(limit)) };
    },
    run: async (body) => {
      let result: Promise<never> | Promise<unknown> | undefined;
      host.machine.tasks.spawn(host.computer.parts.cpu, async () => {
        result = body();
        await result.catch(() => undefined);
      });
      await host.machine.tasks.run();
      return (await result) as Awaited<ReturnType<typeof body>>;
    },
  };
}
