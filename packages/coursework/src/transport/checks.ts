/** What the driver's half of a virtio transport is checked for: by a function that does what a check says, and on the stack pv. */
import {
  NO_VECTOR,
  type0Header,
  virtioPciCaps,
  type QueueSetup,
  type VirtioTransport,
} from '@doorbell/abi';
import { TestFunction, type Where } from '@doorbell/pv-frontend/testing';
import { Bench } from '../check/bench.ts';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';
import { Borrowed } from '../driver/borrowed.ts';
import { sceneChecks } from '../gpu/checks.ts';
import { ownParts, type TransportPart } from '../part.ts';

const { COMMAND, DEVICE_ID, VENDOR_ID } = type0Header.rows;
const { MEMORY, BUS_MASTER } = COMMAND.bits;
/** Of the MSI-X capability's CONTROL: ENABLE; FUNCTION_MASK is below it. */
const MSIX_ENABLE = 0x8000;
/** More than 32 bits of address. */
const setup: QueueSetup = { size: 8, descriptors: 0x1_2345_6000, driver: 0x7000, device: 0x8000 };
/** What that is in the registers of queue 1. */
const registers: Readonly<Record<string, number>> = {
  ...{ QUEUE_SELECT: 1, QUEUE_SIZE: 8, QUEUE_DESC_LO: 0x2345_6000, QUEUE_DESC_HI: 1 },
  ...{ QUEUE_DRIVER_LO: 0x7000, QUEUE_DRIVER_HI: 0, QUEUE_DEVICE_LO: 0x8000, QUEUE_DEVICE_HI: 0 },
};
/** A vector for the configuration, and one for each of two queues. */
const VECTORS = 3;

function check(
  section: string,
  name: string,
  title: string,
  run: Check<TransportPart>['run'],
): Check<TransportPart> {
  return { id: `virtio-1.3/${section}/${name}`, clause: `VIRTIO 1.3 §${section}`, title, run };
}

interface Opened {
  readonly fn: TestFunction;
  readonly transport: VirtioTransport;
}

function open({ open }: TransportPart, vectors = VECTORS, structures?: readonly Where[]): Opened {
  const fn = new TestFunction(vectors, structures);
  return { fn, transport: open(fn.port) };
}

/** With a function that has MSI-X, taken in hand. */
function opened(
  section: string,
  name: string,
  title: string,
  body: (opened: Opened) => Promise<void>,
): Check<TransportPart> {
  return check(section, name, title, (part) => body(open(part)));
}

async function mustReject(what: string, attempt: () => Promise<unknown>): Promise<void> {
  let outcome: string;
  try {
    outcome = `it resolved: ${String(await attempt())}`;
  } catch {
    return;
  }
  throw new Mismatch(`an error: ${what}`, outcome);
}

/** Probing fails, and the function is as it was found. */
function mustRefuse(part: TransportPart, what: string, fn: TestFunction): void {
  let isOpen = true;
  try {
    part.open(fn.port);
  } catch {
    isOpen = false;
  }
  const command = fn.config.read(COMMAND.offset, 2);
  mustBe(`whether ${what} is taken, and COMMAND`, [false, 0], [isOpen, command]);
}

/** Which vectors the driver has given, as the device was told. */
function vectorsOf({ writes }: TestFunction): {
  readonly config: number;
  readonly queues: readonly number[];
} {
  const given = (register: string): readonly number[] =>
    writes
      .filter((write) => write.startsWith(register))
      .map((write) => Number(write.split(' ')[1]));
  return {
    config: given('CONFIG_MSIX_VECTOR').at(-1) ?? NO_VECTOR,
    queues: given('QUEUE_MSIX_VECTOR'),
  };
}

/** Who was told, in order. */
async function handlersOf({ transport }: Opened): Promise<string[]> {
  const told: string[] = [];
  transport.onConfigChange(() => told.push('config'));
  for (const queue of [0, 1]) {
    await transport.enableQueue(queue, setup, () => told.push(`queue ${queue}`));
  }
  return told;
}

const findingChecks: readonly Check<TransportPart>[] = [
  check(
    '4.1.2',
    'ids',
    'A function of another vendor, or a transitional one, is refused.',
    (part) => {
      const other = new TestFunction(VECTORS);
      other.config.write(VENDOR_ID.offset, 2, 0x8086);
      mustRefuse(part, 'a function of vendor 8086h', other);
      const transitional = new TestFunction(VECTORS);
      transitional.config.write(DEVICE_ID.offset, 2, 0x1010);
      mustRefuse(part, 'device 1010h', transitional);
    },
  ),
  opened(
    '4.1.2',
    'device-id',
    'The kind of device is what its PCI device id says, less 1040h.',
    async ({ transport }) => {
      mustBe('deviceId', 16, transport.deviceId);
    },
  ),
  opened(
    '4.1.4.1',
    'first-of-a-kind',
    'Of each kind of structure the first is used; unknown kinds and reserved BARs are ignored.',
    async ({ fn, transport }) => {
      await transport.writeStatus(1);
      mustBe('DEVICE_STATUS in the first common structure', 1, fn.common.get('DEVICE_STATUS'));
    },
  ),
  check(
    '4.1.4.1',
    'lacks-a-structure',
    'A function that lacks a structure, or has an empty one or one beyond its BAR, is refused.',
    (part) => {
      const without = TestFunction.structures.filter(({ kind }) => kind !== virtioPciCaps.NOTIFY);
      mustRefuse(part, 'one without a notification structure', new TestFunction(VECTORS, without));
      const beyond = TestFunction.structures.map((where) =>
        where.kind === virtioPciCaps.COMMON ? { ...where, offset: 0x3fff } : where,
      );
      mustRefuse(part, 'one with a structure beyond its BAR', new TestFunction(VECTORS, beyond));
      const empty = TestFunction.structures.map((where) =>
        where.kind === virtioPciCaps.ISR ? { ...where, length: 0 } : where,
      );
      mustRefuse(part, 'one with a structure of no bytes', new TestFunction(VECTORS, empty));
    },
  ),
];

