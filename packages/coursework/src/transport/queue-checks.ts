/** Queues, their notifications and their interrupts: VIRTIO 1.3 §4.1.4.3, §4.1.5. */
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { TransportPart } from '../part.ts';
import {
  check,
  handlersOf,
  mustReject,
  nameAndValue,
  open,
  opened,
  setup,
  vectorsOf,
} from './opened.ts';

/** Of the MSI-X capability's CONTROL: FUNCTION_MASK and ENABLE. */
const MSIX_BITS = 0xc000;
const MSIX_ENABLE = 0x8000;
/** What `setup` is in the registers of queue 1. */
const registers: Readonly<Record<string, number>> = {
  ...{ QUEUE_SELECT: 1, QUEUE_SIZE: 8, QUEUE_DESC_LO: 0x2345_6000, QUEUE_DESC_HI: 1 },
  ...{ QUEUE_DRIVER_LO: 0x7000, QUEUE_DRIVER_HI: 0, QUEUE_DEVICE_LO: 0x8000, QUEUE_DEVICE_HI: 0 },
};

export const queueChecks: readonly Check<TransportPart>[] = [
  opened(
    '4.1.5.1.3',
    'sizes',
    'The largest size of a queue; 0 for one that there is not.',
    async ({ transport }) => {
      mustBe('sizes', [64, 0], [await transport.maxQueueSize(0), await transport.maxQueueSize(2)]);
    },
  ),
  opened(
    '4.1.4.3.2',
    'enabled-last',
    'All else of a queue is written before QUEUE_ENABLE, and 64 bits by halves.',
    async ({ fn, transport }) => {
      await transport.enableQueue(1, setup, () => {});
      const last = fn.writes.at(-1);
      mustBe('the last write', 'QUEUE_ENABLE 1', last);
      const written = new Map(fn.writes.map((write) => nameAndValue(write)));
      for (const [register, value] of Object.entries(registers)) {
        mustBe(register, value, written.get(register));
      }
    },
  ),
  opened(
    '4.1.5.2',
    'notify',
    'A queue is notified at its place, with its index, by 16 bits: once for each call.',
    async ({ fn, transport }) => {
      await transport.enableQueue(0, setup, () => {});
      await transport.enableQueue(1, setup, () => {});
      transport.notify(1);
      transport.notify(0);
      transport.notify(1);
      mustBe(
        'offset, width, value',
        [
          [4, 2, 1],
          [0, 2, 0],
          [4, 2, 1],
        ],
        fn.notified,
      );
    },
  ),
  opened(
    '4.1.4.4.2',
    'notify-within',
    'A place beyond the notification structure is refused.',
    async ({ fn, transport }) => {
      fn.notifyOff = 0x1000;
      await mustReject('queue 1 is notified beyond the structure', () =>
        transport.enableQueue(1, setup, () => {}),
      );
    },
  ),
];

export const interruptChecks: readonly Check<TransportPart>[] = [
  check(
    '4.1.5.1.2',
    'vectors',
    'The configuration and each queue have a vector, and its handler alone runs.',
    async (part) => {
      const own = open(part);
      const told = await handlersOf(own);
      const { config, queues } = vectorsOf(own.fn);
      [config, ...queues].forEach((vector) => {
        own.fn.signal(vector);
      });
      mustBe('who is told', ['config', 'queue 0', 'queue 1'], told);
      mustBe('MSI-X is on', MSIX_ENABLE, own.fn.config.read(own.fn.msix + 2, 2) & MSIX_BITS);
    },
  ),
  check(
    '4.1.5.1.2',
    'few-vectors',
    'With fewer vectors than queues, queues share one: none of them goes without.',
    async (part) => {
      const own = open(part, 2);
      const told = await handlersOf(own);
      const { config, queues } = vectorsOf(own.fn);
      new Set([config, ...queues]).forEach((vector) => {
        own.fn.signal(vector);
      });
      const missing = ['config', 'queue 0', 'queue 1'].filter((who) => !told.includes(who));
      mustBe('who is not told', [], missing);
    },
  ),
  opened(
    '4.1.5.1.2.2',
    'vector-refused',
    'A vector that the device does not take is noticed.',
    async ({ fn, transport }) => {
      fn.vectorLimit = 0;
      await mustReject('the device has no vector for queue 0', () =>
        transport.enableQueue(0, setup, () => {}),
      );
    },
  ),
  check(
    '4.1.5.4',
    'line',
    'Without MSI-X the ISR tells what the line is for: read once.',
    async (part) => {
      const own = open(part, 0);
      const told = await handlersOf(own);
      own.fn.isr = 2;
      own.fn.line?.();
      mustBe('who is told of a configuration change', ['config'], told.splice(0));
      own.fn.isr = 3;
      own.fn.line?.();
      const missing = ['config', 'queue 0', 'queue 1'].filter((who) => !told.includes(who));
      mustBe('who is not told of both', [], missing);
      told.splice(0);
      own.fn.line?.();
      mustBe('who is told when it is not for us', [], told);
    },
  ),
];
