/**
 * What can be said of a recorded peer in the place of an explanation: nobody knows what its driver
 * waits for, but what was refused and what was never answered is there.
 */
import type { TraceEvent } from '@doorbell/hypervisor';
import { commandName, responseName } from './event-name.ts';
import { wordsOf, type PeerRecording } from './recording.ts';

interface PeerFindings {
  readonly commands: number;
  /** Answered with an error, in the order of time. */
  readonly refused: readonly RefusedCommand[];
  /** Not answered when the recording ended. */
  readonly open: readonly TraceEvent[];
  /** The device needed a reset. */
  readonly failures: readonly TraceEvent[];
}

interface RefusedCommand {
  readonly command: TraceEvent;
  readonly response: string;
}

function peerFindings({ events }: PeerRecording): PeerFindings {
  const open = new Map<number, TraceEvent>();
  const refused: RefusedCommand[] = [];
  const failures: TraceEvent[] = [];
  let commands = 0;
  for (const event of events) {
    if (event.kind === 'command') {
      commands++;
      open.set(event.id, event);
    } else if (event.kind === 'used') {
      const command = open.get(event.cause);
      const response = responseName(event.c) ?? '';
      open.delete(event.cause);
      if (command !== undefined && response.startsWith('ERR_')) {
        refused.push({ command, response });
      }
    } else if (event.kind === 'needsReset') {
      failures.push(event);
    }
  }
  return { commands, refused, open: [...open.values()], failures };
}

/** In lines: what there is to say, the first of each kind in full. */
export function peerAccount(recording: PeerRecording): readonly string[] {
  const { commands, refused, open, failures } = peerFindings(recording);
  const { events } = recording;
  const seconds = events.count === 0 ? 0 : events.at(events.count).time / 1e9;
  const named = (event: TraceEvent): string =>
    `event ${event.id}, ${wordsOf(recording, event.id) ?? commandName(event.a)}`;
  return [
    'It is a real machine: what its driver waits for was not watched.',
    `Recorded: ${events.count} events in ${seconds.toFixed(1)} s of wall-clock time${commands === 0 ? '' : `, ${commands} commands`}.`,
    ...refused
      .slice(0, 1)
      .map(
        ({ command, response }) =>
          `Refused: ${refused.length}. First ${named(command)}: ${response}.`,
      ),
    ...open.slice(0, 1).map((event) => `Not answered: ${open.length}. First ${named(event)}.`),
    ...failures
      .slice(0, 1)
      .map(
        ({ id }) =>
          `The device needed a reset: ${failures.length} times. First event ${id}: ${wordsOf(recording, id) ?? 'for no reason that it gave'}`,
      ),
    ...(commands > 0 && refused.length + open.length + failures.length === 0
      ? ['Every command was answered, and none refused.']
      : []),
  ];
}
