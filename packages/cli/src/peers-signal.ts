/** Work that Ctrl-C and SIGTERM end in order. */
import { Interrupted } from './failure.ts';
import { onDismissal, onInterrupt } from './interrupt.ts';

/** @throws Interrupted once work that was told to end has ended. */
export async function untilEnded<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = onInterrupt();
  const dismissal = onDismissal();
  const signal = AbortSignal.any([interrupt.signal, dismissal.signal]);
  try {
    return await work(signal);
  } catch (error) {
    throw signal.aborted ? new Interrupted() : error;
  } finally {
    dismissal.release();
    interrupt.release();
  }
}
