/** Renderers: what a paravirtual backend draws on. Each is a `Gpu`. */
import type { Display, Gpu } from '@doorbell/abi';
import type { Host, Profile } from '@doorbell/hypervisor';
import { needOwn, type OwnParts } from '../own-parts.ts';
import { engineRates } from '../stacks/engine-rates.ts';
import type { SharedDriver } from '../stacks/shared-driver.ts';
import { VRAM_BYTES } from '../stacks/stack.ts';
import { NullRenderer } from './null.ts';
import { SoftwareRenderer } from './software.ts';

/** By name, in a sentence. */
export const renderers = {
  host: "The host's own driver on the physical bell.",
  software: "bell's engines in software, on the host's CPU.",
  null: 'Accepts everything and draws nothing, for measuring what is around it.',
  webgpu:
    "WebGPU: a real GPU, or a driver that stands for one. In Node it takes the package webgpu and a Vulkan driver. Pixels may be rounded otherwise, within bounds that 'compare' checks.",
} as const;
export type RendererKind = keyof typeof renderers;
/** Those that work in a machine's virtual time. */
export type VirtualRenderer = Exclude<RendererKind, 'webgpu'>;

/** Whether its pixels may be rounded otherwise than bell's. */
export function roundsOtherwise({
  options,
}: {
  readonly options: Readonly<Record<string, string>>;
}): boolean {
  return options.renderer === 'webgpu';
}

export interface OpenRenderer {
  readonly gpu: Gpu;
  /** Nanoseconds of its engines, by name; those of the host's GPU are the GPU's to tell. */
  readonly busyNs: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export interface RendererParts {
  readonly host: Host;
  /** Of the physical bell. */
  readonly driver: SharedDriver;
  readonly display: Display;
  readonly profile: Profile;
}

/** Opens a renderer on the host, from a task of one of its CPUs. @throws GpuError, ProbeError */
export async function openRenderer(
  kind: VirtualRenderer,
  { host, driver, display, profile }: RendererParts,
): Promise<OpenRenderer> {
  switch (kind) {
    case 'host': {
      const user = await driver.use();
      const gpu = await user.open();
      return {
        gpu,
        busyNs: {},
        close: async () => {
          await gpu.close();
          await user.remove();
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

/** One that somebody else wrote. @throws InputError when there is none; what it throws. */
export async function openOwn(
  own: OwnParts | undefined,
  { host, display }: Pick<RendererParts, 'host' | 'display'>,
): Promise<OpenRenderer> {
  const busyNs = { own: 0 };
  const open = needOwn(own, 'renderer');
  const gpu = await open({
    display,
    memoryBytes: VRAM_BYTES,
    spend: (ns) => {
      busyNs.own += ns;
      host.computer.clock.delay(ns);
    },
  });
  return { gpu, busyNs, close: () => gpu.close() };
}
