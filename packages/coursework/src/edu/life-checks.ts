/** Taking edu in hand, and letting go of it. */
import { headerRows } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { EduPart } from '../part.ts';
import { check, pattern } from './check.ts';
import { EduMachine, type EduMachineOptions } from './edu-machine.ts';

const { BUS_MASTER, MEMORY } = headerRows.COMMAND.bits;

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

export const probeChecks: readonly Check<EduPart>[] = [
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

export const removeChecks: readonly Check<EduPart>[] = [
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
