/** What was done for each call of the application, as CSV (RFC 4180): one row per call. */
import { exitReasons } from '@doorbell/hypervisor';
import type { RecordedRequest, Recording } from './recording.ts';
import { requestCounts, requestsOf } from './requests.ts';

const header = [
  ...['stack', 'guest', 'request', 'call', 'event', 'virtualNs'],
  ...requestCounts,
  ...exitReasons.map((reason) => `exit:${reason}`),
];

interface Counted extends Pick<Recording, 'events'> {
  readonly request: Pick<RecordedRequest, 'stack'>;
}

/** Request 0 is what was done before the first call, or for none. */
export function countsCsv(recordings: readonly Counted[]): string {
  const rows = recordings.flatMap(({ request: { stack }, events }) =>
    requestsOf(events).map(({ guest, request, call, first, virtualNs, counts }) => [
      ...[stack, guest, request, call, first, virtualNs],
      ...requestCounts.map((name) => counts[name]),
      ...exitReasons.map((reason) => counts.exitsByReason[reason]),
    ]),
  );
  return [header, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
