/** What a driver of one channel of bell is checked for: its ring, its fences, its interrupts, its faults. */
import { GpuError, type GpuErrorCode } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';
import type { ChannelPart } from '../part.ts';
import { onChannel, type ChannelBody } from './channel-machine.ts';

/** Accesses to registers for one submission and the wait for it: a doorbell, and two of the handler. */
const MOST_ACCESSES = 6;

function check(
  name: string,
  clause: string,
  title: string,
  body: (running: ChannelBody) => Promise<void>,
  firstFence = 1,
): Check<ChannelPart> {
  return {
    ...{ id: `bell/${name}`, clause: `docs/reference/bell.md: ${clause}`, title },
    run: (part, bench) => onChannel(part, bench, firstFence, body),
  };
}

/** @throws Mismatch unless it is refused: with a RangeError, or a GpuError of that code */
async function mustRefuse(
  what: string,
  code: GpuErrorCode | undefined,
  call: Promise<unknown>,
): Promise<void> {
  const expected = `${what} to be refused with ${code === undefined ? 'a RangeError' : `GpuError '${code}'`}`;
  try {
    await call;
  } catch (error) {
    if (
      code === undefined
        ? error instanceof RangeError
        : error instanceof GpuError && error.code === code
    ) {
      return;
    }
    throw new Mismatch(expected, String(error));
  }
  throw new Mismatch(expected, 'no error');
}

/** Stores 1, 2, 3 … to word after word of the page, `words` at a time. */
async function stores(
  { driver, machine }: ChannelBody,
  count: number,
  awaits: boolean,
): Promise<number[]> {
  const fences: number[] = [];
  for (let index = 0; index < count; index++) {
    const fence = await driver.submit(machine.store(index % 1024, index + 1));
    fences.push(fence);
    if (awaits) {
      await driver.wait(fence);
    }
  }
  return fences;
}

const ringChecks: readonly Check<ChannelPart>[] = [
  check(
    'ring/runs',
    'A submission, steps 2 to 4',
    'Packets that were submitted run.',
    async ({ driver, machine }) => {
      await driver.wait(await driver.submit(machine.store(3, 0x1234)));
      mustBe('the word that the packets write', 0x1234, machine.word(3));
    },
  ),
  check(
    'ring/order',
    'channels: a ring is run from its head on',
    'Packets run in the order in which they were submitted.',
    async ({ driver, machine }) => {
      const fences: number[] = [];
      for (const value of [1, 2, 3]) {
        fences.push(await driver.submit(machine.store(0, value)));
      }
      await driver.wait(fences[2]);
      mustBe('the word that all three write', 3, machine.word(0));
    },
  ),
  check(
    'ring/empty',
    'FENCE',
    'A submission without packets has a fence, too.',
    async ({ driver, machine }) => {
      await driver.submit(machine.store(0, 7));
      await driver.wait(await driver.submit(new Uint32Array(0)));
      mustBe('the word that the packets before it write', 7, machine.word(0));
    },
  ),
  check(
    'ring/wraps',
    'RING_SIZE, NOP: no packet reaches past the end of the ring',
    'The ring is used again from its start, as often as it takes.',
    async (running) => {
      const { driver, machine } = running;
      for (let index = 0; index < 400; index++) {
        const words = [...machine.store(0, index), ...machine.store(1, index)];
        const packets = index % 3 === 0 ? words : words.slice(0, 6);
        await driver.wait(await driver.submit(Uint32Array.from(packets)));
        mustBe(`the word that submission ${index} writes`, index, machine.word(0));
      }
    },
  ),
  check(
    'ring/full',
    'A submission, step 1',
    'Who submits more than the ring holds waits for room, and nothing is overwritten.',
    async (running) => {
      const { driver, machine } = running;
      await driver.submit(machine.long(20));
      const fences = await stores(running, 600, false);
      await driver.wait(fences[fences.length - 1]);
      const wrong = fences.findIndex((_, index) => machine.word(index) !== index + 1);
      mustBe('the first submission that did not run', -1, wrong);
    },
  ),
  check(
    'ring/at-once',
    'A submission, step 1',
    'Submissions that are not awaited keep their order.',
    async ({ driver, machine, together }) => {
      const many = Array.from(
        { length: 300 },
        (_, index) => () => driver.submit(machine.store(0, index)),
      );
      const fences = await together(many);
      mustBe(
        'whether fences count up',
        true,
        fences.every((fence, index) => fence === index + 1),
      );
      await driver.wait(fences[299]);
      mustBe('the word that all of them write', 299, machine.word(0));
    },
  ),
  check(
    'ring/longest',
    'RING_SIZE',
    'Half of the ring may be submitted at once; more is refused.',
    async ({ driver, machine }) => {
      const longest = machine.ringBytes / 2 / 24;
      await driver.wait(await driver.submit(machine.long(Math.floor(longest))));
      await mustRefuse(
        'a submission that is longer than half of the ring',
        undefined,
        driver.submit(machine.long(longest + 1)),
      );
      await driver.wait(await driver.submit(machine.store(5, 9)));
      mustBe('the word that the next submission writes', 9, machine.word(5));
    },
  ),
];

