/**
 * Popek and Goldberg, Formal Requirements for Virtualizable Third Generation Architectures (CACM 17:7,
 * 1974), for the GPU of a stack: whether every sensitive access traps, or needs not, because what
 * the hardware has there is this guest's alone.
 */
import type { Profile } from '@doorbell/hypervisor';
import type { Environment } from '../environment.ts';
import { InputError } from '../input-error.ts';
import { runStack } from '../run.ts';
import { scenes } from '../scenes/index.ts';
import { elsewhere, type StackSpec } from '../stack-spec.ts';
import type { Stack } from '../stacks/stack.ts';
import { type Access, type AccessClass, accessClasses, classOf, ownership } from './access.ts';
import { inventory } from './inventory.ts';
import { GuestReach } from './reach.ts';

export interface StackSensitivity {
  readonly id: string;
  /** Null: there is no guest. */
  readonly holds: boolean | null;
  /** The part has no other user: what the guest does to it is done to nobody. */
  readonly wholePart: boolean;
  readonly accesses: Readonly<Record<AccessClass, number>>;
  readonly registers: readonly Access[];
  /** In a few sentences. */
  readonly reads: string;
}

export interface SensitivityRequest {
  readonly stacks: readonly StackSpec[];
  readonly profile: Profile;
  /** Gives the part the register that breaks the condition. */
  readonly leaky: boolean;
}

/** Assembles each stack, and looks while its driver is at work. @throws InputError */
export async function sensitivity(
  { stacks, profile, leaky }: SensitivityRequest,
  environment: Environment,
): Promise<readonly StackSensitivity[]> {
  const found: StackSensitivity[] = [];
  for (const spec of stacks) {
    found.push(await stackSensitivity(spec, { profile, leaky }, environment));
  }
  return found;
}

async function stackSensitivity(
  spec: StackSpec,
  { profile, leaky }: Pick<SensitivityRequest, 'profile' | 'leaky'>,
  environment: Environment,
): Promise<StackSensitivity> {
  const away = elsewhere(spec);
  if (away !== undefined) {
    throw new InputError(
      `With ${away.because} no guest is on this machine, so there is nothing to look at: ${away.mend}.`,
    );
  }
  let stack: Stack | undefined;
  let found: StackSensitivity | undefined;
  await runStack(
    {
      ...{ spec, profile, scene: scenes.get('nop')! },
      context: { width: 64, height: 48, frames: 1, seed: 1 },
      onStack: (assembled) => {
        stack = assembled;
        if (leaky) {
          stack.bells.forEach((bell) => {
            bell.addLeakyRegister();
          });
        }
      },
      // The driver has its channel by now.
      onFrame: () => {
        found ??= lookAt(spec.id, stack!, leaky);
      },
    },
    environment,
  );
  return found!;
}

/** What a guest whose driver is at work may do. */
export function lookAt(id: string, stack: Stack, leaky: boolean): StackSensitivity {
  const hasGuest = stack.guests[0].vm !== undefined;
  const guest = new GuestReach(stack);
  const registers = hasGuest ? inventory(guest, leaky) : [];
  const accesses = Object.fromEntries(
    Object.keys(accessClasses).map((name) => [
      name,
      registers.filter((access) => classOf(access) === name).length,
    ]),
  ) as Record<AccessClass, number>;
  const holds = hasGuest ? accesses.violating === 0 : null;
  const wholePart = hasGuest && guest.hasWholePart;
  const counted = { id, holds, wholePart, accesses, registers };
  return { ...counted, reads: readingOf(counted) };
}

function readingOf({ holds, accesses, registers }: Omit<StackSensitivity, 'reads'>): string {
  if (holds === null) {
    return 'There is no virtual machine: nobody is to be kept from anything, so the theorem says nothing.';
  }
  const of = (wanted: AccessClass): readonly Access[] =>
    registers.filter((access) => classOf(access) === wanted);
  const { trapped, own, timing, violating } = accesses;
  const sentences = [
    `${trapped} of ${trapped + own + timing + violating} sensitive accesses trap.`,
  ];
  for (const [owner, why] of Object.entries(ownership)) {
    const count = of('own').filter(({ because }) => because === owner).length;
    if (count > 0) {
      sentences.push(`${direct(count)} the guest’s own: ${why}.`);
    }
  }
  if (timing > 0) {
    sentences.push(`${direct(timing)} one clock of all: the theorem excepts timing.`);
  }
  sentences.push(
    ...of('violating').map(
      (access) =>
        `A ${access.access} of ${access.name}, at ${placeText(access)}, is direct and shared with others.`,
    ),
    holds ? 'The condition holds.' : 'The condition does not hold.',
  );
  return sentences.join(' ');
}

function direct(count: number): string {
  return count === 1 ? '1 is direct, and' : `${count} are direct, and`;
}

/** `BAR0+0x0010`, `config 0x004`, `opcode 0x05`. */
export function placeText({ space, bar, offset }: Access): string {
  const hex = (digits: number): string => offset.toString(16).padStart(digits, '0');
  return space === 'bar'
    ? `BAR${bar}+0x${hex(4)}`
    : space === 'config'
      ? `config 0x${hex(3)}`
      : `opcode 0x${hex(2)}`;
}
