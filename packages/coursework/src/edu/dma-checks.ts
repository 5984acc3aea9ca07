/** Moving bytes to the device's buffer and back. */
import { eduBuffer } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { EduPart } from '../part.ts';
import { check, MOST_ACCESSES, mustBeAtMost, mustRefuse, pattern } from './check.ts';
import { EduMachine } from './edu-machine.ts';

/** A transfer takes 100 ms. */
const LONGEST_NS = 150_000_000;

export const dmaChecks: readonly Check<EduPart>[] = [
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
      const [, product] = await machine.together<unknown>([
        () => driver.write(0, Uint8Array.of(1, 2, 3)),
        () => driver.factorial(6),
        () => driver.read(0, back),
      ]);
      mustBe('6!, and the bytes', [720, 1, 2, 3], [product, ...back]);
    },
  ),
];
