/** A part that the user wrote, for `--with`. */
import {
  askedParts,
  needOwn,
  OWN,
  type AskedPart,
  type OwnParts,
  type Recording,
  type StackSpec,
} from '@doorbell/lab';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';

/** @throws InputError when there is none, or it is no part; Failure when no stack has such a part. */
export async function loadOwn(folder: string): Promise<OwnParts> {
  // The bundler is loaded for whoever has something to bundle.
  const { loadPart } = await import('@doorbell/coursework/node');
  const { ownParts } = await import('@doorbell/coursework');
  const { part } = await loadPart(folder);
  const own = ownParts(part);
  if (Object.keys(own).length === 0) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `'${folder}' is of the kind ${part.kind}, which no stack has: 'doorbell check' tries it by itself.`,
    );
  }
  return own;
}

/** Recordings from a file, with what a file does not hold. @throws InputError */
export async function withOwn(
  recordings: readonly Recording[],
  folder: string | undefined,
): Promise<readonly Recording[]> {
  if (folder === undefined) {
    return recordings;
  }
  const own = await loadOwn(folder);
  return recordings.map((each) => (each.peer === undefined ? { ...each, own } : each));
}

/** Halves of virtqueues are used wherever a stack has a queue of their layout. */
const layouts = {
  queue: 'split',
  packedQueue: 'packed',
  driverQueue: 'split',
  packedDriverQueue: 'packed',
} as const;
const halves = Object.keys(layouts) as readonly (keyof typeof layouts)[];

/**
 * What stacks take of the part in a folder; undefined: no folder was given.
 * @throws InputError when a stack asks for what is not there; Failure when none asks for what is.
 */
export async function ownFor(
  stacks: readonly StackSpec[],
  folder: string | undefined,
): Promise<OwnParts | undefined> {
  const own = folder === undefined ? undefined : await loadOwn(folder);
  for (const what of Object.keys(askedParts) as readonly AskedPart[]) {
    const asking = askedParts[what].options.filter((option) =>
      stacks.some(({ options }) => options[option] === OWN),
    );
    if (asking.length > 0) {
      needOwn(own, what, asking[0]);
    } else if (own?.[what] !== undefined) {
      const { options, words } = askedParts[what];
      throw new Failure(
        exitCodes.BAD_INPUT,
        `None of the stacks has '${folder}', which is ${words}: ask for it with ${options.map((option) => `${option}=${OWN}`).join(' or ')}.`,
      );
    }
  }
  for (const half of halves) {
    const ring = layouts[half];
    if (own?.[half] !== undefined && !stacks.some(({ options }) => options.ring === ring)) {
      throw new Failure(
        exitCodes.BAD_INPUT,
        `None of the stacks has a ${ring} virtqueue, as '${folder}' is for: give pv:ring=${ring}.`,
      );
    }
  }
  return own;
}
