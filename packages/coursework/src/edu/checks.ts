/** What a driver of edu is checked for: that it computes, moves bytes, and leaves nothing behind; what it costs where each access traps. */
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { EduPart } from '../part.ts';
import { check, factorials, mustBeAtMost } from './check.ts';
import { dmaChecks } from './dma-checks.ts';
import { factorialChecks } from './factorial-checks.ts';
import { probeChecks, removeChecks } from './life-checks.ts';

/**
 * Exits of a factorial in a virtual machine: the four accesses of docs/reference/edu.md, two of the
 * handler, and what an interrupt takes there. Who reads STATUS in a loop has hundreds.
 */
const MOST_EXITS = 12;

const virtualChecks: readonly Check<EduPart>[] = [
  check(
    'vm/same',
    'Popek and Goldberg 1974: equivalence',
    'In a virtual machine, where each access traps, it does the same.',
    async (running) => {
      const back = new Uint8Array(3);
      await running.driver.write(0, Uint8Array.of(1, 2, 3));
      await running.driver.read(0, back);
      mustBe('5!, and the bytes', [120, 1, 2, 3], [...(await factorials(running, [5])), ...back]);
    },
    { virtual: true },
  ),
  check(
    'vm/exits',
    'MMIO that traps is an exit',
    `There a factorial takes at most ${MOST_EXITS} exits.`,
    async ({ driver, machine }) => {
      await driver.factorial(3);
      const before = machine.exits;
      await driver.factorial(9);
      mustBeAtMost('exits', MOST_EXITS, machine.exits - before);
    },
    { virtual: true },
  ),
];

export const eduChecks: readonly Check<EduPart>[] = [
  ...probeChecks,
  ...factorialChecks,
  ...dmaChecks,
  ...removeChecks,
  ...virtualChecks,
];