const fenceChecks: readonly Check<ChannelPart>[] = [
  check('fence/numbers', 'FENCE', 'Fences count up from the first.', async (running) => {
    mustBe('the fences', [1, 2, 3], await stores(running, 3, false));
  }),
  check(
    'fence/not-before',
    'A submission, step 6',
    'A wait ends when the work is done, and not before.',
    async ({ driver, machine }) => {
      await driver.submit(machine.long(50));
      const fence = await driver.submit(machine.store(0, 0x77));
      await driver.wait(fence);
      mustBe('the fence that the device has written', fence, machine.fenceWord);
      mustBe('the word that the packets write', 0x77, machine.word(0));
    },
  ),
  check(
    'fence/earlier',
    'FENCE: all before it is done',
    'A fence that has passed long since is not waited for.',
    async (running) => {
      const [first, , third] = await stores(running, 3, false);
      await running.driver.wait(third);
      await running.driver.wait(first);
      await running.driver.wait(third);
    },
  ),
  check(
    'fence/several-wait',
    'A submission, step 7',
    'Several may wait at once, for one fence or for others.',
    async (running) => {
      const { driver, machine, together } = running;
      await driver.submit(machine.long(50));
      const [first, second] = await stores(running, 2, false);
      await together([second, first, second].map((fence) => () => driver.wait(fence)));
      mustBe('the fence that the device has written', second, machine.fenceWord);
    },
  ),
  check(
    'fence/wraps',
    'FENCE: a word',
    'Fences are numbers modulo 2^32, and are compared as such.',
    async (running) => {
      const fences = await stores(running, 6, true);
      mustBe('the fences', [0xffff_fffd, 0xffff_fffe, 0xffff_ffff, 0, 1, 2], fences);
      mustBe('the last word', 6, running.machine.word(5));
    },
    0xffff_fffd,
  ),
];

const interruptChecks: readonly Check<ChannelPart>[] = [
  check(
    'interrupt/sleeps',
    'A submission, step 7',
    'Who waits sleeps until the interrupt: registers are not looked at meanwhile.',
    async ({ driver, machine }) => {
      await driver.wait(await driver.submit(machine.store(0, 1)));
      const [before, rung] = [machine.accesses, machine.doorbells];
      await driver.wait(await driver.submit(machine.long(80)));
      const accesses = machine.accesses - before + machine.doorbells - rung;
      if (accesses > MOST_ACCESSES) {
        throw new Mismatch(`at most ${MOST_ACCESSES} accesses to registers`, `${accesses}`);
      }
    },
  ),
  check(
    'interrupt/acknowledged',
    'INTERRUPT: write back what was read',
    'Afterwards no cause is left.',
    async (running) => {
      await stores(running, 3, true);
      mustBe('INTERRUPT', 0, running.machine.causes);
    },
  ),
  check(
    'interrupt/spurious',
    'INTERRUPT',
    'A handler that is called for nothing does no harm.',
    async (running) => {
      const { driver, machine } = running;
      driver.interrupt();
      const fence = await driver.submit(machine.long(10));
      driver.interrupt();
      await driver.wait(fence);
      mustBe('the fence that the device has written', fence, machine.fenceWord);
    },
  ),
  check(
    'doorbell/batch',
    'TAIL: past the last packet',
    'One doorbell publishes what is there: there are no more of them than submissions.',
    async (running) => {
      const before = running.machine.doorbells;
      const fences = await stores(running, 20, false);
      await running.driver.wait(fences[19]);
      const rung = running.machine.doorbells - before;
      if (rung > 20 || rung < 1) {
        throw new Mismatch('from 1 to 20 doorbells for 20 submissions', `${rung}`);
      }
    },
  ),
];

const faultChecks: readonly Check<ChannelPart>[] = [
  check(
    'fault/told',
    'errors',
    'Who waits for packets that faulted is told.',
    async ({ driver, machine }) => {
      const fence = await driver.submit(machine.faulting());
      await mustRefuse('a wait for packets that fault', 'fault', driver.wait(fence));
    },
  ),
  check(
    'fault/goes-on',
    'RESET',
    'What is submitted afterwards runs.',
    async ({ driver, machine }) => {
      const bad = await driver.submit(machine.faulting());
      await mustRefuse('a wait for packets that fault', 'fault', driver.wait(bad));
      await driver.wait(await driver.submit(machine.store(0, 5)));
      mustBe('the word that the next packets write', 5, machine.word(0));
    },
  ),
  check(
    'fault/neighbours',
    'RESET: the ring is empty',
    'What stood before it has run, and what stood behind it runs.',
    async ({ driver, machine }) => {
      const before = await driver.submit(machine.store(0, 1));
      const bad = await driver.submit(machine.faulting());
      const behind = await driver.submit(machine.store(1, 2));
      await driver.wait(before);
      await driver.wait(behind);
      await mustRefuse('a wait for packets that faulted', 'fault', driver.wait(bad));
      mustBe('the words', [1, 2], [machine.word(0), machine.word(1)]);
    },
  ),
];

export const channelChecks: readonly Check<ChannelPart>[] = [
  ...ringChecks,
  ...fenceChecks,
  ...interruptChecks,
  ...faultChecks,
];
