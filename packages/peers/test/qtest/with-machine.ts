/** A machine for the length of a test. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEmulator } from '../../src/qemu/emulator.ts';
import {
  type QtestMachine,
  type QtestOptions,
  startQtestMachine,
} from '../../src/qtest/machine.ts';

/** @throws Error when the machine has left something in its folder. */
export async function withMachine<T>(
  options: Omit<QtestOptions, 'emulator'>,
  body: (machine: QtestMachine, abort: AbortController) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'doorbell-test-'));
  const abort = new AbortController();
  try {
    const machine = await startQtestMachine(
      { folder, signal: abort.signal },
      { emulator: findEmulator('qemu'), ...options },
    );
    let result: T;
    try {
      result = await body(machine, abort);
    } finally {
      await machine.close();
    }
    const left = await readdir(folder);
    if (left.length > 0) {
      throw new Error(`The machine left ${left.join(', ')}.`);
    }
    return result;
  } finally {
    await rm(folder, { recursive: true });
  }
}
