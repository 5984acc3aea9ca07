/** One command on its way: what its handler needs besides the command's own fields. */
import type { GpuCommand, GpuCommandName } from '@doorbell/abi';
import type { IsWanted } from '../guest-memory.ts';
import type { Reply } from './reply.ts';
import type { Session } from './session.ts';

export interface Call {
  readonly session: Session;
  /** What follows the fixed part: entries, or a command stream. */
  readonly rest: Uint8Array;
  /** Whether the driver still waits: its memory is not reached otherwise. */
  readonly isWanted: IsWanted;
}

/** @throws Refusal, GpuError */
export type Handler<N extends GpuCommandName> = (
  call: Call,
  command: GpuCommand<N>,
) => Reply | Promise<Reply>;
