/** A transport on a function that does what a check says, and what is asked of both. */
import { NO_VECTOR, type0Header, type QueueSetup, type VirtioTransport } from '@doorbell/abi';
import { TestFunction, type Where } from '@doorbell/pv-frontend/testing';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';
import type { TransportPart } from '../part.ts';

const { COMMAND } = type0Header.rows;
/** More than 32 bits of address. */
export const setup: QueueSetup = {
  size: 8,
  descriptors: 0x1_2345_6000,
  driver: 0x7000,
  device: 0x8000,
};
/** A vector for the configuration, and one for each of two queues. */
export const VECTORS = 3;

export function check(
  section: string,
  name: string,
  title: string,
  run: Check<TransportPart>['run'],
): Check<TransportPart> {
  return { id: `virtio-1.3/${section}/${name}`, clause: `VIRTIO 1.3 §${section}`, title, run };
}

export interface Opened {
  readonly fn: TestFunction;
  readonly transport: VirtioTransport;
}

export function open(
  { open }: TransportPart,
  vectors = VECTORS,
  structures?: readonly Where[],
): Opened {
  const fn = new TestFunction(vectors, structures);
  return { fn, transport: open(fn.port) };
}

/** With a function that has MSI-X, taken in hand. */
export function opened(
  section: string,
  name: string,
  title: string,
  body: (opened: Opened) => Promise<void>,
): Check<TransportPart> {
  return check(section, name, title, (part) => body(open(part)));
}

export async function mustReject(what: string, attempt: () => Promise<unknown>): Promise<void> {
  let outcome: string;
  try {
    outcome = `it resolved: ${String(await attempt())}`;
  } catch {
    return;
  }
  throw new Mismatch(`an error: ${what}`, outcome);
}

/** Probing fails, and the function is as it was found. */
export function mustRefuse(part: TransportPart, what: string, fn: TestFunction): void {
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
export function vectorsOf({ writes }: TestFunction): {
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
export async function handlersOf({ transport }: Opened): Promise<string[]> {
  const told: string[] = [];
  transport.onConfigChange(() => told.push('config'));
  for (const queue of [0, 1]) {
    await transport.enableQueue(queue, setup, () => told.push(`queue ${queue}`));
  }
  return told;
}

/** Of a write as the function notes it. */
export function nameAndValue(write: string): readonly [string, number] {
  const [name, value] = write.split(' ');
  return [name, Number(value)];
}
