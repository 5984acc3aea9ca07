/** Renderers: what a paravirtual backend draws on. Each is a `Gpu`. */
import type { Display, Gpu } from '@doorbell/abi';
import type { Bell } from '@doorbell/device-model';
import { probeBell } from '@doorbell/guest-driver';
import type { Host, Profile } from '@doorbell/hypervisor';
import { engineRates } from '../stacks/engine-rates.ts';
import { HOST_GPU } from '../stacks/physical-machine.ts';
import { VRAM_BYTES } from '../stacks/stack.ts';
import { NullRenderer } from './null.ts';
import { SoftwareRenderer } from './software.ts';

/** By name, in a sentence. */
export const renderers = {
  host: "The host's own driver on the physical bell.",
  software: "bell's engines in software, on the host's CPU.",
  null: 'Accepts everything and draws nothing, for measuring what is around it.',
} as const;
export type RendererKind = keyof typeof renderers;

export interface OpenRenderer {
  readonly gpu: Gpu;
  /** Nanoseconds of its engines, by name. */
  readonly busyNs: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/**
 * Opens a renderer on the host, from a task of the host's CPU. `bell` is the one on its bus.
 * @throws GpuError, ProbeError
 */
export async function openRenderer(
  kind: RendererKind,
  host: Host,
  display: Display,
  profile: Profile,
  bell: Bell | undefined,
): Promise<OpenRenderer> {
  switch (kind) {
    case 'host': {
      const driver = await probeBell(host.computer.device(HOST_GPU));
      const gpu = await driver.open();
      return {
        gpu,
        busyNs: bell?.counts.busyNs ?? {},
        close: async () => {
          await gpu.close();
          driver.remove();
        },
      };
    }
    case 'software': {
      const busyNs = { software: 0 };
      const gpu = new SoftwareRenderer({
        display,
        memoryBytes: VRAM_BYTES,
        rates: engineRates(profile, 'software'),
        spend: (ns) => {
          busyNs.software += ns;
          host.computer.clock.delay(ns);
        },
      });
      return { gpu, busyNs, close: () => gpu.close() };
    }
    case 'null': {
      const gpu = new NullRenderer(display);
      return { gpu, busyNs: {}, close: () => gpu.close() };
    }
  }
}
