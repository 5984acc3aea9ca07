/** A session with a device: from its probe to its reset. */
import { deviceStatus, GpuError, type GpuFeatures, type VirtioTransport } from '@doorbell/abi';
import { readChannelFeatures, readFeatures } from './capset.ts';
import type { CommandQueue } from './command-queue.ts';
import type { FrontendOptions, FrontendParts } from './options.ts';
import { type Session, takeInHand } from './probe.ts';
import type { Request } from './requests.ts';
import type { Undo } from './undo.ts';
import type { Waiting } from './waiting.ts';

/** How often a device may say nothing for a second while it has work. */
const MOST_SILENCES = 10;

/** Takes a device in hand. `undo` gives it back. @throws ProbeError, GpuError */
export async function startSession(
  transport: VirtioTransport,
  parts: FrontendParts,
  options: FrontendOptions,
  waiting: Waiting,
  undo: Undo,
): Promise<{ readonly session: Session; readonly features: GpuFeatures }> {
  const session = await takeInHand(transport, parts, options, waiting, undo);
  const asking = (request: Request): Promise<Uint8Array> =>
    ask(transport, session, waiting, request);
  if (options.channels !== true) {
    return { session, features: await readFeatures(session, asking) };
  }
  const { features, vectors } = await readChannelFeatures(session, asking);
  session.channelVectors = vectors;
  return { session, features };
}

/** A command and its response, while nobody else uses the device. @throws GpuError */
async function ask(
  transport: VirtioTransport,
  { control }: Session,
  waiting: Waiting,
  request: Request,
): Promise<Uint8Array> {
  const answer = answerTo(control, request);
  let silences = 0;
  while (!answer.over) {
    const heard = await waiting.pause(() => answer.over, 'dependency');
    silences += heard ? 0 : 1;
    waiting.attention = false; // what comes while one looks is looked at next
    const error = control.broken ?? (await lossOf(transport, silences));
    if (error !== undefined) {
      throw error;
    }
  }
  return claim(answer);
}

interface Answer {
  over: boolean;
  response: Uint8Array | undefined;
  error: GpuError | undefined;
}

/** Gives a queue a command whose response somebody waits for. */
export function answerTo(queue: CommandQueue, request: Request): Answer {
  const answer: Answer = { over: false, response: undefined, error: undefined };
  queue.enqueue({
    make: () => request,
    begun: () => {},
    done: (response, error) => {
      Object.assign(answer, { over: true, response, error });
    },
  });
  return answer;
}

/** What was answered; nothing by the cursor queue. @throws GpuError */
export function claim({ response, error }: Answer): Uint8Array {
  if (error !== undefined) {
    throw error;
  }
  return response ?? new Uint8Array();
}

/** Why the device is of no more use, as its status or its silence says. */
export async function lossOf(
  transport: VirtioTransport,
  silences: number,
): Promise<GpuError | undefined> {
  const { DEVICE_NEEDS_RESET, DRIVER_OK } = deviceStatus;
  const status = await transport.readStatus();
  if ((status & DEVICE_NEEDS_RESET) !== 0) {
    return new GpuError('lost', 'virtio-gpu: the device needs a reset.');
  }
  if ((status & DRIVER_OK) === 0) {
    return new GpuError('lost', 'virtio-gpu: the device was reset by somebody else.');
  }
  return silences < MOST_SILENCES
    ? undefined
    : new GpuError('lost', 'virtio-gpu: the device does not answer.');
}
