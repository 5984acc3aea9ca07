/** The two threads in which machines run: what is shown, and what is worked out beside it. */
import { wrap, type Remote } from 'comlink';
import type { Bench } from './machine/bench.ts';

export interface Machines {
  readonly bench: Remote<Bench>;
  /** Its runs take nothing from the one that is stepped. It starts once something is asked of it. */
  readonly background: Remote<Bench>;
}

/** @param onFailure  hears why a thread could not be had. */
export function startMachines(onFailure: (words: string) => void): Machines {
  const start = (): Remote<Bench> => {
    const worker = new Worker(new URL('./machine/worker.ts', import.meta.url), { type: 'module' });
    worker.onerror = ({ message }: Partial<ErrorEvent>) => {
      onFailure(
        `The machines' thread failed: ${message ?? 'its program did not load'}. Reload the page.`,
      );
    };
    return wrap<Bench>(worker);
  };
  let background: Remote<Bench> | undefined;
  return {
    bench: start(),
    get background() {
      return (background ??= start());
    },
  };
}
