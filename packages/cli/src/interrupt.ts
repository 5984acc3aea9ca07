/** Ctrl-C: the first asks the work to end, the second does not wait for it. And other ways to be told. */
import { exitCodes } from './exit-code.ts';

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Ctrl-C is the system's again. */
  release(): void;
}

export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  const handler = (): void => {
    if (controller.signal.aborted) {
      process.exit(exitCodes.INTERRUPTED);
    }
    controller.abort();
  };
  process.on('SIGINT', handler);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', handler);
    },
  };
}

/** SIGTERM, or the end of the process that started this one and holds a channel to it. */
export function onDismissal(): Interrupt {
  const controller = new AbortController();
  const handler = (): void => {
    controller.abort();
  };
  process.on('SIGTERM', handler);
  process.on('disconnect', handler);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGTERM', handler);
      process.off('disconnect', handler);
    },
  };
}

/** Resolves when it is. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
