/** Our device with a renderer for tests behind it. */
import { hostClock } from '@doorbell/pv-backend/node';
import { VirtioGpu } from '@doorbell/pv-backend';
import type { Display } from '@doorbell/abi';
import { setImmediate } from 'node:timers/promises';
import type { GpuBackend } from '../../src/vhost-user/connection.ts';
import { PlainRenderer } from './plain-renderer.ts';

export interface PlainBackend extends GpuBackend {
  readonly device: VirtioGpu;
  readonly renderer: PlainRenderer;
  readonly errors: readonly unknown[];
  readonly isClosed: boolean;
}

export function plainBackend(): PlainBackend {
  let monitor: Display = { flip: () => {} };
  const errors: unknown[] = [];
  const renderer = new PlainRenderer({ flip: (...frame) => monitor.flip(...frame) });
  const state: { device?: VirtioGpu; isClosed: boolean } = { isClosed: false };
  return {
    renderer,
    errors,
    get device(): VirtioGpu {
      return state.device!;
    },
    get isClosed(): boolean {
      return state.isClosed;
    },
    create: (host, display, sinks) => {
      monitor = display;
      state.device = new VirtioGpu(host, {
        trace: { event: () => 0 },
        ...sinks,
        renderer,
        clock: hostClock(),
        spawn: (body) => {
          body().catch((error: unknown) => errors.push(error));
        },
        breathe: () => setImmediate(),
        width: 640,
        height: 480,
      });
      return state.device;
    },
    counts: () => ({ kicks: state.device?.counts.kicks ?? 0 }),
    close: async () => {
      state.isClosed = true;
      await state.device?.stop();
    },
  };
}
