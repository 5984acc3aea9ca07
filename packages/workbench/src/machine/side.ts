/** What the page is told of a recording, once. */
import { nothingSaid, parseStacks, peerAccount, type Recording } from '@doorbell/lab';
import type { Side } from './contract.ts';

export function sideOf(recording: Recording): Side {
  const { events, source, error } = recording;
  const recorded = { columns: events.save(), lines: source?.lines ?? [], error };
  if (recording.peer !== undefined) {
    const { name, system } = recording.peer;
    return {
      ...{ name, term: system, scene: '', guests: 1, ...recorded },
      ...{ report: undefined, explanation: nothingSaid, account: peerAccount(recording) },
    };
  }
  const { request, report, explanation } = recording;
  const [{ kind }] = parseStacks(request.stack);
  return {
    ...{ name: request.stack, term: kind.term, scene: request.scene },
    ...{ guests: request.guests?.length ?? 1, ...recorded, report, explanation },
  };
}
