/** What `doorbell explain` says of a real peer's trace: nobody watched it, but what it did is there. */
import { peerAccount, type PeerRecording } from '@doorbell/lab';
import { wrap } from '@doorbell/lab/text';
import { MOST_COLUMNS } from './explain-text.ts';
import type { Terminal } from './terminal.ts';

export function peerText(recording: PeerRecording, { colors, columns }: Terminal): string {
  const { name, system } = recording.peer;
  const width = Math.min(columns, MOST_COLUMNS);
  const title = [name, system].filter((each) => each !== '').join(', ');
  return [
    `${title}: ${colors.yellow('not watched')}`,
    ...peerAccount(recording).map((line) => wrap(line, width, '  ')),
  ].join('\n');
}

export interface ExplainedPeer {
  readonly peer: string;
  readonly system: string;
  /** Nobody knows. */
  readonly stuck: null;
  readonly causes: readonly [];
  readonly error: string | null;
  /** What it did, in sentences. */
  readonly account: readonly string[];
}

export function peerReport(recording: PeerRecording): ExplainedPeer {
  const { peer, error } = recording;
  return {
    ...{ peer: peer.name, system: peer.system, stuck: null, causes: [], error: error ?? null },
    account: peerAccount(recording),
  };
}
