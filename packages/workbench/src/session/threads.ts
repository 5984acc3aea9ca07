/** The threads in which machines run, once they are there; and what goes wrong in them, in words. */
import { startMachines, type Machines } from '../machines.ts';
import { complaint } from './signals.ts';

let started: Machines | undefined;

/** To be called once, before anything is asked of a machine. */
export function startThreads(): void {
  started = startMachines((words) => {
    complaint.value = words;
  });
}

export function machines(): Machines {
  if (started === undefined) {
    throw new Error('The threads were not started.');
  }
  return started;
}

/** What goes wrong becomes a message; what was there stays. Says whether nothing did. */
export async function trying(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (!isAborted(error)) {
      complaint.value = wordsOf(error);
    }
    return false;
  }
}

function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === 'Aborted';
}

/** Errors whose message is for the user. */
const plain = new Set(['BackendFailed', 'InputError', 'LinkError', 'TransportLost']);

/** For the user. */
export function wordsOf(error: unknown): string {
  if (error instanceof Error && plain.has(error.name)) {
    return error.message;
  }
  return `Something is wrong with the page itself: ${error instanceof Error ? error.message : String(error)}`;
}
