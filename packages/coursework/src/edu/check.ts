/** How a driver of edu is tried: on a machine of its own, which notes what it does. */
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import type { EduPart } from '../part.ts';
import type { EduDriver } from './edu-driver.ts';
import { EduMachine, type EduMachineOptions } from './edu-machine.ts';

/** Accesses to registers of one operation. */
export const MOST_ACCESSES = 8;

export interface Running {
  readonly driver: EduDriver;
  readonly machine: EduMachine;
}

export function check(
  name: string,
  clause: string,
  title: string,
  body: (running: Running) => Promise<void>,
  options: EduMachineOptions = {},
): Check<EduPart> {
  return {
    ...{ id: `edu/${name}`, clause, title },
    run: ({ probe }) =>
      new EduMachine(options).run(async (machine) => {
        await body({ driver: await probe(machine.device), machine });
      }),
  };
}

export function mustBeAtMost(what: string, most: number, seen: number): void {
  if (seen > most) {
    throw new Mismatch(`at most ${most} ${what}`, `${seen}`);
  }
}

export async function mustRefuse(what: string, call: () => Promise<unknown>): Promise<void> {
  const expected = `RangeError: ${what}`;
  try {
    await call();
  } catch (error) {
    if (error instanceof RangeError) {
      return;
    }
    throw new Mismatch(expected, String(error));
  }
  throw new Mismatch(expected, 'no error');
}

/** Bytes that differ from their neighbours. */
export function pattern(bytes: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index * seed + (index >> 8)) & 0xff);
}

export async function factorials(
  { driver }: Running,
  numbers: readonly number[],
): Promise<number[]> {
  const results: number[] = [];
  for (const n of numbers) {
    results.push(await driver.factorial(n));
  }
  return results;
}
