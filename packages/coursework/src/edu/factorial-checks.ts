/** Factorials, one at a time and asleep. */
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { EduPart } from '../part.ts';
import { check, factorials, MOST_ACCESSES, mustBeAtMost } from './check.ts';

export const factorialChecks: readonly Check<EduPart>[] = [
  check('factorial/small', 'FACTORIAL', 'Small factorials are right.', async (running) => {
    mustBe('0!, 1!, 5!, 12!', [1, 1, 120, 479_001_600], await factorials(running, [0, 1, 5, 12]));
  }),
  check(
    'factorial/modulo',
    'FACTORIAL: n! modulo 2^32',
    'Large ones are taken modulo 2^32, and are no negative numbers.',
    async (running) => {
      mustBe(
        '13!, 20!, 34!',
        [1_932_053_504, 2_192_834_560, 0],
        await factorials(running, [13, 20, 34]),
      );
    },
  ),
  check(
    'factorial/at-once',
    'FACTORIAL: a write while it computes is ignored',
    'Who asks while another waits has its own result.',
    async ({ driver, machine }) => {
      const results = await machine.together([3, 4, 5, 6].map((n) => () => driver.factorial(n)));
      mustBe('3!, 4!, 5!, 6!', [6, 24, 120, 720], results);
    },
  ),
  check(
    'factorial/interrupt',
    'STATUS.INTERRUPT',
    'It sleeps until the interrupt comes, and does not look meanwhile.',
    async ({ driver, machine }) => {
      const before = machine.accesses.length;
      await driver.factorial(9);
      mustBeAtMost(
        'accesses to registers for one factorial',
        MOST_ACCESSES,
        machine.accesses.length - before,
      );
    },
  ),
  check(
    'factorial/acknowledged',
    'INTERRUPT_ACKNOWLEDGE',
    'Afterwards no interrupt is left: what was raised was acknowledged.',
    async ({ driver, machine }) => {
      await driver.factorial(5);
      const acknowledged = machine.accesses.filter(
        ({ register }) => register === 'INTERRUPT_ACKNOWLEDGE',
      );
      mustBe(
        'what was acknowledged',
        [1],
        acknowledged.map(({ value }) => value),
      );
    },
  ),
];
