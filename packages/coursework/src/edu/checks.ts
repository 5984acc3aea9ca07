/** What a driver of edu is checked for: that it computes, moves bytes, and leaves nothing behind; what it costs where each access traps. */
import { eduBuffer, headerRows } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';
import type { EduPart } from '../part.ts';
import type { EduDriver } from './edu-driver.ts';
import { EduMachine, type EduMachineOptions } from './edu-machine.ts';

const { BUS_MASTER, MEMORY } = headerRows.COMMAND.bits;
/**
 * Exits of a factorial in a virtual machine: the four accesses of docs/reference/edu.md, two of the
 * handler, and what an interrupt takes there. Who reads STATUS in a loop has hundreds.
 */
const MOST_EXITS = 12;
/** Accesses to registers of one operation. */
const MOST_ACCESSES = 8;
/** A transfer takes 100 ms. */
const LONGEST_NS = 150_000_000;

interface Running {
  readonly driver: EduDriver;
  readonly machine: EduMachine;
}

function check(
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

function mustBeAtMost(what: string, most: number, seen: number): void {
  if (seen > most) {
    throw new Mismatch(`at most ${most} ${what}`, `${seen}`);
  }
}

async function mustRefuse(what: string, call: () => Promise<unknown>): Promise<void> {
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
function pattern(bytes: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index * seed + (index >> 8)) & 0xff);
}

async function factorials({ driver }: Running, numbers: readonly number[]): Promise<number[]> {
  const results: number[] = [];
  for (const n of numbers) {
    results.push(await driver.factorial(n));
  }
  return results;
}

/** A device on which `probe` has to fail. */
function refuses(
  name: string,
  title: string,
  options: EduMachineOptions & { readonly isMute?: boolean },
): Check<EduPart> {
  return {
    ...{ id: `edu/probe/${name}`, clause: 'docs/reference/edu.md: ID, LIVENESS', title },
    run: ({ probe }) =>
      new EduMachine(options).run(async (machine) => {
        const { device } = machine;
        const before = machine.command;
        const mute = {
          ...device,
          mapBar: (index: number) => ({
            ...device.mapBar(index),
            read: () => 0x0100_00ed,
            write: () => {},
          }),
        };
        let isRefused = false;
        try {
          await probe(options.isMute === true ? mute : device);
        } catch {
          isRefused = true;
        }
        mustBe('whether probe fails', true, isRefused);
        mustBe('what is held then', [], machine.borrowed.held);
        mustBe('COMMAND then', before, machine.command);
      }),
  };
}

const probeChecks: readonly Check<EduPart>[] = [
  refuses('another-device', 'A function that is no edu is refused, and nothing of it is held.', {
    other: true,
  }),
  refuses('mute', 'A device that does not answer LIVENESS is refused, and nothing is held.', {
    isMute: true,
  }),
  check(
    'probe/bits',
    'COMMAND, PCI Express Base 6.0 §7.5.1.1.3',
    'MEMORY and BUS_MASTER are on.',
    async ({ machine }) => {
      const wanted = MEMORY.mask | BUS_MASTER.mask;
      mustBe('these bits of COMMAND', wanted, machine.command & wanted);
    },
  ),
];

