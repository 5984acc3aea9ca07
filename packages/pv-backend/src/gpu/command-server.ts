/**
 * Serves chains of the queues: takes a command, copies it, checks it, does it, answers it. One
 * task does this for all queues; fenced commands whose work goes on are answered by another.
 */
import {
  type Chain,
  ctrlHeader,
  type GpuError,
  gpuFlags,
  gpuQueues,
  type GpuResponseName,
  type Trace,
  virtioGpuFeatures,
} from '@doorbell/abi';
import type { GuestMemory } from '../guest-memory.ts';
import type { LiveQueue } from '../live-queue.ts';
import { Request } from '../request.ts';
import type { CommandFollower } from './command-follower.ts';
import { type Command, decodeCommand } from './command-table.ts';
import type { Tally } from './counts.ts';
import type { FenceQueue } from './fence-queue.ts';
import type { Limits } from './limits.ts';
import { type ErrorResponse, refusalOf } from './refusal.ts';
import { answer, type CommandHeader, isFenced, type Reply, reply } from './reply.ts';
import type { Session } from './session.ts';

export interface CommandServerParts {
  readonly memory: GuestMemory;
  readonly limits: Limits;
  readonly fences: FenceQueue;
  readonly trace: Trace;
  readonly follower: CommandFollower | undefined;
  readonly tally: Tally;
  /** The device can go on no more. */
  readonly onLost: (queue: number, why: string) => void;
}

export class CommandServer {
  private readonly parts: CommandServerParts;

  constructor(parts: CommandServerParts) {
    this.parts = parts;
  }

  /** What was returned before is shown to the driver only if this has to wait for the renderer. */
  async serve(session: Session, queue: LiveQueue, chain: Chain): Promise<void> {
    const { memory, limits, tally, follower } = this.parts;
    tally.chains++;
    follower?.taken(queue.index, chain.id);
    const request = new Request(queue, chain);
    const fits = request.readable <= limits.commandBytes;
    const bytes = await request.fetch(memory, fits ? request.readable : ctrlHeader.size);
    if (bytes === undefined) {
      this.lost(queue, 'The device cannot read a buffer that a descriptor refers to.');
      return;
    }
    if (bytes.length < ctrlHeader.size) {
      tally.errors++;
      await this.respond(request, undefined, reply('ERR_INVALID_PARAMETER'));
      return;
    }
    const header = headerOf(session, bytes);
    const result = fits
      ? await this.execute(session, queue, header, bytes)
      : this.refused('ERR_OUT_OF_MEMORY');
    if (result !== undefined) {
      await this.finish(session, request, header, result);
    }
  }

  // ------------------------------------------------------------------------------ the command

  /** Undefined: the renderer is lost, and the device with it. */
  private async execute(
    session: Session,
    queue: LiveQueue,
    { type, ctx_id }: CommandHeader,
    bytes: Uint8Array,
  ): Promise<Reply | undefined> {
    const { trace, follower } = this.parts;
    follower?.sent(bytes);
    const has = (feature: number): boolean => session.has(feature);
    const command = decodeCommand(type, queue.index, has, bytes);
    if (typeof command === 'string') {
      trace.event('command', type, ctx_id);
      return this.refused(command);
    }
    trace.event('command', type, command.subject);
    this.count(command);
    if (command.waits) {
      queue.publish();
    }
    try {
      return await command.run({ session, isWanted: () => queue.isAlive });
    } catch (error) {
      const response = refusalOf(error);
      if (response === undefined) {
        this.lost(queue, 'The renderer is lost.');
        return undefined;
      }
      return this.refused(response);
    }
  }

  private count({ name }: Command): void {
    const { commands } = this.parts.tally;
    commands[name] = (commands[name] ?? 0) + 1;
  }

  private refused(response: ErrorResponse): Reply {
    this.parts.tally.errors++;
    return reply(response);
  }

  private lost({ index, isAlive }: LiveQueue, why: string): void {
    if (isAlive) {
      this.parts.onLost(index, why);
    }
  }

  // ------------------------------------------------------------------------------ the response

  /** §5.7.6.7: a fenced command is answered when its work is over. */
  private async finish(
    session: Session,
    request: Request,
    header: CommandHeader,
    result: Reply,
  ): Promise<void> {
    const { fences } = this.parts;
    const fence = result.work ?? session.lastWork;
    const isFencedCommand = isFenced(header) && request.queue.index === gpuQueues.CONTROL;
    if (!isFencedCommand || fences.isOver(fence)) {
      await this.respond(request, header, result);
      return;
    }
    const complete = async (error: GpuError | undefined): Promise<void> => {
      const outcome = this.outcome(request.queue, result, error);
      if (outcome !== undefined) {
        await this.respond(request, header, outcome);
      }
    };
    fences.add({ queue: request.queue, fence, complete });
  }

  /** What became of the work: an error is the command's whose work it was. */
  private outcome(queue: LiveQueue, result: Reply, error: GpuError | undefined): Reply | undefined {
    if (error === undefined) {
      return result;
    }
    const response: GpuResponseName | undefined = refusalOf(error);
    if (response === undefined) {
      this.lost(queue, 'The renderer is lost.');
      return undefined;
    }
    return result.work === undefined ? result : this.refused(response);
  }

  /** Writes the response and returns the chain. The cursor queue has no responses, as in QEMU. */
  private async respond(
    request: Request,
    header: CommandHeader | undefined,
    result: Reply,
  ): Promise<void> {
    const { queue, id } = request;
    const { memory, follower } = this.parts;
    const bytes = queue.index === gpuQueues.CONTROL ? answer(result, header) : new Uint8Array();
    const store = (): Promise<number | undefined> => request.store(memory, bytes);
    const written = await (follower?.answering(queue.index, id, store) ?? store());
    if (written === undefined) {
      this.lost(queue, 'The device cannot write a buffer that a descriptor refers to.');
    } else if (queue.isAlive) {
      follower?.answered(queue.index, id, result.type);
      queue.put(id, written);
    }
  }
}

/** §5.7.6.7: rings are of contexts that were negotiated; without them, the flag means nothing. */
function headerOf(session: Session, bytes: Uint8Array): CommandHeader {
  const header = ctrlHeader.decode(bytes);
  if (!session.has(virtioGpuFeatures.CONTEXT_INIT)) {
    header.flags &= ~gpuFlags.INFO_RING_IDX;
  }
  return header;
}
