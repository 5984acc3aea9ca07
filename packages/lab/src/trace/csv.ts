/**
 * What was done for each call of the application, as CSV (RFC 4180): one row per call. Of a real peer
 * one per command, whose time is the wall's.
 */
import { exitReasons } from '@doorbell/hypervisor';
import {
  recordingName,
  type PeerRecording,
  type RecordedRequest,
  type RunRecording,
} from './recording.ts';
import { requestCounts, requestsOf } from './requests.ts';

const header = (ns: 'virtualNs' | 'wallNs'): readonly string[] => [
  ...['stack', 'guest', 'request', 'call', 'event', ns],
  ...requestCounts,
  ...exitReasons.map((reason) => `exit:${reason}`),
];

interface CountedRun extends Pick<RunRecording, 'events' | 'peer'> {
  readonly request: Pick<RecordedRequest, 'stack'>;
}
type Counted = CountedRun | Pick<PeerRecording, 'events' | 'peer'>;

/** Request 0 is what was done before the first call, or for none. */
export function countsCsv(recordings: readonly Counted[]): string {
  const isWall = recordings.every(({ peer }) => peer !== undefined);
  const rows = recordings.flatMap((recording) =>
    requestsOf(recording.events).map(({ guest, request, call, first, virtualNs, counts }) => [
      ...[recordingName(recording), guest, request, call, first, virtualNs],
      ...requestCounts.map((name) => counts[name]),
      ...exitReasons.map((reason) => counts.exitsByReason[reason]),
    ]),
  );
  return [header(isWall ? 'wallNs' : 'virtualNs'), ...rows]
    .map((row) => `${row.map(field).join(',')}\r\n`)
    .join('');
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