const factorialChecks: readonly Check<EduPart>[] = [
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

const dmaChecks: readonly Check<EduPart>[] = [
  check(
    'dma/round',
    'Moving bytes',
    'What was put into the buffer comes back.',
    async ({ driver }) => {
      const bytes = pattern(eduBuffer.bytes);
      const back = new Uint8Array(eduBuffer.bytes);
      await driver.write(0, bytes);
      await driver.read(0, back);
      mustBe(
        'the first byte that differs',
        -1,
        back.findIndex((byte, at) => byte !== bytes[at]),
      );
    },
  ),
  check('dma/part', 'Moving bytes', 'A part of it, from any offset.', async ({ driver }) => {
    await driver.write(0, pattern(eduBuffer.bytes));
    await driver.write(100, Uint8Array.of(1, 2, 3));
    const back = new Uint8Array(5);
    await driver.read(99, back);
    mustBe('the bytes', [pattern(100)[99], 1, 2, 3, pattern(104)[103]], [...back]);
  }),
  check(
    'dma/end',
    'Moving bytes: within the buffer',
    'What reaches beyond the buffer is refused, and the device is not told.',
    async ({ driver, machine }) => {
      const before = machine.accesses.length;
      await mustRefuse('97 bytes at 4000', () => driver.write(4000, new Uint8Array(97)));
      await mustRefuse('a byte at -1', () => driver.read(-1, new Uint8Array(1)));
      mustBe('accesses to registers', 0, machine.accesses.length - before);
      await driver.write(4000, new Uint8Array(96));
    },
  ),
  {
    ...{ id: 'edu/dma/iova', clause: 'Dma.map: the device must use the IOVA' },
    title: 'The device is given the address that map gave, which need not be that of the memory.',
    run: ({ probe }) =>
      new EduMachine().run(async (machine) => {
        const { device } = machine;
        const { dma } = device;
        const shift = 0x10_0000;
        const shifted: typeof dma = {
          map: (address, bytes, direction) => dma.map(address, bytes, direction) + shift,
          unmap: (iova, bytes) => {
            dma.unmap(iova - shift, bytes);
          },
          allocateCoherent: (bytes) => {
            const memory = dma.allocateCoherent(bytes);
            return { ...memory, iova: memory.iova + shift };
          },
          freeCoherent: (memory) => {
            dma.freeCoherent({ ...memory, iova: memory.iova - shift });
          },
        };
        const given: number[] = [];
        const noted: typeof dma = {
          ...shifted,
          map: (address, bytes, direction) => {
            given.push(shifted.map(address, bytes, direction));
            return given[given.length - 1];
          },
          allocateCoherent: (bytes) => {
            const memory = shifted.allocateCoherent(bytes);
            given.push(memory.iova);
            return memory;
          },
        };
        const driver = await probe({ ...device, dma: noted });
        await driver.write(0, pattern(16));
        const source = machine.accesses.findLast(
          ({ register }) => register === 'DMA_SOURCE',
        )?.value;
        mustBe('whether DMA_SOURCE is an address that map gave', true, given.includes(source ?? 0));
      }),
  },
  check(
    'dma/interrupt',
    'DMA_COMMAND.INTERRUPT',
    'It sleeps through the 100 ms of a transfer.',
    async ({ driver, machine }) => {
      const [before, began] = [machine.accesses.length, machine.now];
      await driver.write(0, pattern(64));
      mustBeAtMost(
        'accesses to registers for one transfer',
        MOST_ACCESSES,
        machine.accesses.length - before,
      );
      mustBeAtMost('ns of virtual time', LONGEST_NS, machine.now - began);
    },
  ),
  check(
    'dma/while-computing',
    'STATUS, DMA_COMMAND',
    'Transfers and factorials may be asked for at once.',
    async ({ driver, machine }) => {
      const back = new Uint8Array(3);
      const [, product] = await machine.together<number | void>([
        () => driver.write(0, Uint8Array.of(1, 2, 3)),
        () => driver.factorial(6),
        () => driver.read(0, back),
      ]);
      mustBe('6!, and the bytes', [720, 1, 2, 3], [product, ...back]);
    },
  ),
];

const removeChecks: readonly Check<EduPart>[] = [
  check(
    'remove/gives-back',
    'Dma, Memory, Irq: what is taken is given back',
    'After remove it holds no mapping, no memory and no interrupt.',
    async ({ driver, machine }) => {
      await driver.write(0, pattern(16));
      driver.remove();
      mustBe('what is held', [], machine.borrowed.held);
      mustBe(
        'whether memory was freed while it was mapped',
        false,
        machine.borrowed.freedWhileMapped,
      );
    },
  ),
  check(
    'remove/as-found',
    'COMMAND, PCI Express Base 6.0 §7.5.1.1.3',
    'After remove the function may not reach memory, as it was found.',
    async ({ driver, machine }) => {
      driver.remove();
      mustBe('BUS_MASTER', 0, machine.command & BUS_MASTER.mask);
    },
  ),
];

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
