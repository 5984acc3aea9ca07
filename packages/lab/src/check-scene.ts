/** An application that is a check: it does once what it has to, and throws what it found wrong. */
import type { Gpu } from '@doorbell/abi';
import { InputError } from './input-error.ts';
import type { Scene } from './scene.ts';

/** In a recording it has this name. */
const CHECK = 'check';

export function checkScene(body: (gpu: Gpu) => Promise<void>): Scene {
  return {
    name: CHECK,
    doc: 'An application that checks what is under it.',
    setup: async (gpu) => ({
      frame: () => body(gpu),
      close: async () => {},
    }),
  };
}

/** What stands for it in a recording that was read: there is no need to run it again. */
export const recordedChecks: ReadonlyMap<string, Scene> = new Map([
  [
    CHECK,
    checkScene(async () => {
      throw new InputError(`A check is run by 'doorbell check'.`);
    }),
  ],
]);
