/** What the driver's half of a virtio transport is checked for: by a function that does what a check says, and on the stack pv. */
import { NO_VECTOR, type0Header } from '@doorbell/abi';
import { Bench } from '../check/bench.ts';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import { Borrowed } from '../driver/borrowed.ts';
import { sceneChecks } from '../gpu/checks.ts';
import { ownParts, type TransportPart } from '../part.ts';
import { check, handlersOf, open, vectorsOf, VECTORS } from './opened.ts';
import { interruptChecks, queueChecks } from './queue-checks.ts';
import { findingChecks, initChecks } from './register-checks.ts';

const { COMMAND } = type0Header.rows;
const { MEMORY, BUS_MASTER } = COMMAND.bits;
/** Of the MSI-X capability's CONTROL. */
const MSIX_ENABLE = 0x8000;

const endChecks: readonly Check<TransportPart>[] = [
  check(
    '4.1.5.1.2.1',
    'after-reset',
    'A reset takes vectors back; they are given anew afterwards, as often as one likes.',
    async (part) => {
      const own = open(part);
      for (let round = 0; round < 2; round++) {
        const told = await handlersOf(own);
        own.fn.signal(vectorsOf(own.fn).queues.at(-1) ?? NO_VECTOR);
        mustBe('who is told by the vector of queue 1', ['queue 1'], told);
        await own.transport.writeStatus(0);
        mustBe('messages that are held after a reset', 0, own.fn.handlers.size);
      }
    },
  ),
  ...[VECTORS, 0].map((vectors) =>
    check(
      '3.3.1',
      vectors > 0 ? 'release' : 'release-line',
      `After release nothing of the function is held: no interrupts, and it may not reach memory${vectors > 0 ? '' : ', without MSI-X too'}.`,
      async (part) => {
        const own = open(part, vectors);
        await handlersOf(own);
        await own.transport.writeStatus(0);
        own.transport.release();
        const { fn } = own;
        mustBe('messages', 0, fn.handlers.size);
        mustBe('whether the line is held', false, fn.line !== undefined);
        mustBe('COMMAND', 0, fn.config.read(COMMAND.offset, 2) & (MEMORY.mask | BUS_MASTER.mask));
        mustBe('MSI-X', 0, vectors > 0 ? fn.config.read(fn.msix + 2, 2) & MSIX_ENABLE : 0);
      },
    ),
  ),
  {
    id: 'transport/driver/gives-back',
    clause: 'VirtioTransport.release',
    title: 'On a machine, its driver holds no interrupt and no memory after remove.',
    run: async (part, bench) => {
      let borrowed: Borrowed | undefined;
      const handed: TransportPart = {
        ...part,
        open: (device) => part.open((borrowed = new Borrowed(device)).device),
      };
      await bench.frame('pv:transport=own', ownParts(handed), 'triangle');
      mustBe('what is held', [], borrowed?.held);
    },
  },
  {
    id: 'transport/notify/once',
    clause: 'VirtioTransport.notify',
    title:
      'A frame takes as many notifications as it takes everywhere: none is lost, none is sent twice.',
    run: async (part, bench) => {
      const kicks = async (on: Bench, stack: string, of?: TransportPart): Promise<unknown> => {
        await on.frame(stack, of === undefined ? {} : ownParts(of), 'triangle');
        return on.recording?.report?.counts.kicks;
      };
      const expected = await kicks(new Bench(bench.environment), 'pv');
      mustBe('kicks', expected, await kicks(bench, 'pv:transport=own', part));
    },
  },
];

export const transportChecks: readonly Check<TransportPart>[] = [
  ...findingChecks,
  ...initChecks,
  ...queueChecks,
  ...interruptChecks,
  ...endChecks,
  ...['', ':ring=packed', ':notify=interrupt'].flatMap((options) =>
    sceneChecks<TransportPart>({ stack: `pv:transport=own${options}`, own: ownParts }, [
      'triangle',
    ]).map((each) => ({ ...each, id: `${each.id}${options.replace(/:.*=/, '/')}` })),
  ),
  ...sceneChecks<TransportPart>({ stack: 'pv:transport=own', own: ownParts }, ['image', 'bunny']),
];
