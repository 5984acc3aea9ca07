/** A screen of the host's that no device shows frames on, but code that replay does without. */
import type { Display } from '@doorbell/abi';
import type { Machine } from './machine.ts';
import { Service } from './service.ts';

export function recordedDisplay(machine: Machine, display: Display): Display {
  const service = new Service(machine, {
    flip: (width, height, stride, _d, bytes) => {
      display.flip(bytes, width, height, stride);
    },
  });
  return {
    flip: (pixels, width, height, stride) => {
      const rows = pixels.subarray(0, stride * (height - 1) + width * 4);
      service.call('flip', width, height, stride, 0, rows);
    },
  };
}
