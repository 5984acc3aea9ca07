/** A worker's event loop, as those need it who share a thread with it. */
import type { ThreadLoop } from '@doorbell/wire';

/** Lets messages be served, each in its turn: a timer of 0 ms would wait 4. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** A turn comes when no task can go on. */
export const eventLoop: ThreadLoop = { settle: turn, turn };
