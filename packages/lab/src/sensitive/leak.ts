/**
 * What a register that breaks the condition gives away: two guests on one GPU, each with a virtual
 * function and an unmodified driver. One works on a secret; the other reads one word beside its own
 * doorbell, again and again.
 */
import { CommandEncoder, bellBars, leakyRegisters, type0Header } from '@doorbell/abi';
import { probeBell } from '@doorbell/guest-driver';
import { totalExits, type Profile, type Vm } from '@doorbell/hypervisor';
import { Random } from '../random.ts';
import { GUEST_GPU } from '../stacks/stack.ts';
import { sriovGuests } from './sriov-guests.ts';

const SECRET_WORDS = 8;
/** How often all of it is used. */
const ROUNDS = 4;
const RAM_BYTES = 16 << 20;
/** Between two looks. */
const LOOK_NS = 50;
const { LAST_WORD } = leakyRegisters.rows;
const { COMMAND } = type0Header.rows;
/** The driver's fences count from 1: no secret, and in the way of one. */
const LARGEST_FENCE = 0xffff;

export interface LeakRequest {
  readonly profile: Profile;
  /** Whether the part has the register. */
  readonly leaky: boolean;
  readonly seed: number;
}

export interface Leak {
  readonly secret: Uint8Array;
  /** The secret's bytes as the other guest has put them together; undefined where it saw none. */
  readonly seen: readonly (number | undefined)[];
  /** How often it looked, and how many exits that took. */
  readonly reads: number;
  readonly exits: number;
  /** What it read: a BAR of its function, and an offset. */
  readonly bar: number;
  readonly offset: number;
}

/** Random bytes that no fence counts up to. */
export function secretBytes(seed: number): Uint8Array {
  const random = new Random(seed);
  const words = Uint32Array.from({ length: SECRET_WORDS }, () => random.next() | 0x8000_0000);
  return new Uint8Array(words.buffer);
}

export async function runLeak({ profile, leaky, seed }: LeakRequest): Promise<Leak> {
  const { host, vms } = sriovGuests({ profile, leaky, guests: 2, ramBytes: RAM_BYTES });
  const [owner, spy] = vms;
  const secret = secretBytes(seed);
  const { tasks } = host.machine;
  let isOver = false;
  let looks: Looks | undefined;
  tasks.spawn(owner.computer.parts.cpu, async () => {
    await workOn(secret, owner);
    isOver = true;
  });
  tasks.spawn(spy.computer.parts.cpu, async () => {
    looks = await look(spy, () => isOver);
  });
  await tasks.run();
  const { words, reads, exits } = looks!;
  return {
    ...{ secret, seen: inPlace(words, secret), reads, exits },
    ...{ bar: bellBars.DOORBELLS.index, offset: LAST_WORD.offset },
  };
}

/** An application that has a secret in a buffer and uses it word by word, as a cipher does its key. */
async function workOn(secret: Uint8Array, { computer }: Vm): Promise<void> {
  const driver = await probeBell(computer.device(GUEST_GPU));
  const gpu = await driver.open();
  const key = await gpu.createBuffer(secret.length, 'device');
  const work = await gpu.createBuffer(secret.length, 'device');
  await gpu.write(key, 0, secret);
  for (let done = 0; done < ROUNDS * secret.length; done += 4) {
    const at = done % secret.length;
    const commands = new CommandEncoder().copy({
      ...{ dst: { handle: work.handle, offset: at }, dstStride: 4 },
      ...{ src: { handle: key.handle, offset: at }, srcStride: 4, rowBytes: 4, rows: 1 },
    });
    await gpu.wait(await gpu.submit(commands.finish()));
  }
  await gpu.close();
  driver.remove();
}

interface Looks {
  /** Different ones, in the order in which they came. */
  readonly words: readonly number[];
  readonly reads: number;
  readonly exits: number;
}

/** The other guest needs no driver for this: only that its function decodes its BARs. */
async function look({ computer }: Vm, isOver: () => boolean): Promise<Looks> {
  const device = computer.device(GUEST_GPU);
  const { config, clock } = device;
  config.write(COMMAND.offset, COMMAND.width, COMMAND.bits.MEMORY.mask);
  const page = device.mapBar(bellBars.DOORBELLS.index);
  const { counts } = computer.parts.machine;
  const words = new Set<number>();
  let reads = 0;
  let exits = 0;
  while (!isOver()) {
    const before = totalExits(counts);
    words.add(page.read(LAST_WORD.offset, LAST_WORD.width));
    exits += totalExits(counts) - before;
    reads++;
    await clock.sleep(LOOK_NS);
  }
  return { words: [...words], reads, exits };
}

/** What the spy takes for the secret, where the secret has it: it cannot know the gaps, the reader can. */
function inPlace(words: readonly number[], secret: Uint8Array): readonly (number | undefined)[] {
  const taken = new Set(words.filter((word) => word > LARGEST_FENCE));
  const view = new DataView(secret.buffer, secret.byteOffset, secret.byteLength);
  return Array.from(secret, (byte, at) =>
    taken.has(view.getUint32(at - (at % 4), true)) ? byte : undefined,
  );
}