const initChecks: readonly Check<TransportPart>[] = [
  opened(
    '2.1',
    'status',
    'The status that is written is the one that is read.',
    async ({ transport }) => {
      await transport.writeStatus(3);
      mustBe('the status', 3, await transport.readStatus());
    },
  ),
  opened(
    '4.1.4.3.2',
    'reset-waits',
    'A reset is over when the device reads 0, and not before.',
    async ({ fn, transport }) => {
      fn.looksToReset = 5;
      await transport.writeStatus(0);
      mustBe('what the device reads then', 0, fn.common.read(0x14, 1));
    },
  ),
  opened(
    '4.1.4.3.2',
    'reset-gives-up',
    'A device that never reads 0 after a reset is an error, not a wait for ever.',
    async ({ fn, transport }) => {
      fn.looksToReset = Infinity;
      await mustReject('the device does not come out of its reset', () => transport.writeStatus(0));
    },
  ),
  opened(
    '4.1.4.3',
    'device-features',
    'Features are read by halves, low and high.',
    async ({ transport }) => {
      mustBe('features', '130000003', (await transport.deviceFeatures()).toString(16));
    },
  ),
  opened(
    '4.1.4.3',
    'driver-features',
    'Features are written by halves, each behind its selection; all of them before it resolves.',
    async ({ fn, transport }) => {
      await transport.setDriverFeatures(0x1_20000001n);
      mustBe('halves', '0:20000001 1:1', halvesOf(fn.features));
    },
  ),
  opened(
    '2.5.1',
    'one-generation',
    'A configuration that changes while it is read is read again.',
    async ({ fn, transport }) => {
      fn.changes = (reads) => {
        if (reads === 1) {
          fn.generation++;
          fn.deviceConfig.write(0, 4, 2);
          fn.deviceConfig.write(4, 4, 2);
        }
      };
      fn.deviceConfig.write(0, 4, 1);
      fn.deviceConfig.write(4, 4, 1);
      const read = await transport.readConfig(0, 8);
      mustBe('both words', [2, 2], [read[0], read[4]]);
    },
  ),
  opened(
    '2.5.1',
    'never-still',
    'A configuration whose generation never stays is an error, not a loop for ever.',
    async ({ fn, transport }) => {
      fn.changes = () => {
        fn.generation++;
      };
      await mustReject('the configuration never stands still', () => transport.readConfig(0, 4));
    },
  ),
  opened(
    '4.1.3.1',
    'config-widths',
    'Fields of 32 bits are read by 32 bits, at their place; what is before and behind byte by byte.',
    async ({ fn, transport }) => {
      fn.deviceConfig.write(8, 4, 0x0403_0201);
      const read = await transport.readConfig(6, 6);
      mustBe('bytes', [0, 0, 1, 2, 3, 4], [...read]);
      const reads = [
        [6, 1],
        [7, 1],
        [8, 4],
      ];
      mustBe('reads, as offset and width', reads, fn.configReads);
    },
  ),
  opened(
    '4.1.4.6',
    'config-write',
    'Bytes that are written to the configuration are there.',
    async ({ fn, transport }) => {
      await transport.writeConfig(4, Uint8Array.of(1, 2, 3, 4, 5));
      mustBe(
        'a word and a byte',
        [0x0403_0201, 5],
        [fn.deviceConfig.read(4, 4), fn.deviceConfig.read(8, 1)],
      );
    },
  ),
  opened(
    '4.1.4.6',
    'config-end',
    'Nothing beyond the structure is read or written.',
    async ({ transport }) => {
      await mustReject('beyond its configuration', () => transport.readConfig(0xfe, 4));
      await mustReject('beyond its configuration', () =>
        transport.writeConfig(0xfe, new Uint8Array(4)),
      );
    },
  ),
];

const queueChecks: readonly Check<TransportPart>[] = [
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

const interruptChecks: readonly Check<TransportPart>[] = [
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
      mustBe('MSI-X is on', MSIX_ENABLE, own.fn.config.read(own.fn.msix + 2, 2) & 0xc000);
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

/** Of a write as the function notes it. */
function nameAndValue(write: string): readonly [string, number] {
  const [name, value] = write.split(' ');
  return [name, Number(value)];
}

function halvesOf(written: readonly (readonly number[])[]): string {
  return [...written]
    .sort(([one], [other]) => one - other)
    .map(([half, value]) => `${half}:${value.toString(16)}`)
    .join(' ');
}
